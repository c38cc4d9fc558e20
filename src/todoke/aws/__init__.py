"""todoke on AWS: `functions` is what runs there, `deploy` what brings it there."""
