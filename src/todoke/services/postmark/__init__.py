"""Postmark (docs/services/postmark.md)."""
