"""The site's logo: a picture that pages of ours show beside what they say."""

from __future__ import annotations

from dataclasses import dataclass, field

SVG = "image/svg+xml"


@dataclass(frozen=True, slots=True)
class Logo:
    """A picture, as the site owner's file holds it. `media_type` is by its content, not by its name."""

    media_type: str
    content: bytes = field(repr=False)
