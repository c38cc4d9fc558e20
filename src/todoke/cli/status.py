"""`todoke status`: how it goes. It reads the store, and asks the server what only that knows."""

from __future__ import annotations

import http.client
import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from todoke.cli.open import opened
from todoke.cli.output import clean_line, print_json, print_line, style
from todoke.doctor.judge import NO_FREE_BYTES
from todoke.model.message import Timeline
from todoke.model.settings import Settings
from todoke.model.show import rfc3339, show_clock, show_size
from todoke.model.zone import Zone
from todoke.ports.archive import Query
from todoke.report.export import all_pages
from todoke.report.status import read_status
from todoke.toml.secrets import known_secret
from todoke.walk.app import utc_now
from todoke.walk.survey import Survey, survey
from todoke.walk.tally import Ended
from todoke.web.owner import owner_key
from todoke.wiring import is_served, served_at

MOST_TODAY = 5_000
"""So many of today's submissions are read, the newest; if there are more, the words say so."""
ASK_SECONDS = 6.0
SHOWN_KINDS = 5
_COLOURS = {
    "bounced": "red",
    "rejected": "red",
    "failed": "red",
    "unknown": "yellow",
    "delivered": "green",
}


class Today(msgspec.Struct, frozen=True, kw_only=True):
    """What came today, by the calendar of the site's zone: submissions, and their mails by what people read of them.

    `more` if there are others, which were not read.
    """

    submissions: int
    mails: Mapping[str, int]
    more: bool


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """All that is found. `server` is what the process that serves says of itself, None where none says anything."""

    at: datetime
    is_on_aws: bool
    is_served: bool
    address: str
    server: Mapping[str, Any] | None
    today: Today
    survey: Survey

    @property
    def faults(self) -> tuple[str, ...]:
        """What somebody has to look at; empty when all is well."""
        told, server = self.survey, self.server or {}
        found = {
            "nobody serves it": not (self.is_served or self.is_on_aws),
            "the server does not answer": self.is_served and self.server is None,
            f"it is not ready: {server.get('why_not')}": bool(server.get("why_not")),
            "all mail rests": bool(server.get("mail_rests")),
            "mail to some is refused": bool(server.get("mail_refused")),
            "the disk is nearly full": told.free_bytes is not None
            and told.free_bytes < NO_FREE_BYTES,
        }
        return tuple(words for words, is_so in found.items() if is_so)


def status(config: Path, *, as_json: bool) -> int:
    """Print how it goes; 1 when somebody has to look at something. Raises ConfigError: if there is no data yet."""
    now = utc_now()
    with opened(config) as (settings, store):
        zone = settings.site.time_zone
        query = Query(received_from=zone.begin_of_day(now))
        timelines = list(all_pages(store, query, MOST_TODAY + 1))
        address = served_at(settings)
        found = Found(
            at=now,
            is_on_aws=bool(settings.table),
            is_served=is_served(settings),
            address=address,
            server=ask_server(address, settings) if address else None,
            today=count_today(timelines, settings, now),
            survey=survey(settings, store),
        )
    if as_json:
        print_json(as_record(found))
    else:
        for name, words, colour in lines_of(found, zone):
            shown = style(words, colour) if colour else clean_line(words)
            print_line(f"{style(name, 'bold')}{' ' * (12 - len(name))}{shown}")
    return int(bool(found.faults))


def ask_server(address: str, settings: Settings) -> Mapping[str, Any] | None:
    """What the server at `address` says of itself, opened by the site's secret; None if it says nothing."""
    secret = settings.secret or known_secret(os.environ, settings.data)
    place = urlsplit(address)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=ASK_SECONDS)
    try:
        connection.request(
            "GET", "/status", headers={"Authorization": f"Bearer {owner_key(secret).reveal()}"}
        )
        answer = connection.getresponse()
        told = json.loads(answer.read()) if answer.status == 200 else None
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()
    return told if isinstance(told, dict) else None


def count_today(timelines: Iterable[Timeline], settings: Settings, now: datetime) -> Today:
    """Count them. Pure."""
    some = list(timelines)
    mails = Counter(
        read_status(message, settings, now).value
        for timeline in some[:MOST_TODAY]
        for message in timeline.messages
    )
    return Today(submissions=min(len(some), MOST_TODAY), mails=mails, more=len(some) > MOST_TODAY)


def as_record(found: Found) -> dict[str, Any]:
    """It as one JSON object; a time is RFC 3339, "" for never. Pure."""
    told = found.survey
    return {
        "at": rfc3339(found.at),
        "is_well": not found.faults,
        "faults": list(found.faults),
        "on_aws": found.is_on_aws,
        "served": found.is_served,
        "address": found.address,
        "server": found.server,
        "today": {
            "submissions": found.today.submissions,
            "mails": dict(found.today.mails),
            "more": found.today.more,
        },
        "submissions": told.submissions,
        "waiting": told.waiting,
        "oldest_waiting_since": rfc3339(told.oldest),
        "last_handover_at": rfc3339(told.handed_over_at),
        "last_webhook_at": rfc3339(told.heard_at),
        "orphan_events": told.orphans,
        "free_bytes": told.free_bytes,
        "store_bytes": told.store_bytes,
    }


def lines_of(found: Found, zone: Zone) -> list[tuple[str, str, str]]:
    """It for a person: a name, words, and a colour or "". Pure."""
    told = found.survey
    oldest = (
        f", the oldest since {_clock(told.oldest, zone)} ({_span(found.at, told.oldest)})"
        if told.oldest
        else ""
    )
    return [
        *_server_lines(found, zone),
        ("today", _today_words(found.today), _today_colour(found.today)),
        ("waiting", f"{_mails(told.waiting)}{oldest}", ""),
        ("last mail", _moment(told.handed_over_at, zone, "left at"), ""),
        ("last event", _moment(told.heard_at, zone, "came at"), ""),
        *_room_lines(told),
        *_refused_lines(found, zone),
        *_ended_lines(found),
        *([("look at", "; ".join(found.faults), "red")] if found.faults else []),
    ]


def _server_lines(found: Found, zone: Zone) -> list[tuple[str, str, str]]:
    if found.is_on_aws:
        words = "on AWS: see `todoke aws status` for alarms and queues, `todoke aws logs` for refused visitors"
        return [("server", words, "")]
    if not found.is_served:
        return [("server", "nobody serves this data: start todoke serve", "red")]
    server = found.server
    if server is None:
        return [
            (
                "server",
                f"{found.address or 'a process'} serves this data and does not answer",
                "red",
            )
        ]
    since = show_clock(server["started_at"], zone)
    lines = [("server", f"todoke {server['version']} at {found.address} since {since}", "green")]
    ready = f"no: {server['why_not']}" if server["why_not"] else "yes, a form can be kept"
    lines.append(("ready", ready, "red" if server["why_not"] else "green"))
    if rest := server["mail_rests"]:
        words = f"rests for {_duration(rest['seconds'])} ({rest['reason']}): {rest['words']}"
        lines.append(("mail", f"{words}; next try in {rest['next_try_seconds']:.0f} s", "red"))
    for part in server["mail_refused"]:
        since = show_clock(part["since"], zone)
        lines.append(("mail", f"to {part['to']} is refused since {since}: {part['words']}", "red"))
    return lines


def _refused_lines(found: Found, zone: Zone) -> list[tuple[str, str, str]]:
    server = found.server
    if server is None:
        return []
    total = sum(row["times"] for row in server["refused"])
    if not total:
        return [("refused", "nobody since the start", "")]
    kinds = ", ".join(f"{r['times']} {_kind(r)}" for r in server["refused"][:SHOWN_KINDS])
    last = server["latest_refused"][0]
    fields = "".join(f", {name} {code}" for name, code in last["fields"].items())
    origin = f" from {last['origin']}" if last["origin"] else ""
    at = show_clock(last["at"], zone)
    return [
        ("refused", f"{total} since the start: {kinds}", "yellow"),
        ("", f"the last at {at}: {_kind(last)}{fields}{origin}", ""),
    ]


def _ended_lines(found: Found) -> list[tuple[str, str, str]]:
    """Connections that had to be ended. Those that never asked are no news: browsers open some in advance."""
    ended = Counter(found.server["connections_ended"] if found.server else {})
    del ended[Ended.NO_HEAD]
    if not ended:
        return []
    kinds = ", ".join(f"{times} {why}" for why, times in ended.most_common())
    return [("ended", f"{ended.total()} connections since the start: {kinds}", "yellow")]


def _kind(row: Mapping[str, Any]) -> str:
    return f"{row['form'] or '(no form)'} {row['status']} {row['code']}"


def _room_lines(told: Survey) -> list[tuple[str, str, str]]:
    if told.free_bytes is None:
        return []
    has = f"; the store has {show_size(told.store_bytes)}" if told.store_bytes is not None else ""
    colour = "red" if told.free_bytes < NO_FREE_BYTES else ""
    return [("space", f"{show_size(told.free_bytes)} free{has}", colour)]


def _today_words(today: Today) -> str:
    mails = ", ".join(
        f"{n} {word}" for word, n in sorted(today.mails.items(), key=lambda row: -row[1])
    )
    more = f" (the newest {MOST_TODAY:,}; there are more)" if today.more else ""
    plural = "" if today.submissions == 1 else "s"
    return f"{today.submissions} submission{plural}{more}" + (f"; mails: {mails}" if mails else "")


def _today_colour(today: Today) -> str:
    return next(
        (colour for word, colour in _COLOURS.items() if colour == "red" and today.mails.get(word)),
        "",
    )


def _mails(count: int) -> str:
    return f"{count} mail" if count == 1 else f"{count} mails"


def _moment(at: datetime | None, zone: Zone, words: str) -> str:
    return f"{words} {_clock(at, zone)}" if at else "none is known"


def _clock(at: datetime, zone: Zone) -> str:
    return show_clock(at.isoformat(), zone)


def _span(now: datetime, since: datetime) -> str:
    return _duration((now - since).total_seconds())


def _duration(seconds: float) -> str:
    for unit, size in (("days", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(0, seconds):.0f} s"
