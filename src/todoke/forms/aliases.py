"""What forms written for other products call our control fields, by dialect: the one table of aliases. Pure.

A dialect is known by the form's setting, by the address, or by a key in what is sent; where none is known none of these
names has a meaning, for "subject" is an honest question. How a dialect answers is not known here.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from types import MappingProxyType


class Sense(StrEnum):
    """What a name says in a dialect."""

    NEXT = "where to go after the form"
    LANGUAGE = "the language to answer in"
    SUBJECT = "what the mail to the managers is about"
    REPLY_TO = "the visitor's own address"
    TRAP = "a trap for programs"
    KEY = "which form it is"
    CAPTCHA = "the token of a captcha"
    NOT_OBEYED = "what a stranger could write as well, so it is not obeyed"


_Names = Mapping[Sense, tuple[str, ...]]

_EVERYWHERE: _Names = {
    Sense.NEXT: ("_next",),
    Sense.LANGUAGE: ("_language",),
    Sense.TRAP: ("_gotcha", "_honey", "_honeypot"),
    Sense.CAPTCHA: (
        "g-recaptcha-response",
        "recaptcha_response",
        "h-captcha-response",
        "cf-turnstile-response",
        "altcha",
    ),
    Sense.NOT_OBEYED: (
        "_to",
        "_emailTo",
        "_cc",
        "_bcc",
        "_autoresponse",
        "_webhook",
        "_template",
    ),
}

_TABLE: Mapping[str, _Names] = {
    "basin": {},
    "formbackend": {},
    "formcarry": {},
    "formspark": {
        Sense.NEXT: ("_redirect",),
        Sense.LANGUAGE: ("_feedback.language",),
        Sense.SUBJECT: ("_email.subject",),
        Sense.REPLY_TO: ("_replyto", "_email.replyto", "mail"),
        Sense.NOT_OBEYED: (
            "_error",
            "_append",
            "_email.from",
            "_email.template.title",
            "_email.template.footer",
            "_feedback.whitelabel",
            "_feedback.dark",
            "_feedback.success.title",
            "_feedback.success.message",
            "_feedback.error.title",
            "_feedback.error.message",
        ),
    },
    "formspree": {
        Sense.SUBJECT: ("_subject",),
        Sense.REPLY_TO: ("_replyto",),
        Sense.NOT_OBEYED: ("_format", "_host_nonce"),
    },
    "formsubmit": {
        Sense.SUBJECT: ("_subject",),
        Sense.REPLY_TO: ("_replyto",),
        Sense.NOT_OBEYED: ("_captcha", "_blacklist", "_url"),
    },
    "getform": {Sense.REPLY_TO: ("fi-sender-email",)},
    "netlify": {
        Sense.KEY: ("form-name",),
        Sense.SUBJECT: ("subject",),
        Sense.TRAP: ("bot-field",),
    },
    "staticforms": {
        Sense.KEY: ("accessKey", "apiKey"),
        Sense.NEXT: ("redirectTo",),
        Sense.SUBJECT: ("subject",),
        Sense.REPLY_TO: ("replyTo",),
        Sense.TRAP: ("honeypot",),
    },
    "web3forms": {
        Sense.KEY: ("access_key", "apikey"),
        Sense.NEXT: ("redirect",),
        Sense.SUBJECT: ("subject",),
        Sense.REPLY_TO: ("replyto",),
        Sense.TRAP: ("botcheck",),
        Sense.NOT_OBEYED: ("from_name", "ccemail", "webhook"),
    },
}

NAMES = tuple(_TABLE)
"""The dialects."""


@cache
def senses(dialect: str) -> Mapping[str, Sense]:
    """Each name that has a meaning in this dialect; none where it is ""."""
    if not dialect:
        return MappingProxyType({})
    rows = (_EVERYWHERE, _TABLE[dialect])
    return MappingProxyType({n: said for row in rows for said, names in row.items() for n in names})


@cache
def names_of(dialect: str, sense: Sense) -> tuple[str, ...]:
    """The names of this sense, in the order in which the first that is there counts."""
    return tuple(name for name, said in senses(dialect).items() if said is sense)
