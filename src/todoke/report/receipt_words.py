"""The receipt's words, for whoever holds its link. Pure; in English, said in other languages by gettext.

They never say WHY or by whom a message was refused, so that nobody can ask which mailboxes exist, and blame nobody:
every failure has the same words. They never claim more than the evidence.
"""

from __future__ import annotations

from enum import StrEnum

from todoke.model.delivery import FAILED_READINGS, Ceiling, Reading
from todoke.model.language import N_
from todoke.model.message import Role
from todoke.report.words import LABELS, TEXTS, TONES, Words, accepted_words, say

_FAILED = N_("It came back or could not be delivered.")

_WITHHELD = N_(
    "What you wrote is stored safely, and the people who look after it are told. This page is your confirmation."
)

_IN_REVIEW = N_(
    "We have what you wrote. Somebody looks at it before any mail about it leaves. There is nothing for you to do."
)

_HEADLINES = {
    Role.CONFIRMATION: N_("Your confirmation was not delivered"),
    Role.NOTIFICATION: N_("The mail about your message to %(site)s was not delivered"),
}

_SPAM = N_("Not in your inbox? Please look in the spam folder too.")
_MAY_CORRECT = {
    Reading.UNKNOWN: N_("If it does not come and the address was mistyped, correct it below."),
} | dict.fromkeys(
    FAILED_READINGS,
    N_(
        "What you wrote is stored safely all the same. If the address was mistyped, correct it below."
    ),
)
_MAY_NOT_CORRECT = {
    Reading.UNKNOWN: N_(
        "If it does not come, please contact %(site)s in another way and give the reference."
    ),
} | dict.fromkeys(
    FAILED_READINGS,
    N_(
        "What you wrote is stored safely all the same. The address cannot be changed here any more: "
        "if you need an answer, please contact %(site)s in another way and give the reference."
    ),
)
_STAFF_CAN_READ = N_(
    "Your message is stored safely, and the people who look after it can read it where it is stored."
)
_STAFF_TOLD = N_(
    "Your message is stored safely, and the people who look after it were told by another mail."
)


def receipt_words(
    reading: Reading,
    role: Role,
    language: str,
    *,
    site: str = "",
    ceiling: Ceiling | None = None,
    doubted: bool = False,
    can_correct: bool = False,
    alerted: bool = False,
) -> Words:
    """What the receipt says of a message of `role` whose status reads `reading`.

    An accepted message without a ceiling is spoken of as bare SMTP would be; it is `doubted` while a failure that was
    told of it is not confirmed. `can_correct`: its address may be corrected. `alerted`: the mail service
    took an alert about it.
    """
    if reading.is_failure:
        text = _FAILED
    elif reading is Reading.ACCEPTED:
        text = accepted_words(ceiling, doubted=doubted)
    elif reading is Reading.IN_REVIEW:
        text = _IN_REVIEW
    else:
        text = TEXTS[reading]
    label = say(LABELS[reading], language)
    headline = say(_HEADLINES.get(role, ""), language) if reading.is_failure else ""
    hint = _hint(reading, role, can_correct=can_correct, alerted=alerted)
    return Words(
        label=label,
        headline=headline.replace("%(site)s", site) or label,
        text=say(text, language),
        hint=say(hint, language).replace("%(site)s", site),
        tone=TONES[reading],
    )


def _hint(reading: Reading, role: Role, *, can_correct: bool, alerted: bool) -> str:
    """What the reader can do, or may rest assured of; "" for nothing."""
    if role is Role.CONFIRMATION:
        if reading in {Reading.ACCEPTED, Reading.DELIVERED}:
            return _SPAM
        if reading is Reading.WITHHELD:
            return _WITHHELD
        return (_MAY_CORRECT if can_correct else _MAY_NOT_CORRECT).get(reading, "")
    if reading.is_failure or reading is Reading.UNKNOWN:
        return _STAFF_TOLD if alerted else _STAFF_CAN_READ
    return ""


_TITLES = {
    Role.CONFIRMATION: N_("Confirmation to you"),
    Role.NOTIFICATION: N_("Your message to %(site)s"),
    Role.ALERT: N_("Alert"),
}


def receipt_title(role: Role, site: str, language: str) -> str:
    """The heading of a message on the receipt."""
    return say(_TITLES[role], language).replace("%(site)s", site)


_CORRECTED = {
    Reading.UNKNOWN: N_(
        "We now send to %(to)s; what became of the mail to the earlier address, %(earlier)s, is not known."
    ),
} | dict.fromkeys(
    FAILED_READINGS,
    N_("We now send to %(to)s; the mail to the earlier address, %(earlier)s, failed."),
)
_CORRECTED_ELSE = N_("We now send to %(to)s in place of %(earlier)s.")
_CORRECTED_IN_VAIN = N_("The mail to the corrected address, %(to)s, was not delivered either.")


def correction_words(reading: Reading, to: str, was: Reading, earlier: str, language: str) -> str:
    """What a correction did: where the mail goes now and how it reads, and the same of the address before.

    Both addresses are masked.
    """
    in_vain = reading.is_failure and was.is_failure
    text = _CORRECTED_IN_VAIN if in_vain else _CORRECTED.get(was, _CORRECTED_ELSE)
    return say(text, language).replace("%(to)s", to).replace("%(earlier)s", earlier)


_CORRECT_LINK = N_("Correct the address")
_READ_LINK = N_("What this means")
_UNKNOWN_HEADLINE = N_("It is not known whether your confirmation arrived")


def attention_words(
    reading: Reading, headline: str, language: str, *, can_correct: bool
) -> tuple[str, str]:
    """One line for the top of the receipt about a message that needs its reader: a sentence, and what its link says.

    `headline` is that of the message's words.
    """
    link = _CORRECT_LINK if can_correct else _READ_LINK
    text = headline if reading.is_failure else say(_UNKNOWN_HEADLINE, language)
    return text, say(link, language)


_SUGGESTION = N_("Your confirmation goes to %(to)s. Did you mean %(meant)s?")
_NO_MAIL = N_("No mail reaches %(to)s: its domain takes none. Is the address right?")
_SUGGESTION_BUTTON = N_("Yes, correct it")


def suggestion_words(to: str, meant: str, language: str) -> tuple[str, str]:
    """Whether another address was meant than was typed, and what the button for it says. Both are masked."""
    text = say(_SUGGESTION, language).replace("%(to)s", to).replace("%(meant)s", meant)
    return text, say(_SUGGESTION_BUTTON, language)


def no_mail_words(to: str, language: str) -> str:
    """That the domain of an address, which is masked, takes no mail."""
    return say(_NO_MAIL, language).replace("%(to)s", to)


class Step(StrEnum):
    """A station on a message's way."""

    STORED = "stored"
    HANDED_OVER = "handed_over"
    ARRIVED = "arrived"


class StepState(StrEnum):
    """How a message stands at a station."""

    DONE = "done"
    WAIT = "wait"
    LATE = "late"
    TRIED = "tried"
    """It was tried; what came of it is not told, because that would tell why the message failed."""
    FAILED = "failed"
    UNKNOWN = "unknown"
    UNSEEN = "unseen"
    """The service cannot tell."""
    NOT_RETURNED = "not_returned"
    NONE = "none"
    """There is none: the message is not sent."""
    REVIEW = "review"
    """It comes after somebody has looked at the submission, if at all."""


_STEPS = {
    (Step.STORED, StepState.DONE): N_("Stored"),
    (Step.HANDED_OVER, StepState.DONE): N_("Handed over"),
    (Step.HANDED_OVER, StepState.WAIT): N_("Hand-over to come"),
    (Step.HANDED_OVER, StepState.LATE): N_("Hand-over delayed"),
    (Step.HANDED_OVER, StepState.TRIED): N_("Hand-over tried"),
    (Step.HANDED_OVER, StepState.UNKNOWN): N_("Hand-over not confirmed"),
    (Step.HANDED_OVER, StepState.NONE): N_("No hand-over"),
    (Step.HANDED_OVER, StepState.REVIEW): N_("Kept for review"),
    (Step.ARRIVED, StepState.DONE): N_("At the recipient's mail server"),
    (Step.ARRIVED, StepState.WAIT): N_("Delivery not confirmed yet"),
    (Step.ARRIVED, StepState.LATE): N_("Delivery delayed"),
    (Step.ARRIVED, StepState.FAILED): N_("Not delivered"),
    (Step.ARRIVED, StepState.UNKNOWN): N_("Delivery not known"),
    (Step.ARRIVED, StepState.UNSEEN): N_("Cannot be seen from here"),
    (Step.ARRIVED, StepState.NOT_RETURNED): N_("Not returned so far"),
    (Step.ARRIVED, StepState.NONE): N_("No delivery"),
    (Step.ARRIVED, StepState.REVIEW): N_("No delivery so far"),
}


def step_words(step: Step, state: StepState, language: str) -> str:
    """The label of one step of a message's way, which says its state too."""
    return say(_STEPS[step, state], language)
