"""What of a submission speaks against it: its answers, and the circumstances of its sending. Pure."""
