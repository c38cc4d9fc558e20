"""Signals: what speaks against a submission, how much each weighs, and why it counts. Values; nothing is found here.

A submission is kept for review where its signals weigh as much as the threshold together. None weighs so much alone.
"""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from todoke.model.language import N_

THRESHOLD = 8
LEAST_THRESHOLD = 6
"""More than any signal weighs: none decides alone."""


class Signal(msgspec.Struct, frozen=True, kw_only=True):
    """One of them: `name` is what a submission keeps, `why` is a sentence for people."""

    name: str
    weight: int
    why: str


TRAP = Signal(
    name="trap_filled",
    weight=5,
    why=N_(
        "A field that people do not see is filled in: programs do that, and now and then a browser."
    ),
)
WEBSITE = Signal(
    name="website_filled",
    weight=1,
    why=N_(
        "A field for a website is filled in: many pages have one as a trap, and browsers fill it in."
    ),
)
PROGRAM = Signal(
    name="program",
    weight=3,
    why=N_("A program sent it, and no browser: so it says itself."),
)
DISGUISED = Signal(
    name="disguised",
    weight=4,
    why=N_("What sent it calls itself a browser, and left out what browsers send."),
)
OTHER_PAGE = Signal(
    name="other_page",
    weight=3,
    why=N_("It came from a page that is not of this site."),
)
TOO_FAST = Signal(
    name="too_fast",
    weight=4,
    why=N_("It was sent within two seconds after the page was loaded."),
)
FORGED_LOAD = Signal(
    name="forged_load",
    weight=3,
    why=N_("What says when the page was loaded is not ours."),
)
BBCODE = Signal(
    name="bbcode",
    weight=5,
    why=N_("It has links in the markup of forums, which means nothing here."),
)
HTML_LINK = Signal(
    name="html_link",
    weight=4,
    why=N_("It has links written in HTML, which people seldom type."),
)
MANY_LINKS = Signal(
    name="many_links",
    weight=3,
    why=N_("One answer links to three or more other sites."),
)
LINK_IN_NAME = Signal(
    name="link_in_name",
    weight=5,
    why=N_("A link stands where a name or a telephone number belongs."),
)
GIBBERISH = Signal(
    name="gibberish",
    weight=4,
    why=N_("Several answers are letters at random."),
)
NO_WORK = Signal(
    name="no_work",
    weight=2,
    why=N_("The form asks browsers for a proof of work, and none came that counts."),
)
WORK = Signal(
    name="work",
    weight=-3,
    why=N_("A proof of work came with it, which costs whoever sends many: this speaks for it."),
)
NO_CAPTCHA = Signal(
    name="no_captcha",
    weight=2,
    why=N_("The form asks for a captcha, and none came that counts."),
)
CAPTCHA = Signal(
    name="captcha",
    weight=-3,
    why=N_("A captcha was solved, as its provider says: this speaks for it."),
)
LISTED = Signal(
    name="listed",
    weight=2,
    why=N_(
        "A reputation list in the DNS has the address that sent it; several people may share one."
    ),
)
REPEATED = Signal(
    name="repeated",
    weight=4,
    why=N_("The same text came several times within an hour."),
)
LEARNED = Signal(
    name="learned",
    weight=4,
    why=N_("Its words are like those of what was marked as spam here."),
)

SIGNALS = (
    TRAP,
    WEBSITE,
    PROGRAM,
    DISGUISED,
    OTHER_PAGE,
    TOO_FAST,
    FORGED_LOAD,
    BBCODE,
    HTML_LINK,
    MANY_LINKS,
    LINK_IN_NAME,
    GIBBERISH,
    REPEATED,
    NO_WORK,
    WORK,
    NO_CAPTCHA,
    CAPTCHA,
    LISTED,
    LEARNED,
)
"""Every signal, in the order in which a submission keeps them."""
BY_NAME = {signal.name: signal for signal in SIGNALS}


def signals_of(found: Collection[Signal], threshold: int) -> tuple[str, ...]:
    """The names of those found, where they weigh as much as the threshold together; else none."""
    if sum(signal.weight for signal in found) < threshold:
        return ()
    return tuple(signal.name for signal in SIGNALS if signal in found)
