"""The words of an alert: which mail failed, for whom, why, and what a manager can do. Pure tables, one per question."""

from __future__ import annotations

from dataclasses import dataclass

from todoke.mail.inert import Inert, inert_address, inert_line
from todoke.mail.views import View
from todoke.model.delivery import PARTY_OF, Kind, Party, Reason, Standing
from todoke.model.language import N_, translator
from todoke.model.message import MessageTimeline, Note, Role
from todoke.model.show import show_time
from todoke.model.zone import UTC_ZONE, Zone


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertWords(View):
    """What an alert says, in the manager's language. `why` and `answer` may be ""."""

    title: str
    happened: str
    why: str
    answer: Inert
    advice: tuple[str, ...]


_TITLES = {
    Note.CORRECTED: N_("A visitor corrected their address"),
    Note.COMPLAINED: N_("A mail was reported as unwanted"),
    Note.DISOWNED: N_("Somebody asked for no confirmation and was sent one"),
    Note.SILENT: N_("The mail service has stopped reporting"),
    Note.CAPPED: N_("Today's mails are used up"),
    Note.OVER_RATE: N_("More confirmations were asked for than are sent in an hour"),
    Note.PAUSED: N_("Confirmations of a form pause"),
    Note.UNKNOWN: N_("It is not known whether a mail arrived"),
    Note.SET_UP: N_("Mails are refused, and others are taken"),
}
_FAILED_TITLE = N_("A mail did not arrive")

_WHOSE = {
    Role.CONFIRMATION: N_("The confirmation to the visitor (%(recipient)s)"),
    Role.NOTIFICATION: N_("The notification to %(recipient)s"),
    Role.ALERT: N_("An alert to %(recipient)s"),
}

_HAPPENED = {
    Note.FAILED: N_("%(mail)s could not be handed over in time and was given up."),
    Note.REJECTED: N_("%(mail)s was refused by the mail service and was not sent."),
    Note.BOUNCED: N_("%(mail)s came back: it was not delivered."),
    Note.UNKNOWN: N_(
        "%(mail)s was handed over, and the mail server's answer never came. It may have arrived or not, and is not "
        "sent again by itself."
    ),
    Note.SET_UP: N_(
        "%(mail)s and others like it are refused by the mail server with the same words, while other mails are taken. "
        "They are tried again for some days by themselves."
    ),
    Note.COMPLAINED: N_("%(mail)s arrived, and its recipient reported it as unwanted."),
    Note.CAPPED: N_(
        "This site has sent as many mails today as its settings allow. %(mail)s was the first that did not go."
    ),
    Note.OVER_RATE: N_(
        "More confirmations were asked for than this site sends in an hour: of a form, of all of them, or from one "
        "network. %(mail)s was the first today that did not go. Your own mails go on."
    ),
    Note.PAUSED: N_(
        "Too many confirmations of this form came back or were unwanted. %(mail)s was the last of them. They pause "
        "now, so that the mails of this site keep arriving; your own go on."
    ),
    Note.DISOWNED: N_(
        "%(mail)s arrived, and whoever reads it said that it was not them who filled in the form."
    ),
    Note.CORRECTED: N_(
        "The visitor corrected the address for the confirmation: it was %(old)s and is now %(new)s."
    ),
}
_SILENT_SINCE = N_(
    "The mail service has reported nothing since %(since)s. Mails are still handed over to it, but whether they arrive "
    "is not known here."
)
_SILENT_WHY = N_(
    "Its webhook may be switched off, or its calls do not get through to this site. The first mail that was not "
    "reported on belongs to the message below."
)
_HAPPENED_OTHERWISE = N_("%(mail)s did not arrive.")

_WHY = {
    Reason.UNKNOWN_ADDRESS: N_("There is no mailbox with this address, or it is closed."),
    Reason.UNKNOWN_HOST: N_(
        "The part of the address after the @ does not name a place that takes mail."
    ),
    Reason.MAILBOX_FULL: N_("The mailbox is full."),
    Reason.TOO_LARGE: N_("The mail is larger than the recipient's server takes."),
    Reason.POLICY: N_(
        "The server's rules do not allow it: it may mistrust the sender or the content."
    ),
    Reason.CONTENT: N_("The server did not accept what the mail contains."),
    Reason.TIMED_OUT: N_(
        "The server could not be reached, or did not take it within the time allowed."
    ),
    Reason.SUPPRESSED: N_(
        "The mail service no longer sends to this address, because earlier mail failed."
    ),
    Reason.FORWARDING: N_("The mail was to be forwarded, and the forwarding does not work."),
    Reason.MISCONFIGURED: N_(
        "The fault is this site's own and not the address: its mail settings, its domain or quota, or "
        "its mail service."
    ),
    Reason.OTHER: N_("The reason given is below."),
}

_CHECK_SETUP = N_("Ask the person who runs this site to check the mail settings (todoke check).")
_ADVICE: dict[Reason, str] = {
    Reason.MISCONFIGURED: _CHECK_SETUP,
    Reason.POLICY: _CHECK_SETUP,
    Reason.MAILBOX_FULL: N_("Try again later: mailboxes are emptied."),
}
_CALL = N_("Call the visitor: they gave the telephone number %(telephone)s.")
_VISITOR_ADVICE = (
    N_("If the visitor gave another way to reach them, use it."),
    N_("The visitor may have mistyped the address; they can correct it on their receipt page."),
)
_MANAGER_ADVICE = (
    N_("Read the message at the desk, and answer the visitor from there."),
    N_("Check this recipient's address in the settings of the form."),
)
_COMPLAINED_ADVICE = (
    N_(
        "Do not write to this address again without need: complaints harm the delivery of all mail of this site."
    ),
)
_DISOWNED_ADVICE = (
    N_(
        "Do not write to this address: somebody else typed it, by mistake or on purpose. It is sent no more "
        "confirmations."
    ),
    N_("Look at what was sent with it at the desk, and erase it if nobody needs it."),
)
_PAUSED_ADVICE = (
    N_(
        "Look at what came in lately at the desk: is somebody filling in made-up or other people's addresses?"
    ),
    N_(
        "Nothing else is to be done: after an hour a few pass, and if none of them goes wrong, all do. What waits for "
        "longer than a day is not sent; its visitors see that on their receipts."
    ),
)
_CAPPED_ADVICE = (
    N_("Everything that visitors send is stored: read it at the desk."),
    N_(
        "Mails to managers wait until tomorrow (UTC); confirmations are not sent. If these are honest visitors, let "
        "whoever runs the site raise site.max_mails_per_day."
    ),
)
_OVER_RATE_ADVICE = (
    N_(
        "Look at what came in lately at the desk: is somebody filling in made-up or other people's addresses?"
    ),
    N_(
        "Everything is stored, and its visitors see on their receipts that no mail goes to them. If they are honest, "
        "let whoever runs the site raise site.max_confirmations_of_form, _of_site or _of_network, as the desk says why."
    ),
)
_CORRECTED_ADVICE = (
    N_("Use the new address when you answer; the notification that you have names the old one."),
)
_SILENT_ADVICE = (
    N_(
        "In the mail service's console, look at the webhook: is it switched on, is its address that of this site, and "
        "does it end in the right secret?"
    ),
    N_("Look at the console's log of webhook calls: it says what this site answered."),
    N_("Check that the address can be reached from outside, with a certificate that is valid."),
    N_(
        "Meanwhile the command todoke reconcile asks the service's records for what was not reported."
    ),
)
_SET_UP_ADVICE = (
    _CHECK_SETUP,
    N_(
        "Often a mail server takes mail to its own domain from anybody, and other mail only after a login "
        "(mail.smtp.user)."
    ),
)
_UNKNOWN_ADVICE = (
    N_("Read the message at the desk, and answer the visitor from there."),
    N_("If the mail did not come, send it again from the desk."),
)

_ADVICE_OF = {
    Note.CORRECTED: _CORRECTED_ADVICE,
    Note.COMPLAINED: _COMPLAINED_ADVICE,
    Note.PAUSED: _PAUSED_ADVICE,
    Note.CAPPED: _CAPPED_ADVICE,
    Note.OVER_RATE: _OVER_RATE_ADVICE,
    Note.DISOWNED: _DISOWNED_ADVICE,
    Note.SILENT: _SILENT_ADVICE,
    Note.UNKNOWN: _UNKNOWN_ADVICE,
    Note.SET_UP: _SET_UP_ADVICE,
}


def alert_words(
    note: Note,
    about: MessageTimeline | None,
    language: str,
    zone: Zone = UTC_ZONE,
    telephone: Inert = Inert(""),  # noqa: B008 - a text
) -> AlertWords:
    """Say in `language` what the alert with this `note` tells of the message `about` (None if it is gone).

    `telephone` is the visitor's number, "" if none was given.
    """
    say = translator("mail", language).gettext
    standing = _told(note, about)
    failed = note not in {
        Note.CORRECTED,
        Note.DISOWNED,
        Note.PAUSED,
        Note.CAPPED,
        Note.OVER_RATE,
        Note.COMPLAINED,
        Note.SILENT,
        Note.UNKNOWN,
        Note.SET_UP,
    }
    reason = standing.reason if standing and failed else None
    return AlertWords(
        title=say(_TITLES.get(note, _FAILED_TITLE)),
        happened=_happened(note, about, language, zone),
        why=_why(note, reason, language),
        answer=_answer(standing) if standing and (failed or note is Note.SET_UP) else Inert(""),
        advice=tuple(_say(step, telephone, language) for step in _advice(note, about, reason)),
    )


def _say(step: str, telephone: Inert, language: str) -> str:
    """A step in words; where another way to the visitor is advised and the number is known, it is that."""
    say = translator("mail", language).gettext
    if step == _VISITOR_ADVICE[0] and telephone:
        return say(_CALL) % {"telephone": telephone}
    return say(step)


def _why(note: Note, reason: Reason | None, language: str) -> str:
    say = translator("mail", language).gettext
    if note is Note.SILENT:
        return say(_SILENT_WHY)
    if note is Note.SET_UP:
        return say(_WHY[Reason.MISCONFIGURED])
    return say(_WHY[reason]) if reason in _WHY else ""


def _told(note: Note, about: MessageTimeline | None) -> Standing | None:
    """The standing the alert was written for: the latest attempt's that has this status, else the latest."""
    if about is None or not about.attempts:
        return None
    standings = [a.standing for a in about.attempts]
    return next((s for s in reversed(standings) if s.status.value == note), standings[-1])


def _happened(note: Note, about: MessageTimeline | None, language: str, zone: Zone) -> str:
    say = translator("mail", language).gettext
    if note is Note.SILENT:
        return say(_SILENT_SINCE) % {"since": _silent_since(about, language, zone)}
    if about is None:
        return say(_HAPPENED_OTHERWISE) % {"mail": say(N_("A mail of this message"))}
    earlier = [a.attempt.recipient for a in reversed(about.attempts)]
    if note is Note.CORRECTED:
        new = about.message.recipient
        old = next((inert_address(r) for r in earlier if r != new), "?")
        return say(_HAPPENED[Note.CORRECTED]) % {"old": old, "new": inert_address(new)}
    told = next((a for a in reversed(about.attempts) if a.standing.status.value == note), None)
    recipient = inert_address(told.attempt.recipient if told else about.message.recipient)
    mail = say(_WHOSE[about.message.role]) % {"recipient": recipient}
    return say(_HAPPENED.get(note, _HAPPENED_OTHERWISE)) % {"mail": mail}


def _silent_since(about: MessageTimeline | None, language: str, zone: Zone) -> str:
    """When the service was last heard, as the note on the message says; "?" if that is gone."""
    attempts = about.attempts if about else ()
    notes = [e.at for a in attempts for e in a.events if e.kind is Kind.SILENT]
    return show_time(max(notes), zone, language) if notes else "?"


def _answer(standing: Standing) -> Inert:
    """The server's own words, with the status code where they do not hold it."""
    words = standing.diagnostic
    if standing.status_code and standing.status_code not in words:
        words = f"{standing.status_code} {words}"
    return inert_line(words, 500)


def _advice(note: Note, about: MessageTimeline | None, reason: Reason | None) -> tuple[str, ...]:
    if note in _ADVICE_OF:
        return _ADVICE_OF[note]
    first = (_ADVICE[reason],) if reason in _ADVICE else ()
    if about is None or about.message.role is not Role.CONFIRMATION:
        address = _MANAGER_ADVICE[1:] if _may_be_address(reason) else ()
        return (*_MANAGER_ADVICE[:1], *first, *address)
    return (*first, *(_VISITOR_ADVICE if _may_be_address(reason) else _VISITOR_ADVICE[:1]))


def _may_be_address(reason: Reason | None) -> bool:
    """Whether a wrong address may be why: never where the fault is ours, this mail's, or a mailbox that is there."""
    party = PARTY_OF[reason] if reason else Party.NOBODY
    return party not in {Party.SENDER, Party.MESSAGE} and reason is not Reason.MAILBOX_FULL
