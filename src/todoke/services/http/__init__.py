"""HTTP as every mail service with an API needs it."""
