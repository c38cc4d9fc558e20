"""Hand over what is due."""
