"""What needs somebody at the desk: mails that failed, by cause and domain, each with what to do. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from todoke.model.delivery import Reading, Reason, Status
from todoke.model.language import N_
from todoke.model.message import MessageTimeline, Role, Timeline
from todoke.model.show import rfc3339
from todoke.report.excerpt import excerpt
from todoke.report.words import DESK_LABELS, reason_words, say

_LONGEST = 80
_UNWANTED = N_("The recipient reported it as unwanted.")
_UNSAID = N_("No reason was stated.")

_TO_DO = {
    Reason.UNKNOWN_ADDRESS: N_(
        "Most likely it was mistyped. Ask by telephone for the right one, or correct what is plain to see."
    ),
    Reason.UNKNOWN_HOST: N_(
        "What stands after the @ was most likely mistyped. Correct it, or ask by telephone."
    ),
    Reason.MAILBOX_FULL: N_(
        "Send again in a few days, or reach them in another way: only they can make room."
    ),
    Reason.TOO_LARGE: N_("Let the form's mails carry less: files stay here in any case."),
    Reason.POLICY: N_(
        "Their server mistrusts who sends. Let whoever runs the site look at todoke doctor (SPF, DKIM, DMARC)."
    ),
    Reason.CONTENT: N_("Something in the text was taken for spam. Answer from your own mailbox."),
    Reason.TIMED_OUT: N_("Their server did not answer for days. Send again once it does."),
    Reason.SUPPRESSED: N_(
        "The mail service sends nothing to it. Make sure that it works, let it be lifted, then send again."
    ),
    Reason.FORWARDING: N_("Only they can mend where they forward to. Reach them in another way."),
    Reason.MISCONFIGURED: N_(
        "All mails fare so until it is mended: let whoever runs the site look at todoke doctor, then send again."
    ),
    Reason.DISOWNED: N_(
        "Somebody else typed the address, by mistake or on purpose: send it nothing. It gets no more confirmations."
    ),
    Reason.OTHER: N_("Look at the evidence of one of them, then send again."),
}
_OF_A_MANAGER = N_(
    "What visitors send does not reach this address by mail. Correct the address, or name somebody else in todoke.toml."
)
_LEAVE_IT = N_("Send them nothing more by mail, but what they ask for.")
_ADDRESS_FAULTS = frozenset(
    {Reason.UNKNOWN_ADDRESS, Reason.UNKNOWN_HOST, Reason.SUPPRESSED, Reason.FORWARDING}
)


@dataclass(slots=True)
class _Group:
    """Mails that failed alike. `who` is a visitors' domain, or the address of somebody of the site."""

    who: str
    is_ours: bool
    reason: Reason | None
    is_unwanted: bool
    statuses: set[Status]
    latest: datetime
    number: int = 0


def failures(timelines: Iterable[Timeline], language: str) -> list[dict[str, Any]]:
    """The mails of these submissions that failed, in groups, those of most mails first.

    {who, is_ours, number, cause, to_do, latest, asked, status}: `asked` is what the list is asked to show them, and
    others of the same `status`.
    """
    groups: dict[tuple[str, Reason | None, bool], _Group] = {}
    for message in _failed(timelines):
        standing = message.standing
        recipient = message.message.recipient
        is_ours = message.message.role is not Role.CONFIRMATION
        who = str(recipient) if is_ours else recipient.domain.lower()
        is_unwanted = not standing.status.is_failure
        reason = standing.reason
        if is_unwanted:
            reason = Reason.DISOWNED if message.is_disowned else None
        key = (who, reason, is_unwanted)
        group = groups.setdefault(
            key, _Group(who, is_ours, reason, is_unwanted, set(), standing.since)
        )
        group.number += 1
        group.statuses.add(standing.status)
        group.latest = max(group.latest, standing.since)
    # Of the site's own addresses first: nobody reads what comes.
    ordered = sorted(groups.values(), key=lambda g: (not g.is_ours, -g.number, g.who))
    return [_told(group, language) for group in ordered]


def unreceived(timelines: Iterable[Timeline]) -> list[Timeline]:
    """The submissions of which no notification reached anybody, and none may yet: whoever works here alone knows."""
    found = []
    for timeline in timelines:
        told = [m for m in timeline.messages if m.message.role is Role.NOTIFICATION]
        if told and all(m.standing.status.is_failure for m in told):
            found.append(timeline)
    return found


def _failed(timelines: Iterable[Timeline]) -> Iterator[MessageTimeline]:
    for timeline in timelines:
        for message in timeline.messages:
            if message.standing.status.is_failure or message.standing.complained:
                yield message


def _told(group: _Group, language: str) -> dict[str, Any]:
    if group.is_unwanted and group.reason is None:
        cause, to_do = _UNWANTED, _LEAVE_IT
    else:
        cause = _UNSAID if group.reason is None else ""
        to_do = _to_do(group.reason, is_ours=group.is_ours)
    asked = {"address": group.who} if group.is_ours else {"words": group.who}
    label = ""
    if len(group.statuses) == 1 and not group.is_unwanted:
        # The list knows statuses, and no reasons: this is as near as it comes to this group alone.
        [status] = group.statuses
        asked["status"] = status.value
        label = say(DESK_LABELS[Reading(status)], language)
    return {
        "who": excerpt(group.who, _LONGEST),
        "is_ours": group.is_ours,
        "number": group.number,
        "cause": say(cause, language) or reason_words(group.reason, language),
        "to_do": say(to_do, language),
        "latest": rfc3339(group.latest),
        "asked": {"view": "attention", **asked},
        "status": label,
    }


def to_do_words(reason: Reason | None, *, is_ours: bool, language: str) -> str:
    """What to do about a mail that failed for this reason; `is_ours`: it was for somebody of the site."""
    return say(_to_do(reason, is_ours=is_ours), language)


def _to_do(reason: Reason | None, *, is_ours: bool) -> str:
    if is_ours and reason in _ADDRESS_FAULTS:
        return _OF_A_MANAGER
    return _TO_DO.get(reason or Reason.OTHER, _TO_DO[Reason.OTHER])
