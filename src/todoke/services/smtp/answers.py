"""What a bad answer of an SMTP server means for a mail, with the command in view that it answers. Pure."""

from __future__ import annotations

from enum import StrEnum

from todoke.model.delivery import Party, Reason
from todoke.model.errors import SendDeferred, SendRefused
from todoke.model.smtp_codes import Diagnosis, find_status_code, read_answer
from todoke.services.smtp.talk import Answer

LEAST_SIZE = 65_536  # octets of a mail that every server must take (RFC 5321 4.5.3.1.7)


class Verb(StrEnum):
    """What of a transaction was answered."""

    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    DOT = "."


VERBS = (Verb.MAIL, Verb.RCPT, Verb.DATA)


def failure(
    answer: Answer, verb: Verb, octets: int, *, has_utf8_address: bool = False
) -> SendDeferred | SendRefused:
    """What a bad answer means (RFC 5321 4.2.1): 5yz is not ever; 4yz, and what makes no sense here, is not now.

    Unless its words are about our sender, client or login: servers tell that at RCPT (Postfix's smtpd_delay_reject) or
    later. That is not now, and perhaps for all mails. `octets` is the mail's size; `has_utf8_address` says that its
    recipient, and not its sender, needs SMTPUTF8.
    """
    if verb is Verb.MAIL:
        return _of_mail(answer, octets, has_utf8_address=has_utf8_address)
    read = _read(answer)
    if read.party is Party.SENDER:
        return deferred(answer, stop_all=False, suspects_set_up=True)
    if 500 <= answer.code < 600:
        return _refused(answer, verb, is_doubtful=not _is_of_this_mail(read, octets))
    return deferred(answer, stop_all=False)


def deferred(answer: Answer, *, stop_all: bool, suspects_set_up: bool = False) -> SendDeferred:
    """Not now, in the server's words. What it refuses for good to all mails alike is wrong with the set-up.

    Where all mails are meant no recipient was named, so no reason about one comes from it.
    """
    read, reason = _read(answer), None
    if read.party is Party.SENDER:
        reason = read.reason
    elif stop_all and answer.code >= 500:
        reason = Reason.MISCONFIGURED
    elif stop_all and read.party in {Party.RECIPIENT, Party.MESSAGE}:
        reason = Reason.OTHER
    return SendDeferred(
        code=str(answer.code),
        status_code=find_status_code(answer.text),
        diagnostic=str(answer),
        reason=reason,
        stop_all=stop_all,
        suspects_set_up=suspects_set_up,
    )


def _of_mail(answer: Answer, octets: int, *, has_utf8_address: bool) -> SendDeferred | SendRefused:
    """What a refused MAIL means: it is for this mail's size or address, where those are odd, or for what all share."""
    is_large = octets > LEAST_SIZE and _speaks_of_size(answer)
    is_utf8 = has_utf8_address and find_status_code(answer.text)[2:] in {"6.7", "6.9"}
    if not (is_large or is_utf8):
        return deferred(answer, stop_all=True)
    if answer.code < 500:
        return deferred(answer, stop_all=False)
    return _refused(answer, Verb.MAIL, reason=Reason.TOO_LARGE if is_large else None)


def _refused(
    answer: Answer, verb: Verb, *, reason: Reason | None = None, is_doubtful: bool = False
) -> SendRefused:
    return SendRefused(
        code=str(answer.code),
        status_code=find_status_code(answer.text),
        diagnostic=str(answer),
        reason=reason,
        command=verb.value,
        is_doubtful=is_doubtful,
    )


def _is_of_this_mail(read: Diagnosis, octets: int) -> bool:
    """Whether an answer says that its recipient or this mail is at fault: no small mail is for its size."""
    if read.reason is Reason.TOO_LARGE:
        return octets > LEAST_SIZE
    return read.party in {Party.RECIPIENT, Party.MESSAGE}


def _speaks_of_size(answer: Answer) -> bool:
    """Whether words or enhanced code speak of a size, or there are none beside 552 (RFC 1870 6.1)."""
    reason = read_answer("", "", answer.text).reason
    return reason is Reason.TOO_LARGE or (answer.code == 552 and reason is Reason.OTHER)


def _read(answer: Answer) -> Diagnosis:
    return read_answer(str(answer.code), "", answer.text)
