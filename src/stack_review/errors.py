"""What can go wrong with a review; each message says what, where, and what to do."""

from __future__ import annotations


class ReviewError(Exception):
    """The review could not be made."""


class InputError(ReviewError):
    """What was given to review is wrong: a template, its parameters, a region, credentials, the stack's state."""


class AwsError(ReviewError):
    """AWS refused a call; the message has its own words."""
