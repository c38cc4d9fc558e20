"""What becomes of a mail in the sandbox: decided by the recipient's local part, before any +tag. Pure."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from mail_cloud_sandbox.words import N_

DELIVERIES = "deliveries"
BOUNCES = "bounces"
BLOCKS = "blocks"
COMPLAINTS = "complaints"
"""Not an event type of Customers Mail Cloud, which documents none for complaints: the sandbox's own."""
EVENT_TYPES = (DELIVERIES, BOUNCES, BLOCKS, COMPLAINTS)
SUPPRESSED = "suppressed"
"""The label of what the service does not send."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens, `after` so many paces; `label` is what the inbox calls the state it leads to.

    `event_type` and `status` are the webhook's words, empty for what no webhook tells. `reason` is what the
    recipient's server said; `{to}` in it stands for the recipient, `{domain}` for its domain.
    """

    after: float
    label: str
    event_type: str = ""
    status: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A fate with its steps in order; `tells` says in a sentence what a newcomer will see."""

    name: str
    tells: str
    steps: tuple[Step, ...]
    tone: str = "good"


_OK = "250 2.0.0 Ok: queued as 4Wz7Kq0vJ2z9r (in reply to end of DATA)"
_QUEUED = Step(0.2, "queued", DELIVERIES, "queued")
_SUCCEEDED = Step(1.5, "delivered", DELIVERIES, "succeeded", _OK)


def _refused(reason: str, code: str) -> tuple[Step, ...]:
    """The recipient's server refuses at once, and the service sorts the reason as `code`."""
    return (
        _QUEUED,
        Step(1.5, "refused", DELIVERIES, "failed", reason),
        Step(2.2, "bounced", BOUNCES, code, reason),
    )


_NO_SUCH_USER = (
    "host mx1.{domain}[192.0.2.25] said: 550 5.1.1 <{to}>: Recipient address rejected: "
    "User unknown (in reply to RCPT TO)"
)
_FULL = (
    "host mx1.{domain}[192.0.2.25] said: 552 5.2.2 <{to}>: Mailbox full, quota exceeded "
    "(in reply to RCPT TO)"
)
_POLICY = (
    "host mx1.{domain}[192.0.2.25] said: 550 5.7.1 Message refused by local policy "
    "(in reply to end of DATA)"
)
_GREYLISTED = (
    "host mx1.{domain}[192.0.2.25] said: 451 4.7.1 <{to}>: Greylisted, please try again later "
    "(in reply to RCPT TO)"
)
_SUPPRESSED_WORDS = "Recipient address <{to}> is suppressed to send mail. (in reply to RCPT TO)"
_RETURNED = (
    "550 5.1.1 <{to}>: The account has been disabled; the message was accepted and is returned"
)
_AWAY = "Automatic reply from <{to}>: out of office until Monday (Auto-Submitted: auto-replied)"

_ALL = (
    Outcome(
        name="hardbounce",
        tells=N_("There is no such mailbox: the recipient's server refuses it."),
        steps=_refused(_NO_SUCH_USER, "2"),
        tone="bad",
    ),
    Outcome(
        name="mailboxfull",
        tells=N_("The mailbox is full: refused, though the address is right."),
        steps=_refused(_FULL, "5"),
        tone="bad",
    ),
    Outcome(
        name="policy",
        tells=N_("The recipient's server refuses it by policy."),
        steps=_refused(_POLICY, "4"),
        tone="bad",
    ),
    Outcome(
        name="deferred",
        tells=N_("Not taken at first (greylisting); delivered on a later try."),
        steps=(
            _QUEUED,
            Step(1.5, "deferred", DELIVERIES, "deferred", _GREYLISTED),
            Step(6.0, "delivered", DELIVERIES, "succeeded", _OK),
        ),
        tone="wait",
    ),
    Outcome(
        name="late-bounce",
        tells=N_("Delivered, and returned some time later all the same."),
        steps=(_QUEUED, _SUCCEEDED, Step(8.0, "bounced", BOUNCES, "2", _RETURNED)),
        tone="bad",
    ),
    Outcome(
        name=SUPPRESSED,
        tells=N_("On the service's block list: not sent, until it is released there."),
        steps=(
            _QUEUED,
            Step(0.2, SUPPRESSED, DELIVERIES, "failed", _SUPPRESSED_WORDS),
            Step(1.2, SUPPRESSED, BOUNCES, "10", _SUPPRESSED_WORDS),
        ),
        tone="bad",
    ),
    Outcome(
        name="complaint",
        tells=N_("Delivered, and the recipient calls it unwanted."),
        steps=(_QUEUED, _SUCCEEDED, Step(6.0, "complained", COMPLAINTS, "abuse")),
        tone="wait",
    ),
    Outcome(
        name="vacation",
        tells=N_("Delivered; an automatic reply comes back and is no failure."),
        steps=(_QUEUED, _SUCCEEDED, Step(4.0, "delivered", BOUNCES, "99", _AWAY)),
    ),
    Outcome(
        name="silent",
        tells=N_("Taken, and no word ever comes: nobody can say what became of it."),
        steps=(),
        tone="wait",
    ),
    Outcome(
        name="duplicate",
        tells=N_("Delivered; every event is sent three times, shuffled."),
        steps=(_QUEUED, _SUCCEEDED),
    ),
    Outcome(
        name="refuse",
        tells=N_("The API refuses it at once; it never reaches this inbox."),
        steps=(),
        tone="bad",
    ),
    Outcome(
        name="timeout",
        tells=N_("Taken and delivered, but the API's answer is lost on its way."),
        steps=(_QUEUED, _SUCCEEDED),
    ),
)
DELIVERED = Outcome(
    name="delivered", tells=N_("Any other address: delivered."), steps=(_QUEUED, _SUCCEEDED)
)
OUTCOMES = {outcome.name: outcome for outcome in _ALL}
STATES = frozenset({"accepted"} | {step.label for outcome in _ALL for step in outcome.steps})
"""What the inbox calls the states that a mail can be in."""

_COPIES = 3


def outcome_of(recipient: str) -> Outcome:
    """The outcome that the local part of `recipient` asks for, in any case of letters; else delivered."""
    local = recipient.rpartition("@")[0].strip('"').partition("+")[0].casefold()
    return OUTCOMES.get(local, DELIVERED)


def steps_for(outcome: Outcome, recipient: str) -> Sequence[Step]:
    """The steps that `outcome` takes for this recipient, the API's own acceptance first."""
    domain = recipient.rpartition("@")[2]
    lost = outcome.name == "timeout"
    taken = (
        N_("The API took it; its answer was lost.") if lost else N_("The API answered with an id.")
    )
    steps = [Step(0.0, "accepted", reason=taken)]
    for step in outcome.steps:
        reason = step.reason.replace("{to}", recipient).replace("{domain}", domain)
        steps.append(Step(step.after, step.label, step.event_type, step.status, reason))
    return steps


def posting_order(
    steps: Sequence[Step], outcome: Outcome, seed: str
) -> Sequence[tuple[float, Step]]:
    """What a webhook tells of the steps, and when: each as it happens, or for `duplicate` thrice and shuffled.

    A copy is the original word for word (a service repeats an event, it does not make a new one). The order is
    the same for the same `seed`.
    """
    told = [step for step in steps if step.event_type]
    if outcome.name != "duplicate":
        return [(step.after, step) for step in told]
    copies = told * _COPIES
    random.Random(seed).shuffle(copies)  # noqa: S311 - a shuffled order, not a secret
    times = sorted(step.after for step in copies)
    return list(zip(times, copies, strict=True))
