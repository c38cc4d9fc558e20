"""Take mail that came back: tie it to its attempt by the signed return path, and journal what it says.

Anybody may write to that address. Without a mark of ours nothing is kept and nothing changes; with one, what the report
says of its attempt is an event like a service's. Nothing is ever answered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from msgspec.structs import replace

from todoke.model import ids
from todoke.model.address import mailbox_key
from todoke.model.delivery import DeliveryEvent, Kind, Permanence, Reason
from todoke.model.errors import MalformedMail
from todoke.model.log import get_logger
from todoke.model.return_path import ReturnMark
from todoke.ports.journal import Journaled
from todoke.returned.addressed import addressed
from todoke.returned.read import read
from todoke.returned.returned import Returned, ReturnKind
from todoke.walk.app import App
from todoke.walk.track import track

EVIDENCE_OCTETS = 16_384
"""So much of a report is kept: its words and its machine-readable part; of the mail in it often nothing."""
_ID_LENGTH = ids.TIME_DIGITS + ids.PLACE_DIGITS

KIND_OF: Mapping[ReturnKind, Kind] = {
    ReturnKind.HARD: Kind.BOUNCED,
    ReturnKind.SOFT: Kind.BOUNCED,
    ReturnKind.BLOCKED: Kind.BOUNCED,
    ReturnKind.DELAYED: Kind.DEFERRED,
    ReturnKind.DELIVERED: Kind.DELIVERED,
    ReturnKind.RELAYED: Kind.UNDETERMINED,
    ReturnKind.EXPANDED: Kind.UNDETERMINED,
    ReturnKind.COMPLAINT: Kind.COMPLAINED,
}
"""What each report becomes; whatever else comes back becomes nothing."""

log = get_logger(__name__)


class ReturnFate(StrEnum):
    """What became of a mail that came back."""

    NEW = "new"
    """It is journaled."""
    REPEATED = "repeated"
    """It was journaled before."""
    NO_REPORT = "no_report"
    """It reports nothing: an ordinary mail, an automatic reply, a receipt."""
    UNLINKED = "unlinked"
    """It is a report, and bears no return path of ours that is valid."""
    GONE = "gone"
    """Its return path is ours, and what it was about is not here any more."""
    UNREADABLE = "unreadable"
    """It is no mail."""


def take_returned(app: App, raw: bytes, recipient: str = "") -> ReturnFate:
    """Take one mail as it came; `recipient` is whom the server took it for, "" where that is not known.

    To take it again changes nothing. Raises StoreUnavailable: if what it says could not be kept.
    """
    fate = _take(app, raw, recipient)
    log.info("mail_returned", fate=fate.value)
    return fate


def _take(app: App, raw: bytes, recipient: str) -> ReturnFate:
    try:
        reports = [said for said in read(raw) if said.kind.is_report]
        names = [recipient, *addressed(raw)]
    except MalformedMail:
        return ReturnFate.UNREADABLE
    if not reports:
        return ReturnFate.NO_REPORT
    mark = _mark_in(app, names)
    if mark is None:
        return ReturnFate.UNLINKED
    token = _token_of(app, mark)
    events = _events(app, mark, token, reports, raw) if token else []
    words = set(_journal(app, events))
    if Journaled.NEW in words:
        return ReturnFate.NEW
    return ReturnFate.REPEATED if Journaled.REPEATED in words else ReturnFate.GONE


def _mark_in(app: App, names: Sequence[str]) -> ReturnMark | None:
    """The first valid mark: in the envelope's recipient, else in what the mail says that it was addressed to."""
    path, now = app.settings.mail.own.return_path, app.clock()
    if path is None:
        return None
    read_ones = (path.read(app.settings.secret, name, now) for name in names)
    return next((mark for mark in read_ones if mark is not None), None)


def _token_of(app: App, mark: ReturnMark) -> str:
    """The attempt's whole token; "" where its submission is not here any more."""
    if len(mark.token) <= _ID_LENGTH:
        return mark.token
    timeline = app.archive.timeline(mark.token[:_ID_LENGTH])
    tokens = (t.attempt.token for m in (timeline.messages if timeline else ()) for t in m.attempts)
    return next((token for token in tokens if mark.is_of(token)), "")


def _events(
    app: App, mark: ReturnMark, token: str, reports: Sequence[Returned], raw: bytes
) -> list[DeliveryEvent]:
    """What the reports say of the attempt; of several, those that name its recipient where any does."""
    named = [(said, _named(app, mark, said)) for said in reports]
    ours = [(said, name) for said, name in named if name is not None]
    begun, now = mark.handed_over_at, app.clock()
    return [
        replace(
            event_of(said, name, now),
            # The same whenever it is taken, so that it is the same event; no report is older than its mail.
            at=max(said.at or begun, begun),
            service=app.mailer.name,
            token=token,
            raw=raw[:EVIDENCE_OCTETS],
        )
        for said, name in ours or named
    ]


def _named(app: App, mark: ReturnMark, said: Returned) -> str | None:
    """How a report names the attempt's recipient, "" where it names nobody; None where it names somebody else."""
    names = [name for name in (said.recipient, said.final_recipient) if "@" in name]
    is_ours = (name for name in names if mark.is_for(app.settings.secret, name))
    return next(is_ours, None if names else "")


def event_of(said: Returned, recipient: str | None, now: datetime) -> DeliveryEvent:
    """What a report becomes, of no attempt yet. Pure.

    The mail went to one recipient. A report about another (None) tells what became of it after that one's server passed
    it on: it is not this address that is dead, and no delivery to this one is proved.
    """
    kind, permanence, reason = KIND_OF[said.kind], said.permanence, said.reason
    if recipient is None and said.kind.is_failure:
        reason = Reason.FORWARDING
        permanence = Permanence.SOFT if permanence is Permanence.HARD else permanence
    if recipient is None and kind is Kind.DELIVERED:
        kind = Kind.UNDETERMINED
    if kind is Kind.UNDETERMINED:
        reason = Reason.OTHER
    return DeliveryEvent(
        kind=kind,
        at=now,
        received_at=now,
        service="",
        recipient=recipient or "",
        permanence=permanence,
        reason=reason,
        status_code=said.status_code,
        diagnostic=said.diagnostic,
    )


def _journal(app: App, events: Sequence[DeliveryEvent]) -> list[Journaled]:
    """Journal them; those that belong to no attempt are let go, but for what is told of a test mail, without words."""
    words = list(track(app, events, orphans=False)) if events else []
    for place, (event, word) in enumerate(zip(events, words, strict=True)):
        key = mailbox_key(event.recipient)
        if word is Journaled.ORPHAN and ids.is_trial_token(app.settings.secret, key, event.token):
            track(app, [replace(event, raw=b"")])
            words[place] = Journaled.NEW
    return words
