"""Large files: offered a place in the bucket, taken with a submission, tidied away."""
