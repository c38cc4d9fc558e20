"""What webhooks are told: which notices a fact makes, and how each is told until it was taken."""
