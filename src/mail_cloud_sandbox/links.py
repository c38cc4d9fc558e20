"""The links of a mail: where each leads, what it says, and what about that is doubtful. Pure; nothing is asked for.

A link is text first of all: whoever reads it believes the words, and the address is what counts.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urlsplit

from mail_cloud_sandbox.html_survey import Anchor
from mail_cloud_sandbox.words import N_, Words

MOST_LINKS = 200
WEB_ADDRESS = re.compile(
    r"(https?://[^\s<>\"'、。「」『』（）【】]+[^\s<>\"'、。「」『』（）【】.,;:!?)])"
)
"""A web address in plain text, without the punctuation after it, Japanese or not."""

_DEAD = frozenset({"javascript", "vbscript", "data", "file", "blob", "about"})
_SAYS_HOST = re.compile(
    r"(?:https?://)?(?:[^\s/@]+@)?((?:[\w-]+\.)+[a-z]{2,24})(?::\d+)?(?:[/?#].*)?", re.IGNORECASE
)
_SAYS_ADDRESS = re.compile(r"[^\s@]+@[^\s@]+\.[a-z]{2,24}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Link:
    """A link with the part it stands in (text or html), and a sentence for each doubt about it."""

    part: str
    words: str
    target: str
    doubts: tuple[str, ...]

    @property
    def is_web(self) -> bool:
        """Whether it is one that could be asked for."""
        return self.target.lower().startswith(("http://", "https://"))


def links_of(text: str, anchors: Sequence[Anchor]) -> tuple[Link, ...]:
    """The links of both parts in their order, each once; MOST_LINKS at most."""
    found = [Link("text", url, url, tuple(_doubts(url, url))) for url in WEB_ADDRESS.findall(text)]
    found += [
        Link("html", a.words[:500], a.target[:2000], tuple(_doubts(a.words, a.target)))
        for a in anchors
    ]
    return tuple(dict.fromkeys(found))[:MOST_LINKS]


def _doubts(words: str, target: str) -> Iterable[str]:
    if not words:
        yield N_("It has no words: a screen reader has nothing to read out.")
    try:
        parts = urlsplit(target)
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        yield N_("This is no address: nothing opens.")
        return
    if parts.scheme in _DEAD:
        yield Words("Mail clients do not open {scheme}: links.", scheme=parts.scheme)
    elif parts.scheme == "mailto":
        yield from _doubts_of_address(words, parts)
    elif not parts.scheme and not target.startswith("#"):
        yield N_(
            "It has no scheme and host: in a mail there is nothing that it could be relative to."
        )
    elif parts.scheme in {"http", "https"}:
        yield from _doubts_of_web(words, parts, host)


def _doubts_of_address(words: str, parts: SplitResult) -> Iterable[str]:
    address = unquote(parts.path).strip().casefold()
    if _SAYS_ADDRESS.fullmatch(words) and words.casefold() != address:
        yield Words("It says {words} and writes to {address}.", words=words, address=address)


def _doubts_of_web(words: str, parts: SplitResult, host: str) -> Iterable[str]:
    said = _SAYS_HOST.fullmatch(words)
    if said and _bare(said[1]) != _bare(host):
        yield Words(
            "It says {words} and leads to {host}: that is how phishing looks.",
            words=said[1],
            host=host or "–",
        )
    if parts.scheme == "http":
        yield N_("It is not encrypted: http, not https.")
    if _is_address(host):
        yield N_("Its host is a number, not a name: filters take that for spam.")
    if host == "localhost" or host.endswith(".localhost"):
        yield N_("It leads to the reader's own machine.")
    if "@" in parts.netloc:
        yield N_("It has a name before an @, which hides where it leads to.")
    if not host.isascii() or host.startswith("xn--") or ".xn--" in host:
        yield N_("Its host has letters beyond ASCII, which can look like others.")


def _bare(host: str) -> str:
    return host.casefold().removeprefix("www.")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
