"""Open an SMTP session: connect, greeting, EHLO, STARTTLS, AUTH. Every fault here would meet every mail: stop_all."""

from __future__ import annotations

import re
import smtplib
import socket
import ssl

from todoke.model.delivery import Reason
from todoke.model.errors import ConfigError, SendDeferred
from todoke.model.redaction import Redaction
from todoke.model.smtp_codes import find_status_code
from todoke.services.smtp.answers import deferred
from todoke.services.smtp.login import log_in
from todoke.services.smtp.session import Session, words_of
from todoke.services.smtp.settings import SmtpSettings
from todoke.services.smtp.talk import LOST, Answer, Talk, TalkTls, answer_of

LOGIN_REFUSED = smtplib.SMTPAuthenticationError
LOGIN_PAUSE_SECONDS = 300.0  # providers lock an account that tries a wrong password again and again
_FULL_NAME = re.compile(
    r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*", re.IGNORECASE
)


def new_talk(smtp: SmtpSettings, ehlo_name: str, context: ssl.SSLContext) -> Talk:
    """A connection that is not made yet."""
    connect = smtp.waits.connect
    talk = (
        TalkTls(local_hostname=ehlo_name, timeout=connect, context=context)
        if smtp.security == "tls"
        else Talk(local_hostname=ehlo_name, timeout=connect)
    )
    talk.redaction = Redaction(smtp.password.reveal())
    return talk


def open_session(talk: Talk, smtp: SmtpSettings, context: ssl.SSLContext) -> Session:
    """Open a session. Raises SendDeferred: if it does not come about, in the server's own words where it said any."""
    waits = smtp.waits
    talk.allow(waits.answer, waits.connect + waits.session)
    try:
        _greet(talk, smtp, context)
    except (OSError, ValueError, SendDeferred) as error:  # smtplib's errors are OSErrors
        talk.close()
        # What a failed login says must not lead back to what was said in it.
        raise _not_open(error, talk, smtp) from (None if talk.step == "login" else error)
    return Session(talk, waits)


def _greet(talk: Talk, smtp: SmtpSettings, context: ssl.SSLContext) -> None:
    code, text = talk.open(smtp.host, smtp.port)
    if code != 220:
        raise smtplib.SMTPConnectError(code, text)
    _say_hello(talk)
    if smtp.security == "starttls":
        talk.step = "STARTTLS"
        if not talk.has_extn(
            "starttls"
        ):  # never in the clear instead: an attacker would want just that
            raise _set_up_wrongly(
                f"{smtp.host} does not offer STARTTLS, which mail.smtp.security asks for"
            )
        talk.starttls(context=context)
        _say_hello(talk)
    if smtp.user:
        talk.step = "login"
        if not talk.has_extn("auth"):
            raise _set_up_wrongly(f"{smtp.host} does not offer AUTH, which mail.smtp.user needs")
        log_in(talk, smtp.user, smtp.password.reveal())


def _say_hello(talk: Talk) -> None:
    """EHLO, or HELO where that is not known (RFC 5321 3.2). What counts of a refusal is the first answer."""
    talk.step = "EHLO"
    answer = answer_of(*talk.ehlo())
    if answer.is_good:
        return
    try:
        if answer.code >= 500 and answer_of(*talk.helo()).is_good:
            return
    except LOST:
        pass
    raise smtplib.SMTPHeloError(answer.code, answer.text)


def _not_open(error: Exception, talk: Talk, smtp: SmtpSettings) -> SendDeferred:
    """What a session that did not come about means: not now, and for every mail alike."""
    if isinstance(error, SendDeferred):
        return error
    said = _said(error, talk)
    if said and talk.step == "login":
        return _login_failed(said)
    if said:
        return deferred(said, stop_all=True)
    if isinstance(error, ssl.SSLError):
        return _set_up_wrongly(f"TLS with {smtp.host} failed: {words_of(error)}")
    if isinstance(error, smtplib.SMTPNotSupportedError) or type(error) is smtplib.SMTPException:
        return _set_up_wrongly(
            f"{smtp.host} knows no way to log in that we know: {words_of(error)}"
        )
    words = f"{smtp.host} port {smtp.port} cannot be reached: {words_of(error)}"
    if talk.step != "connecting":
        words = f"{smtp.host} port {smtp.port} opened no session ({talk.step}): {words_of(error)}"
    return SendDeferred(diagnostic=words, reason=Reason.TIMED_OUT, stop_all=True)


def _said(error: Exception, talk: Talk) -> Answer | None:
    """The answer that ended it: the error's own, or the last one, if the server refused and then hung up."""
    if isinstance(error, smtplib.SMTPResponseException):
        return answer_of(error.smtp_code, error.smtp_error)
    return talk.last if isinstance(error, LOST) and talk.last.is_bad else None


def _set_up_wrongly(words: str) -> SendDeferred:
    return SendDeferred(diagnostic=words, reason=Reason.MISCONFIGURED, stop_all=True)


def _login_failed(answer: Answer) -> SendDeferred:
    """Refused, or not now (454, 421): either way the account rests, for each further try may count as a failed one."""
    return SendDeferred(
        f"the login was refused: {answer}",
        code=str(answer.code),
        status_code=find_status_code(answer.text),
        diagnostic=str(answer),
        reason=Reason.MISCONFIGURED if answer.code >= 500 else None,
        retry_after_seconds=LOGIN_PAUSE_SECONDS,
        stop_all=True,
    )


def tls_context(smtp: SmtpSettings) -> ssl.SSLContext:
    """What a server's certificate is held against. Raises ConfigError: if `ca_file` cannot be read."""
    try:
        context = ssl.create_default_context(cafile=smtp.ca_file or None)
    except OSError as error:
        raise ConfigError(f"mail.smtp.ca_file {smtp.ca_file!r} cannot be read: {error}") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def choose_name(host_name: str, domain: str) -> str:
    """The name for EHLO where none is set: the host's own if it is a full one, else `domain`, that of the mails.

    A container's host name is no name (RFC 5321 4.1.4), and some servers refuse [127.0.0.1]; those that look at the
    name want to know the domain. No DNS is asked. Pure.
    """
    return host_name if _FULL_NAME.fullmatch(host_name) else domain


def own_name() -> str:
    """This machine's host name."""
    return socket.gethostname()
