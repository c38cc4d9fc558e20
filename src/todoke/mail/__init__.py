"""A message becomes a mail."""
