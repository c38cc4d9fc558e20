"""What templates see: frozen values, and of strangers' text only what is inert."""

from __future__ import annotations

from dataclasses import dataclass

from todoke.mail.inert import Inert
from todoke.mail.templates import View

_NOTHING = Inert("")


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteView(View):
    """What templates see of the site."""

    name: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FormView(View):
    """What templates see of the form. `subject` is confirmation.subject, "" for ours."""

    name: str
    title: str
    page_url: str
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerView(View):
    """One field's answers, with a `note` on what could not be shown ("" for none)."""

    name: Inert
    label: Inert
    text: Inert
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitorView(View):
    """Who wrote, as far as the answers say; each may be "". `message` is how their message begins."""

    name: Inert = _NOTHING
    telephone: Inert = _NOTHING
    address: Inert = _NOTHING
    message: Inert = _NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class FileView(View):
    """A file that came with the submission. `facts` is its type and size."""

    name: Inert
    facts: Inert
