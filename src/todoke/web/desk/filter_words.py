"""What a filter of the list is called, on its controls and where it is told what the list shows. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from todoke.model.delivery import Reading
from todoke.model.language import N_
from todoke.model.show import show_date
from todoke.report.words import DESK_LABELS, say
from todoke.web.desk.filter import ATTENTION, NOT_DELIVERED, REVIEW, SPAM, UNREAD, Filter

TABS = {
    "": N_("All"),
    ATTENTION: N_("Needs attention"),
    UNREAD: N_("Unread"),
    REVIEW: N_("In review"),
    SPAM: N_("Spam"),
}
_NOT_DELIVERED = N_("Not delivered, for any reason")
_WORK = {"open": N_("Not done"), "done": N_("Done")}
_NAMES = {
    "words": N_("Search: %(value)s"),
    "form": N_("Form: %(value)s"),
    "status": N_("Status: %(value)s"),
    "address": N_("Address: %(value)s"),
    "assignee": N_("Taken on by %(value)s"),
    "work": "%(value)s",
    "starred": N_("Starred"),
    "since": N_("From %(value)s"),
    "until": N_("Until %(value)s"),
}


def statuses(language: str) -> list[tuple[str, str]]:
    """What a mail can be asked for, and its words, those that are amiss first."""
    first = (Reading.BOUNCED, Reading.REJECTED, Reading.FAILED, Reading.UNKNOWN)
    rest = [reading for reading in Reading if reading not in first]
    words = [(reading.value, say(DESK_LABELS[reading], language)) for reading in (*first, *rest)]
    return [(NOT_DELIVERED, say(_NOT_DELIVERED, language)), *words]


def work_words(language: str) -> list[tuple[str, str]]:
    """What is done, and what is not."""
    return [(value, say(words, language)) for value, words in _WORK.items()]


def chips(asked: Filter, forms: Mapping[str, str], language: str) -> list[tuple[str, Filter]]:
    """Each thing that is asked beside the tab, in words, with the filter that asks all but it.

    `forms` are the titles of the forms that the reader may ask for: another's is called as it was asked for.
    """
    return [
        (
            say(_NAMES[name], language).replace("%(value)s", _value(name, value, forms, language)),
            asked.without(name),
        )
        for name, value in asked.asked().items()
        if name in _NAMES
    ]


def _value(name: str, value: str, forms: Mapping[str, str], language: str) -> str:
    if name == "form":
        return forms.get(value, value)
    if name == "status":
        return dict(statuses(language))[value]
    if name == "work":
        return say(_WORK[value], language)
    if name in {"since", "until"}:
        year, month, day = value.split("-")
        return show_date(year, month, day, language)
    return value
