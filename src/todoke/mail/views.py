"""What templates see: frozen values, and of strangers' text only what is inert."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from todoke.mail.inert import Inert
from todoke.model.colour import WHITE, readable, text_on
from todoke.model.form import Site

_NOTHING = Inert("")
DARK = "#1b2228"
"""What our HTML stands on where the reader prefers dark (texts/base.html)."""


class View:
    """Base of the values that templates see: frozen data, so the sandbox need not ask about each attribute."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteView(View):
    """What templates see of the site, and its colours, `#rrggbb`.

    `accent` is a background on which text is to be `on_accent`; `link` and `link_dark` are read on white and on dark.
    """

    name: str
    url: str
    accent: str
    on_accent: str
    link: str
    link_dark: str


@cache
def view_site(site: Site) -> SiteView:
    """What templates see of `site`."""
    return SiteView(
        name=site.name,
        url=site.url,
        accent=site.accent,
        on_accent=text_on(site.accent),
        link=readable(site.accent, WHITE),
        link_dark=readable(site.accent, DARK),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FormView(View):
    """What templates see of the form. `subject` is confirmation.subject, "" for ours.

    `lang` is the language tag of its title where that is another than the mail's, "" where it is the same.
    """

    name: str
    title: str
    page_url: str
    subject: str
    lang: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerView(View):
    """One field's answers, with a `note` on what could not be shown ("" for none). `lang` is its label's, see form."""

    name: Inert
    label: Inert
    text: Inert
    note: str
    lang: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitorView(View):
    """Who wrote, as far as the answers say; each may be "". `message` is how their message begins."""

    name: Inert = _NOTHING
    telephone: Inert = _NOTHING
    address: Inert = _NOTHING
    topic: Inert = _NOTHING
    message: Inert = _NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class FileView(View):
    """A file that came with the submission. `facts` is its type and size, `attached` whether the mail carries it."""

    name: Inert
    facts: Inert
    attached: bool = False
