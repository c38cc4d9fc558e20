"""Amazon SES (docs/services/ses.md)."""
