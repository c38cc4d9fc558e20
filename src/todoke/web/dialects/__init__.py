"""Dialects: how clients of other products for forms ask, and in which words they understand an answer."""
