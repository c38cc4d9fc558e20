"""People by an OpenID provider (OpenID Connect Core 1.0): the code flow, with PKCE. Knows nothing of the desk."""
