"""Reads an HTML page into the rules of its form."""
