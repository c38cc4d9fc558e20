"""The words of an alert: which mail failed, for whom, why, and what a manager can do. Pure tables, one per question."""

from __future__ import annotations

from dataclasses import dataclass

from todoke.mail.inert import clean_line, unlink
from todoke.mail.templates import View
from todoke.model.delivery import Kind, Permanence, Reason, Standing, Status
from todoke.model.language import local_time, translator
from todoke.model.message import MessageTimeline, Role

CORRECTED = "corrected"
COMPLAINED = "complained"
SILENT = "silent"


def _(text: str) -> str:
    """Mark a text for the catalog; it is translated where it is shown."""
    return text


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertWords(View):
    """What an alert says, in the manager's language. `why` and `answer` may be ""."""

    title: str
    happened: str
    why: str
    answer: str
    advice: tuple[str, ...]


_TITLES = {
    CORRECTED: _("A visitor corrected their address"),
    COMPLAINED: _("A mail was reported as unwanted"),
    SILENT: _("The mail service has stopped reporting"),
}
_FAILED_TITLE = _("A mail did not arrive")

_WHOSE = {
    Role.CONFIRMATION: _("The confirmation to the visitor (%(recipient)s)"),
    Role.NOTIFICATION: _("The notification to %(recipient)s"),
    Role.ALERT: _("An alert to %(recipient)s"),
}

_HAPPENED = {
    Status.FAILED.value: _("%(mail)s could not be handed over in time and was given up."),
    Status.REJECTED.value: _("%(mail)s was refused by the mail service and was not sent."),
    Status.BOUNCED.value: _("%(mail)s came back: it was not delivered."),
    COMPLAINED: _("%(mail)s arrived, and its recipient reported it as unwanted."),
    CORRECTED: _(
        "The visitor corrected the address for the confirmation: it was %(old)s and is now %(new)s."
    ),
}
_SILENT_SINCE = _(
    "The mail service has reported nothing since %(since)s. Mails are still handed over to it, but whether they arrive "
    "is not known here."
)
_SILENT_WHY = _(
    "Its webhook may be switched off, or its calls do not get through to this site. The first mail that was not "
    "reported on belongs to the message below."
)
_HAPPENED_OTHERWISE = _("%(mail)s did not arrive.")

_WHY = {
    Reason.UNKNOWN_ADDRESS: _("There is no mailbox with this address, or it is closed."),
    Reason.UNKNOWN_HOST: _(
        "The part of the address after the @ does not name a place that takes mail."
    ),
    Reason.MAILBOX_FULL: _("The mailbox is full."),
    Reason.TOO_LARGE: _("The mail is larger than the recipient's server takes."),
    Reason.POLICY: _(
        "The server's rules do not allow it: it may mistrust the sender or the content."
    ),
    Reason.CONTENT: _("The server did not accept what the mail contains."),
    Reason.TIMED_OUT: _(
        "The server could not be reached, or did not take it within the time allowed."
    ),
    Reason.SUPPRESSED: _(
        "The mail service no longer sends to this address, because earlier mail failed."
    ),
    Reason.FORWARDING: _("The mail was to be forwarded, and the forwarding does not work."),
    Reason.MISCONFIGURED: _("Something is set up wrongly between this site and its mail service."),
    Reason.OTHER: _("The reason given is below."),
}

_CHECK_SETUP = _("Ask the person who runs this site to check the mail settings (todoke check).")
_ADVICE: dict[Reason, str] = {
    Reason.MISCONFIGURED: _CHECK_SETUP,
    Reason.POLICY: _CHECK_SETUP,
    Reason.MAILBOX_FULL: _("Try again later: mailboxes are emptied."),
}
_VISITOR_ADVICE = (
    _("If the visitor gave a telephone number or another way to reach them, use it."),
    _("The visitor may have mistyped the address; they can correct it on their receipt page."),
)
_MANAGER_ADVICE = (
    _("Read the message at the desk, and answer the visitor from there."),
    _("Check this recipient's address in the settings of the form."),
)
_COMPLAINED_ADVICE = (
    _(
        "Do not write to this address again without need: complaints harm the delivery of all mail of this site."
    ),
)
_CORRECTED_ADVICE = (
    _("Use the new address when you answer; the notification that you have names the old one."),
)
_SILENT_ADVICE = (
    _(
        "In the mail service's console, look at the webhook: is it switched on, is its address that of this site, and "
        "does it end in the right secret?"
    ),
    _("Look at the console's log of webhook calls: it says what this site answered."),
    _("Check that the address can be reached from outside, with a certificate that is valid."),
    _(
        "Meanwhile the command todoke reconcile asks the service's records for what was not reported."
    ),
)


def alert_words(note: str, about: MessageTimeline | None, language: str) -> AlertWords:
    """Say in `language` what the alert with this `note` tells of the message `about` (None if it is gone)."""
    say = translator("mail", language).gettext
    standing = _told(note, about)
    failed = note not in {CORRECTED, COMPLAINED, SILENT}
    reason = standing.reason if standing and failed else None
    return AlertWords(
        title=say(_TITLES.get(note, _FAILED_TITLE)),
        happened=_happened(note, about, language),
        why=_why(note, reason, language),
        answer=_answer(standing) if standing and failed else "",
        advice=tuple(say(step) for step in _advice(note, about, reason, standing)),
    )


def _why(note: str, reason: Reason | None, language: str) -> str:
    say = translator("mail", language).gettext
    if note == SILENT:
        return say(_SILENT_WHY)
    return say(_WHY[reason]) if reason else ""


def _told(note: str, about: MessageTimeline | None) -> Standing | None:
    """The standing the alert was written for: the latest attempt's that has this status, else the latest."""
    if about is None or not about.attempts:
        return None
    standings = [a.standing for a in about.attempts]
    return next((s for s in reversed(standings) if s.status.value == note), standings[-1])


def _happened(note: str, about: MessageTimeline | None, language: str) -> str:
    say = translator("mail", language).gettext
    if note == SILENT:
        return say(_SILENT_SINCE) % {"since": _silent_since(about, language)}
    if about is None:
        return say(_HAPPENED_OTHERWISE) % {"mail": say(_("A mail of this message"))}
    earlier = [a.attempt.recipient for a in about.attempts]
    if note == CORRECTED:
        new = about.message.recipient
        old = next((r for r in reversed(earlier) if r != new), "?")
        return say(_HAPPENED[CORRECTED]) % {"old": clean_line(old), "new": clean_line(new)}
    told = next((a for a in reversed(about.attempts) if a.standing.status.value == note), None)
    recipient = clean_line(told.attempt.recipient if told else about.message.recipient)
    mail = say(_WHOSE[about.message.role]) % {"recipient": recipient}
    return say(_HAPPENED.get(note, _HAPPENED_OTHERWISE)) % {"mail": mail}


def _silent_since(about: MessageTimeline | None, language: str) -> str:
    """When the service was last heard, as the note on the message says; "?" if that is gone."""
    attempts = about.attempts if about else ()
    notes = [e.at for a in attempts for e in a.events if e.kind is Kind.SILENT]
    return local_time(max(notes), language) if notes else "?"


def _answer(standing: Standing) -> str:
    """The server's own words, with the status code where they do not hold it."""
    words = clean_line(standing.diagnostic, 500)
    if standing.status_code and standing.status_code not in words:
        words = f"{standing.status_code} {words}"
    return unlink(words).strip() if "://" in words else words.strip()


def _advice(
    note: str, about: MessageTimeline | None, reason: Reason | None, standing: Standing | None
) -> tuple[str, ...]:
    if note == CORRECTED:
        return _CORRECTED_ADVICE
    if note == COMPLAINED:
        return _COMPLAINED_ADVICE
    if note == SILENT:
        return _SILENT_ADVICE
    first = (_ADVICE[reason],) if reason in _ADVICE else ()
    if about is None or about.message.role is not Role.CONFIRMATION:
        return (*_MANAGER_ADVICE[:1], *first, *_MANAGER_ADVICE[1:])
    address_at_fault = standing is not None and standing.permanence is Permanence.HARD
    mistyped = address_at_fault or reason in {Reason.UNKNOWN_ADDRESS, Reason.UNKNOWN_HOST}
    return (*first, *(_VISITOR_ADVICE if mistyped or not first else _VISITOR_ADVICE[:1]))
