"""The words people read about a message: one table per audience, in English, said in other languages by gettext.

Pure. The receipt's words (for whoever holds the link) never say WHY a message
failed, so that nobody can ask which mailboxes exist; the desk's words say all that is known.
A word never claims more than the evidence: the ceiling of the service decides what silence means.
"""

from __future__ import annotations

from dataclasses import dataclass

from todoke.model.delivery import UNKNOWN, Ceiling, Kind, Permanence, Reason, Status
from todoke.model.language import N_, translator
from todoke.model.message import Role


def say(text: str, language: str) -> str:
    """The text in `language`, or as written where the catalog lacks it."""
    return translator("pages", language).gettext(text) if text else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What to say of one message: a short `label`, a sentence, what to do (`hint`, may be ""), and the `tone`.

    `tone` is good, wait, handed, bad or unclear: it chooses icon and colour, and never stands alone. Handed is where a
    service's silence means nothing: neither success nor something to wait for.
    """

    label: str
    text: str
    hint: str
    tone: str


FAILURES = frozenset({Status.FAILED.value, Status.REJECTED.value, Status.BOUNCED.value})
READINGS = (*(status.value for status in Status), UNKNOWN)

_TONES = {
    Status.QUEUED.value: "wait",
    Status.ACCEPTED.value: "wait",
    Status.DEFERRED.value: "wait",
    Status.UNDETERMINED.value: "unclear",
    Status.DELIVERED.value: "good",
    UNKNOWN: "unclear",
} | dict.fromkeys(FAILURES, "bad")

_LABELS = {
    Status.QUEUED.value: N_("Waiting"),
    Status.ACCEPTED.value: N_("Handed over"),
    Status.DEFERRED.value: N_("Delayed"),
    Status.UNDETERMINED.value: N_("Unclear"),
    Status.DELIVERED.value: N_("Accepted by the mail server"),
    UNKNOWN: N_("Not known"),
} | dict.fromkeys(FAILURES, N_("Not delivered"))

_TEXTS = {
    Status.QUEUED.value: N_(
        "It is stored here and will be handed over to the mail service in a moment."
    ),
    Status.DEFERRED.value: N_(
        "A mail server did not take it at the last try. It is tried again by itself."
    ),
    Status.UNDETERMINED.value: N_("A report came back that does not say whether it will arrive."),
    Status.DELIVERED.value: N_("The recipient's mail server accepted it."),
    UNKNOWN: N_("We do not know what became of it: it may or may not have arrived."),
}

_ACCEPTED = {
    Ceiling.HANDED_OVER: N_(
        "Handed over to the mail service. This service cannot tell whether it arrived."
    ),
    Ceiling.NOT_RETURNED: N_("Handed over to the mail service. It has not been returned so far."),
    Ceiling.DELIVERED: N_("Handed over to the mail service. Its report has not come yet."),
}

_DOUBTED = N_("Handed over to the mail service. A report about it came and is being checked.")

_FAILED = {
    Role.CONFIRMATION: N_("It came back or could not be delivered. Please check the address."),
    Role.NOTIFICATION: N_("It came back or could not be delivered."),
    Role.ALERT: N_("It came back or could not be delivered."),
}

_KEPT = N_("What you wrote is stored safely all the same.")
_HINTS = {
    (Role.CONFIRMATION, Status.ACCEPTED.value): N_(
        "Not in your inbox? Please look in the spam folder too."
    ),
    (Role.CONFIRMATION, Status.DELIVERED.value): N_(
        "Not in your inbox? Please look in the spam folder too."
    ),
    (Role.CONFIRMATION, UNKNOWN): N_("If it does not come, please check the address."),
    (Role.NOTIFICATION, UNKNOWN): _KEPT,
    **{(Role.NOTIFICATION, status): _KEPT for status in FAILURES},
    **{(Role.CONFIRMATION, status): _KEPT for status in FAILURES},
}


def receipt_words(
    reading: str,
    role: Role,
    language: str,
    *,
    ceiling: Ceiling | None = None,
    doubted: bool = False,
) -> Words:
    """What the receipt says of a message of `role` whose status reads `reading`.

    Every failure has the same words. An accepted message without a ceiling is spoken of as bare SMTP would be; it is
    `doubted` while a failure that was told of it is not confirmed.
    """
    if reading in FAILURES:
        text = _FAILED[role]
    elif reading == Status.ACCEPTED.value:
        text = _accepted(ceiling, doubted=doubted)
    else:
        text = _TEXTS[reading]
    return Words(
        label=say(_LABELS[reading], language),
        text=say(text, language),
        hint=say(_HINTS.get((role, reading), ""), language),
        tone=_tone(reading, ceiling),
    )


def _accepted(ceiling: Ceiling | None, *, doubted: bool) -> str:
    return _DOUBTED if doubted else _ACCEPTED[ceiling or Ceiling.HANDED_OVER]


def _tone(reading: str, ceiling: Ceiling | None) -> str:
    if reading == Status.ACCEPTED.value and ceiling is not Ceiling.DELIVERED:
        return "handed"
    return _TONES[reading]


_TITLES = {
    Role.CONFIRMATION: N_("Confirmation to you"),
    Role.NOTIFICATION: N_("Your message to %(site)s"),
    Role.ALERT: N_("Alert"),
}

_DESK_TITLES = {
    Role.CONFIRMATION: N_("Confirmation to the visitor"),
    Role.NOTIFICATION: N_("Notification to a manager"),
    Role.ALERT: N_("Alert to a manager"),
}


def receipt_title(role: Role, site: str, language: str) -> str:
    """The heading of a message on the receipt."""
    return say(_TITLES[role], language).replace("%(site)s", site)


def desk_title(role: Role, language: str) -> str:
    """The heading of a message on the desk."""
    return say(_DESK_TITLES[role], language)


DESK_LABELS = _LABELS | {
    Status.FAILED.value: N_("Given up"),
    Status.REJECTED.value: N_("Refused by the mail service"),
    Status.BOUNCED.value: N_("Bounced"),
}

_DESK_TEXTS = _TEXTS | {
    Status.FAILED.value: N_("We gave up before any hand-over was accepted."),
    Status.REJECTED.value: N_("The mail service refused to take it or to pass it on."),
    Status.BOUNCED.value: N_(
        "The recipient's mail server refused it or returned it. It will not arrive."
    ),
}


def desk_words(
    reading: str, language: str, *, ceiling: Ceiling | None = None, doubted: bool = False
) -> Words:
    """What the desk says of a message whose status reads `reading`: the exact state, for those who run the site."""
    if reading == Status.ACCEPTED.value:
        text = _accepted(ceiling, doubted=doubted)
    else:
        text = _DESK_TEXTS[reading]
    return Words(
        label=say(DESK_LABELS[reading], language),
        text=say(text, language),
        hint="",
        tone=_tone(reading, ceiling),
    )


_NOTES = {
    "complained": N_("It was reported as unwanted"),
    "corrected": N_("The visitor corrected the address"),
    "silent": N_("The mail service stopped reporting"),
}


def note_words(note: str, language: str) -> str:
    """Why an alert was written, or "" when it is no alert."""
    return say(_NOTES.get(note) or DESK_LABELS.get(note, note), language)


_REASONS = {
    Reason.UNKNOWN_ADDRESS: N_("There is no such mailbox."),
    Reason.UNKNOWN_HOST: N_("There is no mail server for this domain."),
    Reason.MAILBOX_FULL: N_("The mailbox is full."),
    Reason.TOO_LARGE: N_("The mail is too large for the recipient."),
    Reason.POLICY: N_("The recipient's server refuses mail like this by its policy."),
    Reason.CONTENT: N_("The content of the mail was refused."),
    Reason.TIMED_OUT: N_("It was tried for too long without success."),
    Reason.SUPPRESSED: N_("The address is on the suppression list: mail to it failed before."),
    Reason.FORWARDING: N_("The mailbox forwards its mail, and forwarding failed."),
    Reason.MISCONFIGURED: N_(
        "The mail service or its settings here are at fault, not the address."
    ),
    Reason.OTHER: N_("For a reason that was not stated clearly."),
}

_PERMANENCES = {
    Permanence.HARD: N_("The address cannot be expected to work again."),
    Permanence.SOFT: N_("The address may work again later."),
    Permanence.NONE: "",
}


def reason_words(reason: Reason | None, language: str) -> str:
    """Why it failed, in a sentence, or "" when nothing was said."""
    return say(_REASONS[reason], language) if reason else ""


def permanence_words(permanence: Permanence, language: str) -> str:
    """What the failure says of the address, in a sentence, or ""."""
    return say(_PERMANENCES[permanence], language)


_EVENTS = {
    Kind.QUEUED: N_("Stored here"),
    Kind.FAILED: N_("Given up"),
    Kind.ACCEPTED: N_("The mail service took it"),
    Kind.DEFERRED: N_("Not taken for now"),
    Kind.UNDETERMINED: N_("A report that does not say whether it will arrive"),
    Kind.REJECTED: N_("The mail service refused it"),
    Kind.DELIVERED: N_("The recipient's mail server accepted it"),
    Kind.BOUNCED: N_("It will not arrive"),
    Kind.ANSWER_LOST: N_("The mail service's answer was lost: it may or may not have taken it"),
    Kind.INTERRUPTED: N_(
        "Our process stopped in the middle: it may or may not have been handed over"
    ),
    Kind.COMPLAINED: N_("The recipient reported it as unwanted"),
    Kind.UNCONFIRMED: N_(
        "A failure was reported; the mail service's records have yet to confirm it"
    ),
    Kind.SILENT: N_("The mail service has reported nothing on any mail since"),
    Kind.OTHER: N_("A word of the mail service that is not known here"),
}

_CEILINGS = {
    Ceiling.HANDED_OVER: N_("All that can be known here is that the service took the mail."),
    Ceiling.NOT_RETURNED: N_("This service can tell that it took the mail, and that it came back."),
    Ceiling.DELIVERED: N_("This service reports when the recipient's server accepts the mail."),
}


def event_words(kind: Kind, language: str) -> str:
    """What a delivery event tells."""
    return say(_EVENTS[kind], language)


def ceiling_words(ceiling: Ceiling, language: str) -> str:
    """What a service can prove at best."""
    return say(_CEILINGS[ceiling], language)


_STEPS = {
    ("stored", "done"): N_("Stored"),
    ("handed_over", "done"): N_("Handed over"),
    ("handed_over", "wait"): N_("Hand-over to come"),
    ("handed_over", "late"): N_("Hand-over delayed"),
    ("handed_over", "failed"): N_("Not handed over"),
    ("handed_over", "unknown"): N_("Hand-over not confirmed"),
    ("arrived", "done"): N_("At the recipient's mail server"),
    ("arrived", "wait"): N_("Delivery not confirmed yet"),
    ("arrived", "late"): N_("Delivery delayed"),
    ("arrived", "failed"): N_("Not delivered"),
    ("arrived", "unknown"): N_("Delivery not known"),
    ("arrived", "unseen"): N_("Cannot be seen from here"),
    ("arrived", "not_returned"): N_("Not returned so far"),
}


def step_words(name: str, state: str, language: str) -> str:
    """The label of one step of a message's way, which says its state too."""
    return say(_STEPS[name, state], language)
