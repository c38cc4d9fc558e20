"""What `todoke doctor` says: judgements over facts that were gathered elsewhere (look_*). Pure, each with what to do.

`todoke check` reads the file alone; these go beyond it. judge_dns.py judges names, the chosen service itself its state.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from todoke.model.show import show_size, show_time
from todoke.model.zone import UTC_ZONE, Zone
from todoke.ports.diagnosis import Check, Verdict
from todoke.services.http.ask import WebFacts
from todoke.toml.permissions import LooseFile


def exit_code(checks: Iterable[Check]) -> int:
    """1 when something is bad, else 0: what could be better, or could not be found out, is no failure."""
    return int(any(check.status is Verdict.BAD for check in checks))


def not_finished(name: str, seconds: float) -> Check:
    """A check that was given up."""
    return Check(
        name,
        Verdict.UNKNOWN,
        f"This was not found out within {seconds:g} seconds.",
        "Try again with a longer --seconds.",
    )


def failed(name: str, error: str) -> Check:
    """A check that fell over."""
    return Check(name, Verdict.UNKNOWN, f"This could not be found out ({error}).")


LEAST_FREE_BYTES = 1024**3
NO_FREE_BYTES = 64 * 1024**2


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreFacts:
    """What opening the store came to. `error` is what went wrong with it, "" if nothing did.

    `is_new` when there is none yet, and its folder can be written; `is_damaged` when its pages contradict each other.
    `network` is the type of its file system, if that is another machine's. `loose` are those of its files that others
    than their owner get at.
    """

    folder: str
    free_bytes: int
    error: str = ""
    is_new: bool = False
    is_damaged: bool = False
    network: str = ""
    loose: tuple[LooseFile, ...] = ()


def judge_store(facts: StoreFacts) -> list[Check]:
    """Whether the store can be opened, read and written, and has room, and that nobody else gets at it."""
    return [_judge_file(facts), _judge_room(facts), _judge_permissions(facts)]


def _judge_permissions(facts: StoreFacts) -> Check:
    name = "store.access"
    if not facts.loose:
        return Check(name, Verdict.GOOD, f"{facts.folder} is its owner's alone.")
    says = "; ".join(str(loose) for loose in facts.loose)
    return Check(name, Verdict.WARN, f"{says}.", "; ".join(loose.mend for loose in facts.loose))


def _judge_file(facts: StoreFacts) -> Check:
    name = "store"
    if facts.is_damaged:
        return Check(
            name,
            Verdict.BAD,
            f"The store is damaged: {facts.error}",
            "Stop todoke, keep a copy of the folder, and restore a backup (docs/store.md).",
        )
    if facts.error:
        return Check(
            name,
            Verdict.BAD,
            f"The store cannot be used: {facts.error}",
            f"Let the user that runs todoke read and write {facts.folder}.",
        )
    if facts.network:
        return Check(
            name,
            Verdict.WARN,
            f"{facts.folder} lies on another machine ({facts.network}): who opens the store from there damages it.",
            "Let TODOKE_DATA be a folder on a disk of this machine (docs/store.md).",
        )
    if facts.is_new:
        return Check(name, Verdict.GOOD, f"{facts.folder} can be written; there is no store yet.")
    return Check(name, Verdict.GOOD, "The store is sound, and was written to.")


def _judge_room(facts: StoreFacts) -> Check:
    name, free = "store.space", f"{facts.free_bytes / 1024**2:,.0f} MB are free in {facts.folder}."
    if facts.free_bytes < NO_FREE_BYTES:
        return Check(name, Verdict.BAD, free, "Make room: forms are refused when the disk is full.")
    if facts.free_bytes < LEAST_FREE_BYTES:
        return Check(name, Verdict.WARN, free, "Make room before the disk is full.")
    return Check(name, Verdict.GOOD, free)


WRONG = timedelta(minutes=5)
"""AWS refuses requests that are signed 5 to 15 minutes off; receivers doubt mail from the future."""
DOUBTFUL = timedelta(seconds=30)


def judge_clock(answers: Sequence[WebFacts]) -> list[Check]:
    """Whether our clock agrees with those of others, by the Date of their HTTP answers (whole seconds)."""
    told = [answer for answer in answers if answer.date is not None]
    if not told:
        return [
            Check(
                "clock",
                Verdict.UNKNOWN,
                "No other clock was heard, so ours could not be compared.",
                "See that the machine sets its clock by NTP (timedatectl).",
            )
        ]
    off = min((abs(a.at - a.date) for a in told if a.date), default=timedelta())
    seconds = f"{off.total_seconds():.0f} seconds"
    do = "Let the machine set its clock by NTP (timedatectl set-ntp true)."
    if off > WRONG:
        return [Check("clock", Verdict.BAD, f"The clock is wrong by {seconds}.", do)]
    if off > DOUBTFUL:
        return [Check("clock", Verdict.WARN, f"The clock is off by {seconds}.", do)]
    return [Check("clock", Verdict.GOOD, "The clock is right.")]


def judge_door(answer: WebFacts, host: str) -> list[Check]:
    """Whether todoke answers at its own address, as seen from here: browsers and the mail service call it there."""
    name = "door"
    said, _, more = answer.body.strip().partition(b"\n")
    if answer.status == 200 and said == b"ok":
        good = Check(name, Verdict.GOOD, f"todoke answers at {host}, as seen from here.")
        if not more:
            return [good]
        words = more.decode("utf-8", "replace")
        return [
            good,
            Check(
                name,
                Verdict.BAD,
                words,
                "todoke status says why, and so does its log (mail_rests, mail_refused_to_some).",
            ),
        ]
    if answer.status == 503:
        return [
            Check(
                name,
                Verdict.BAD,
                f"todoke at {host} says that its store does not answer.",
                "Look at its log, and at the check of the store above.",
            )
        ]
    if answer.status:
        return [
            Check(
                name,
                Verdict.BAD,
                f"{host} answers {answer.status}, and not as todoke does.",
                "See that site.door_url and the reverse proxy lead to todoke (GET /healthz says ok).",
            )
        ]
    return [
        Check(
            name,
            Verdict.BAD,
            f"Nothing answers at {host}, as seen from here ({answer.error}).",
            "Start todoke, and see that site.door_url, the DNS, the certificate and the reverse proxy are right.",
        )
    ]


def judge_room(answer: WebFacts, host: str, room: int) -> list[Check]:
    """Whether something on the way refuses a form as large as todoke takes; nothing to say where it does not.

    `answer` is that of an address where todoke reads no body, to a POST that announces one of `room` bytes.
    """
    if answer.status != 413:
        return []
    return [
        Check(
            "door.room",
            Verdict.BAD,
            f"The reverse proxy at {host} refuses a form of {show_size(room)}, which todoke takes: "
            "its visitors see the proxy's page, and lose what they typed.",
            f"Let it pass {room:,} bytes (nginx: client_max_body_size {-(-room // 1024**2)}m;).",
        )
    ]


def judge_figures(answer: WebFacts, url: str) -> list[Check]:
    """Whether the figures can be read at the public address, where strangers ask; nothing to say where they cannot."""
    if answer.status != 200 or b"todoke_build_info" not in answer.body:
        return []
    return [
        Check(
            "door.figures",
            Verdict.BAD,
            f"{url}/metrics can be read by anybody: the reverse proxy does not say whom it speaks for.",
            "Let it add X-Forwarded-For, or answer /metrics and /status itself (docs/operating.md).",
        )
    ]


def judge_hook_address(answer: WebFacts, hook: str) -> list[Check]:
    """Whether the webhook's address leads to todoke, which answers 405 there to what is no POST.

    The service's own secret is not sent: whether it is right, only the service's calls can show.
    """
    name = "webhook.address"
    if answer.status == 405:
        return [Check(name, Verdict.GOOD, f"{hook} leads to todoke, as seen from here.")]
    came = str(answer.status) if answer.status else answer.error
    return [
        Check(
            name,
            Verdict.BAD,
            f"{hook} does not lead to todoke, as seen from here ({came}).",
            "Let the reverse proxy pass everything below /hooks/ to todoke.",
        )
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class HearingFacts:
    """What the newest submissions tell of the service's webhook.

    `expects` whether the service tells events at all; `handed_over` how many attempts it took; `heard_at` when it last
    told anything; `silent_since` when the oldest of those that it took and never spoke of was handed over.
    """

    expects: bool
    handed_over: int = 0
    heard_at: datetime | None = None
    silent_since: datetime | None = None


def judge_hearing(
    facts: HearingFacts, *, now: datetime, expected: timedelta, hook: str, zone: Zone = UTC_ZONE
) -> list[Check]:
    """Whether the mail service's webhook speaks to us. `hook` is its address, without the secret.

    Times are told in `zone`.
    """
    name = "webhook"
    if not facts.expects:
        return [
            Check(
                name,
                Verdict.WARN,
                "No events come in with this set-up: returned mail will not be noticed.",
                "Use a service with events, or set up those of yours (docs/services).",
            )
        ]
    since = facts.silent_since
    last = f"It last spoke at {show_time(facts.heard_at, zone, 'en')}." if facts.heard_at else ""
    if since and now - since > expected and (facts.heard_at is None or facts.heard_at < since):
        begun = show_time(since, zone, "en")
        says = f"The webhook has said nothing of what was handed over since {begun}."
        return [
            Check(
                name,
                Verdict.BAD,
                f"{says} {last}".strip(),
                f"See in the service's console that events go to {hook} with your secret at the end.",
            )
        ]
    if facts.heard_at is None:
        return [
            Check(
                name,
                Verdict.UNKNOWN,
                "The webhook has never spoken, and it may be too early for it.",
                "Send a form, wait a minute, and ask again.",
            )
        ]
    return [Check(name, Verdict.GOOD, last)]
