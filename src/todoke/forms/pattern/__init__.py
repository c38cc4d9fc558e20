"""The pattern attribute: an ECMAScript pattern, as browsers read it, in Python's words."""
