"""Deploying to AWS: a change is reviewed before it happens (docs/aws-review.md)."""
