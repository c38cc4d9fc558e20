"""How a submission was sent, as far as it says who sent it; and which signals that gives.

Of what is not known nothing is held against anybody. No value proves anything: a program can send what a browser sends.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

import msgspec

from todoke.model.captcha import CaptchaVerdict
from todoke.model.signal import (
    CAPTCHA,
    DISGUISED,
    FORGED_LOAD,
    LISTED,
    NO_CAPTCHA,
    NO_WORK,
    OTHER_PAGE,
    PROGRAM,
    TOO_FAST,
    WORK,
    Signal,
)

LEAST_SECONDS = 2.0
"""Nobody reads a page, fills in its form and sends it in less, with the help of a browser or without."""


class Agent(Enum):
    """What the sender calls itself."""

    BROWSER = "browser"
    PROGRAM = "program"
    """Something else than a browser, or nothing at all."""


class PageOwner(Enum):
    """Which page the form stood on, as the browser says."""

    UNKNOWN = "unknown"
    OWN = "own"
    OTHER = "other"


class ProofOfWork(Enum):
    """What came of a proof of work."""

    NOT_ASKED = "not_asked"
    MISSING = "missing"
    """Asked for, and none came, or none that counts."""
    DONE = "done"


class Circumstances(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one sending.

    `has_browsers_fields`: its header fields are those that browsers send with each form. `loaded_before` is how many
    seconds before the page was loaded, None where that is not known; `is_load_forged`: it states a time that is none.
    `is_listed`: a reputation list has the address.
    """

    agent: Agent = Agent.BROWSER
    has_browsers_fields: bool = True
    page: PageOwner = PageOwner.UNKNOWN
    loaded_before: float | None = None
    is_load_forged: bool = False
    work: ProofOfWork = ProofOfWork.NOT_ASKED
    captcha: CaptchaVerdict = CaptchaVerdict.UNKNOWN
    is_listed: bool = False


UNKNOWN = Circumstances()


def of_sending(known: Circumstances) -> Iterator[Signal]:
    """The signals of the circumstances."""
    if known.agent is Agent.PROGRAM:
        yield PROGRAM
    elif not known.has_browsers_fields:
        yield DISGUISED
    if known.page is PageOwner.OTHER:
        yield OTHER_PAGE
    if known.loaded_before is not None and known.loaded_before < LEAST_SECONDS:
        yield TOO_FAST
    if known.is_load_forged:
        yield FORGED_LOAD
    if known.is_listed:
        yield LISTED
    yield from _of_proofs(known)


def _of_proofs(known: Circumstances) -> Iterator[Signal]:
    """One signal for and one against at most: who has no JavaScript brings neither a proof of work nor a captcha."""
    if known.work is ProofOfWork.DONE:
        yield WORK
    elif known.captcha is CaptchaVerdict.SOLVED:
        yield CAPTCHA
    if known.work is ProofOfWork.MISSING:
        yield NO_WORK
    elif known.captcha is CaptchaVerdict.MISSING:
        yield NO_CAPTCHA
