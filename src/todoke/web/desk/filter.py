"""What of the list somebody wants to see, as it stands in a page's address: so it can be kept, and sent to others."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, time, timedelta

from todoke.model.delivery import FAILED_READINGS, Reading
from todoke.model.person import Person
from todoke.model.settings import Settings
from todoke.ports.archive import Query, Scope

ATTENTION, UNREAD, REVIEW, SPAM = "attention", "unread", "review", "spam"
VIEWS = ("", ATTENTION, UNREAD, REVIEW, SPAM)
NOT_DELIVERED = "not_delivered"
"""Each word for a failure at once."""
STATUSES = (NOT_DELIVERED, *(r.value for r in Reading))
_LONGEST = 200
YEARS = range(2000, 2200)
"""What is before or after is a typing mistake, and beyond what a store can count to."""
_CURSOR = re.compile(r"[A-Za-z0-9_.:=+/-]{1,200}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Each is "" where nothing is asked: `view` is one of VIEWS, `status` one of STATUSES, `work` "open" or "done",
    `starred` "yes"; `since` and `until` are days (RFC 3339 full-date) of the site's time zone, both of them included.
    """

    view: str = ""
    words: str = ""
    form: str = ""
    status: str = ""
    address: str = ""
    assignee: str = ""
    work: str = ""
    starred: str = ""
    since: str = ""
    until: str = ""

    def asked(self) -> dict[str, str]:
        """What is asked, as it stands in an address."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in values.items() if value}

    def without(self, name: str) -> Filter:
        """The same, but for one that is asked no more."""
        return replace(self, **{name: ""})

    def query(
        self,
        person: Person,
        settings: Settings,
        now: datetime,
        *,
        before: str = "",
        after: str = "",
        limit: int = 50,
    ) -> Query:
        """What the store is asked for: of this filter what this person may see, a line of each."""
        statuses = frozenset(FAILED_READINGS if self.status == NOT_DELIVERED else {self.status})
        return Query(
            scope=scope_of(person),
            form=self.form,
            statuses=frozenset(str(s) for s in statuses if s),
            silent_since=now - settings.mail.expect_events_within if self.status else None,
            address=self.address,
            words=self.words,
            unread=self.view == UNREAD,
            attention=self.view == ATTENTION,
            review=self.view == REVIEW,
            spam=self.view == SPAM,
            starred=bool(self.starred),
            done={"done": True, "open": False}.get(self.work),
            assignee=self.assignee,
            received_from=_midnight(self.since, settings),
            received_to=_midnight(self.until, settings, days=1),
            before=before,
            after="" if before else after,
            limit=limit,
            brief=True,
        )


def scope_of(person: Person) -> Scope | None:
    """What a person may see at all, as the store takes it."""
    return None if person.forms is None else Scope(forms=person.forms, mailbox=person.address)


def read_filter(asked: Mapping[str, str]) -> Filter:
    """The filter of an address. What has no meaning is left out: an old address or a typing mistake is no error."""

    def text(name: str) -> str:
        return asked.get(name, "").strip()[:_LONGEST]

    def one_of(name: str, *allowed: str) -> str:
        return text(name) if text(name) in allowed else ""

    return Filter(
        view=one_of("view", *VIEWS),
        words=text("words"),
        form=text("form"),
        status=one_of("status", *STATUSES),
        address=text("address"),
        assignee=text("assignee"),
        work=one_of("work", "open", "done"),
        starred=one_of("starred", "yes"),
        since=_day(text("since")),
        until=_day(text("until")),
    )


def read_cursors(asked: Mapping[str, str]) -> dict[str, str]:
    """Where in the list a page begins or ends: `before`, or else `after`."""
    for name in ("before", "after"):
        if _CURSOR.fullmatch(asked.get(name, "")):
            return {name: asked[name]}
    return {}


def _day(typed: str) -> str:
    try:
        day = date.fromisoformat(typed)
    except ValueError:
        return ""
    return day.isoformat() if day.year in YEARS else ""


def _midnight(day: str, settings: Settings, days: int = 0) -> datetime | None:
    """The beginning of a day, or of one so many days later, in UTC."""
    if not day:
        return None
    later = date.fromisoformat(day) + timedelta(days=days)
    return settings.site.time_zone.moment(datetime.combine(later, time()))
