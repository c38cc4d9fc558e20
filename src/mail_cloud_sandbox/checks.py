"""What mail clients will make of a mail, as far as its contents tell. Small checks that are true; pure.

Each says what it saw and why that matters. They are no score: a mail without findings may still look odd somewhere, and
what a client supports changes. Sizes: Gmail clips a message whose HTML is over 102 kB, and leaves out a style element
of more than 16 kB.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from urllib.parse import unquote

from mail_cloud_sandbox.html_survey import Survey, survey
from mail_cloud_sandbox.links import Link, links_of
from mail_cloud_sandbox.words import Words

BAD, WARN, NOTE = "bad", "warn", "note"
GMAIL_CLIPS_BYTES = 102 * 1024
GMAIL_STYLE_CHARACTERS = 16_384

_ACTIVE = ("script", "iframe", "object", "embed", "applet", "frame", "frameset")
_MEDIA = ("video", "audio", "canvas", "svg")
_CONTROLS = ("form", "input", "button", "select", "textarea")
_REMOTE_CSS = re.compile(r"@import\b|url\(\s*['\"]?\s*(?:https?:)?//", re.IGNORECASE)
_LAYOUT_CSS = re.compile(
    r"\b(?:display\s*:\s*(?:inline-)?(?:flex|grid)|position\s*:\s*(?:absolute|fixed|sticky))\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a check saw: bad (it will fail), warn (in some clients), or note."""

    level: str
    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Report:
    """All that the checks say of a mail."""

    findings: tuple[Finding, ...]
    links: tuple[Link, ...]


def check(
    *, text: str, html: str, header_names: Sequence[str], content_ids: Set[str] = frozenset()
) -> Report:
    """Check a mail; `header_names` are those of its fields, in small letters, `content_ids` those of its files."""
    seen = survey(html) if html else None
    findings = [*_parts(text, html, header_names)]
    if seen is not None:
        findings += [
            *_reading(seen),
            *_images(seen, content_ids),
            *_unsupported(seen),
            *_styles(seen),
        ]
    order = {BAD: 0, WARN: 1, NOTE: 2}
    findings.sort(key=lambda finding: order[finding.level])
    return Report(tuple(findings), links_of(text, seen.anchors if seen else ()))


def _parts(text: str, html: str, header_names: Sequence[str]) -> Iterable[Finding]:
    if not text:
        yield Finding(
            BAD,
            "There is no text part.",
            "Watches, text readers and many filters want one beside the HTML.",
        )
    size = len(html.encode("utf-8", "replace"))
    if size > GMAIL_CLIPS_BYTES:
        yield Finding(
            BAD,
            Words("The HTML has {n} kB.", n=format(size / 1024, ",.0f")),
            "Gmail clips what is over 102 kB, and the end is not seen.",
        )
    if "list-unsubscribe" not in header_names:
        yield Finding(
            NOTE,
            "There is no List-Unsubscribe field.",
            "Newsletters need it, with List-Unsubscribe-Post (RFC 8058); an answer to one person does not.",
        )
    elif "list-unsubscribe-post" not in header_names:
        yield Finding(
            WARN,
            "List-Unsubscribe comes without List-Unsubscribe-Post.",
            "Gmail and Yahoo want unsubscribing by one click of bulk senders (RFC 8058).",
        )


def _reading(seen: Survey) -> Iterable[Finding]:
    if not seen.lang:
        yield Finding(
            WARN,
            "The html element has no lang.",
            "Screen readers guess the language, and pick a wrong voice.",
        )
    if seen.images_without_alt:
        yield Finding(
            BAD,
            Words("Images without alt: {n}.", n=seen.images_without_alt),
            "Where images are blocked nothing is left of them, and screen readers spell the address."
            ' alt="" if it is for looks.',
        )
    if not seen.has_viewport:
        yield Finding(
            NOTE, "There is no viewport.", "Some phones show the mail as wide as a desk's and tiny."
        )


def _images(seen: Survey, content_ids: Set[str]) -> Iterable[Finding]:
    kinds = [src.partition(":")[0].lower() if ":" in src else "" for src in seen.images]
    remote = sum(
        kind in {"http", "https"} or src.startswith("//")
        for kind, src in zip(kinds, seen.images, strict=True)
    )
    if remote:
        yield Finding(
            WARN,
            Words("Remote images: {n}.", n=remote),
            "Many clients load them only when asked to, and they tell the sender who opened the mail.",
        )
    if kinds.count("http"):
        yield Finding(
            WARN,
            Words("Images by http: {n}.", n=kinds.count("http")),
            "They are not encrypted; clients may not show them.",
        )
    if kinds.count("data"):
        yield Finding(
            WARN,
            Words("Images as data: addresses: {n}.", n=kinds.count("data")),
            "Gmail and Outlook do not show them.",
        )
    named = [
        unquote(src[4:]) in content_ids
        for kind, src in zip(kinds, seen.images, strict=True)
        if kind == "cid"
    ]
    if shown := sum(named):
        yield Finding(
            WARN,
            Words("Images that came along, by cid: {n}.", n=shown),
            "The interface documents no way to give a file a Content-ID: the real service may not pass it on.",
        )
    if lost := len(named) - shown:
        yield Finding(
            BAD,
            Words("Images by cid: {n}.", n=lost),
            "No file of the mail has that Content-ID, so there is nothing to show.",
        )
    if relative := sum(
        not kind and not src.startswith("//") for kind, src in zip(kinds, seen.images, strict=True)
    ):
        yield Finding(
            BAD,
            Words("Images without a whole address: {n}.", n=relative),
            "In a mail there is nothing to be relative to.",
        )


def _unsupported(seen: Survey) -> Iterable[Finding]:
    if named := _named(seen, _ACTIVE):
        yield Finding(
            BAD,
            Words("Scripts, frames or plug-ins: {named}.", named=named),
            "Every client removes them, and filters mistrust them.",
        )
    if seen.handlers:
        yield Finding(
            BAD,
            Words("Attributes that start scripts (onclick ...): {n}.", n=seen.handlers),
            "Every client removes them.",
        )
    if named := _named(seen, _CONTROLS):
        yield Finding(
            BAD,
            Words("Controls of a form: {named}.", named=named),
            "Most clients remove or disable them: link to a page instead.",
        )
    if named := _named(seen, _MEDIA):
        yield Finding(
            WARN,
            Words("Drawings, sound or film: {named}.", named=named),
            "Gmail and Outlook show none of these: give an image or a link.",
        )


def _styles(seen: Survey) -> Iterable[Finding]:
    if seen.stylesheets:
        yield Finding(
            BAD,
            Words("Linked style sheets: {n}.", n=seen.stylesheets),
            "Gmail and Outlook do not load them.",
        )
    if _REMOTE_CSS.search(seen.css):
        yield Finding(
            WARN,
            "The styles load something remote.",
            "Imports, fonts and backgrounds are dropped by many clients.",
        )
    if len(seen.css) > GMAIL_STYLE_CHARACTERS:
        yield Finding(
            WARN,
            Words("The styles have {n} characters.", n=format(len(seen.css), ",")),
            "Gmail drops a style element of more than 16 kB.",
        )
    if _LAYOUT_CSS.search(seen.css):
        yield Finding(
            WARN,
            "The layout uses flex, grid or position.",
            "Outlook for Windows lays out without them: see that it reads well so.",
        )


def _named(seen: Survey, names: Sequence[str]) -> str:
    return ", ".join(f"{name} ({seen.elements[name]})" for name in names if seen.elements[name])
