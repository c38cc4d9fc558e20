"""Posts notices to webhooks: over HTTP, and to no address that is not of the public internet unless that is allowed."""
