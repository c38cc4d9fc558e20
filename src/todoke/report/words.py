"""The words people read about a message: what receipt and desk share, and the desk's own. Pure.

In English, said in other languages by gettext; `receipt_words` has the receipt's. The desk's words say all that is
known. A word never claims more than the evidence: the ceiling of the service decides what silence means.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from todoke.model.delivery import FAILED_READINGS, Ceiling, Kind, Permanence, Reading, Reason
from todoke.model.language import N_, translator
from todoke.model.message import Note, Role


def say(text: str, language: str) -> str:
    """The text in `language`, or as written where the catalog lacks it."""
    return translator("pages", language).gettext(text) if text else ""


class Tone(StrEnum):
    """How the words of a message are meant. It chooses icon and colour, and never stands alone."""

    GOOD = "good"
    WAIT = "wait"
    """On its way as it should be."""
    HANDED = "handed"
    """The service took it: neither success yet nor anything amiss."""
    LATE = "late"
    """Not as it should be, and still on its way."""
    BAD = "bad"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What to say of one message: a short `label`, a sentence, what to do (`hint`, may be ""), and the `tone`.

    `headline` is the label, or a sentence in its place that names the message by itself.
    """

    label: str
    text: str
    hint: str
    tone: Tone
    headline: str = ""


TONES = {
    Reading.IN_REVIEW: Tone.HANDED,
    Reading.QUEUED: Tone.WAIT,
    Reading.WITHHELD: Tone.HANDED,
    Reading.ACCEPTED: Tone.HANDED,
    Reading.DEFERRED: Tone.LATE,
    Reading.UNDETERMINED: Tone.UNCLEAR,
    Reading.DELIVERED: Tone.GOOD,
    Reading.UNKNOWN: Tone.UNCLEAR,
} | dict.fromkeys(FAILED_READINGS, Tone.BAD)

LABELS = {
    Reading.IN_REVIEW: N_("Kept for review"),
    Reading.QUEUED: N_("Waiting"),
    Reading.WITHHELD: N_("Withheld"),
    Reading.ACCEPTED: N_("Handed over"),
    Reading.DEFERRED: N_("Delayed"),
    Reading.UNDETERMINED: N_("Unclear"),
    Reading.DELIVERED: N_("Accepted by the mail server"),
    Reading.UNKNOWN: N_("Not known"),
} | dict.fromkeys(FAILED_READINGS, N_("Not delivered"))

TEXTS = {
    Reading.IN_REVIEW: N_(
        "It is stored here, and leaves only when somebody says that the message is no spam."
    ),
    Reading.QUEUED: N_("It is stored here and has yet to be handed over to the mail service."),
    Reading.WITHHELD: N_("We do not send this mail."),
    Reading.DEFERRED: N_(
        "A mail server did not take it at the last try. It is tried again by itself."
    ),
    Reading.UNDETERMINED: N_("A report came back that does not say whether it will arrive."),
    Reading.DELIVERED: N_("The recipient's mail server accepted it."),
    Reading.UNKNOWN: N_("We do not know what became of it: it may or may not have arrived."),
}

_ACCEPTED = {
    Ceiling.HANDED_OVER: N_(
        "Handed over to the mail service. This service cannot tell whether it arrived."
    ),
    Ceiling.NOT_RETURNED: N_("Handed over to the mail service. It has not been returned so far."),
    Ceiling.DELIVERED: N_("Handed over to the mail service. Its report has not come yet."),
}

_DOUBTED = N_("Handed over to the mail service. A report about it came and is being checked.")


def accepted_words(ceiling: Ceiling | None, *, doubted: bool) -> str:
    return _DOUBTED if doubted else _ACCEPTED[ceiling or Ceiling.HANDED_OVER]


_DESK_TITLES = {
    Role.CONFIRMATION: N_("Confirmation to the visitor"),
    Role.NOTIFICATION: N_("Notification to a manager"),
    Role.ALERT: N_("Alert to a manager"),
}


def desk_title(role: Role, language: str) -> str:
    """The heading of a message on the desk."""
    return say(_DESK_TITLES[role], language)


DESK_LABELS = LABELS | {
    Reading.FAILED: N_("Given up"),
    Reading.REJECTED: N_("Refused by the mail service"),
    Reading.BOUNCED: N_("Bounced"),
}

_DESK_TEXTS = TEXTS | {
    Reading.FAILED: N_("We gave up before any hand-over was accepted."),
    Reading.REJECTED: N_("The mail service refused to take it or to pass it on."),
    Reading.BOUNCED: N_(
        "The recipient's mail server refused it or returned it. It will not arrive."
    ),
}


def desk_words(
    reading: Reading, language: str, *, ceiling: Ceiling | None = None, doubted: bool = False
) -> Words:
    """What the desk says of a message whose status reads `reading`: the exact state, for those who run the site."""
    if reading is Reading.ACCEPTED:
        text = accepted_words(ceiling, doubted=doubted)
    else:
        text = _DESK_TEXTS[reading]
    return Words(
        label=say(DESK_LABELS[reading], language),
        text=say(text, language),
        hint="",
        tone=TONES[reading],
    )


_BESIDE_STEPS = {
    Reading.DELIVERED: "",
    Reading.REJECTED: N_("It will not arrive."),
    Reading.BOUNCED: N_("It will not arrive."),
}


def text_beside_steps(reading: Reading, said: Words, language: str) -> str:
    """The sentence of `said` where what happened is told beneath: without what the last step tells."""
    return say(_BESIDE_STEPS[reading], language) if reading in _BESIDE_STEPS else said.text


_NOTES = {
    Note.COMPLAINED: N_("It was reported as unwanted"),
    Note.DISOWNED: N_("Its reader said that they asked for none"),
    Note.CORRECTED: N_("The visitor corrected the address"),
    Note.SILENT: N_("The mail service stopped reporting"),
    Note.CAPPED: N_("The day's mails are used up"),
    Note.OVER_RATE: N_("More confirmations were asked for than are sent in an hour"),
    Note.PAUSED: N_("The form's confirmations pause"),
    Note.UNKNOWN: N_("It is not known whether it arrived"),
    Note.SET_UP: N_("Mails like it are refused"),
}


def note_words(note: Note, language: str) -> str:
    """Why an alert was written, or "" when it is no alert."""
    if note.is_failure:
        return say(DESK_LABELS[Reading(note.value)], language)
    return say(_NOTES.get(note, ""), language)


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
    Reason.TOO_MANY: N_(
        "The address was sent several confirmations within a short time, or its reader said that they asked for "
        "none: nobody is to fill a mailbox with our mails."
    ),
    Reason.NO_PERSON: N_(
        "Nobody reads confirmations at such an address: it runs a mail system, takes no answers, or is a gateway to "
        "text messages."
    ),
    Reason.PAUSED: N_(
        "Confirmations of this form paused for longer than a day, because too many came back or were unwanted."
    ),
    Reason.ENOUGH_ALERTS: N_(
        "Many mails of this form went wrong within an hour, and its reader had enough alerts of them. The desk "
        "shows all."
    ),
    Reason.OVER_CAP: N_("This site had sent as many mails that day as its settings allow."),
    Reason.OVER_RATE: N_(
        "More confirmations of this form, or of this site, were asked for within an hour than its settings allow."
    ),
    Reason.BUSY_NETWORK: N_(
        "More confirmations were asked for from one network within an hour than the settings of this site allow. "
        "Many people may share a network: a company, a school, the customers of a telephone company."
    ),
    Reason.DISOWNED: N_("Whoever reads it said that it was not them who filled in the form."),
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
    Kind.WITHHELD: N_("Not handed over, on purpose"),
    Kind.FAILED: N_("Given up"),
    Kind.ACCEPTED: N_("The mail service took it"),
    Kind.DEFERRED: N_("Not taken for now"),
    Kind.UNDETERMINED: N_("A report that does not say whether it will arrive"),
    Kind.REJECTED: N_("The mail service refused it"),
    Kind.DELIVERED: N_("The recipient's mail server accepted it"),
    Kind.BOUNCED: N_("Refused or returned by the mail server"),
    Kind.ANSWER_LOST: N_("The mail service's answer was lost: it may or may not have taken it"),
    Kind.INTERRUPTED: N_(
        "Our process stopped in the middle: it may or may not have been handed over"
    ),
    Kind.COMPLAINED: N_("The recipient reported it as unwanted"),
    Kind.UNCONFIRMED: N_(
        "A failure was reported; the mail service's records have yet to confirm it"
    ),
    Kind.SILENT: N_("The mail service has reported nothing on any mail since"),
    Kind.PAUSED: N_("Too many went wrong, and the form's confirmations paused"),
    Kind.OTHER: N_("A word of the mail service that is not known here"),
}

_CEILINGS = {
    Ceiling.HANDED_OVER: N_("All that can be known here is that the service took the mail."),
    Ceiling.NOT_RETURNED: N_("This service can tell that it took the mail, and that it came back."),
    Ceiling.DELIVERED: N_("This service reports when the recipient's server accepts the mail."),
}


_BEGUN = {True: N_("Stored here"), False: N_("Tried again")}


def begun_words(*, is_first: bool, language: str) -> str:
    """With what an attempt begins: the first when its mail is stored, each other one when it is made."""
    return say(_BEGUN[is_first], language)


def event_words(kind: Kind, language: str) -> str:
    """What a delivery event tells."""
    return say(_EVENTS[kind], language)


def ceiling_words(ceiling: Ceiling, language: str) -> str:
    """What a service can prove at best."""
    return say(_CEILINGS[ceiling], language)
