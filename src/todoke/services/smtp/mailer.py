"""Hand mails to an SMTP server (RFC 5321): a relay, a provider's submission port, or the next host.

One recipient per transaction, so that every answer is about one message; a connection per thread, kept while it is
used. Connecting is here, the transactions are in `session.py`.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from todoke.mail.mime import serialise
from todoke.model.delivery import Reason
from todoke.model.errors import ConfigError, SendDeferred
from todoke.model.loopback import is_loopback
from todoke.model.mail import Mail
from todoke.model.settings import Settings
from todoke.model.smtp_codes import find_status_code
from todoke.ports.mailer import Accepted
from todoke.services.smtp.session import (
    Answer,
    Session,
    Stale,
    Talk,
    TalkTls,
    deferred,
    words_of,
)
from todoke.services.smtp.settings import NAME, SmtpSettings

LOGIN_REFUSED = smtplib.SMTPAuthenticationError
MAILS_PER_CONNECTION = 500
LOGIN_PAUSE_SECONDS = 300.0  # providers lock an account that tries a wrong password again and again


class SmtpMailer:
    """Hands mails to the server of the settings; each thread keeps a connection of its own.

    Raises ConfigError: if a password would cross a network unencrypted.
    """

    name = NAME

    def __init__(self, settings: Settings, *, ehlo_name: str = "") -> None:
        mail = settings.mail
        self.concurrency = mail.concurrency
        self._smtp = smtp = mail.own_as(SmtpSettings)
        self.ceiling = smtp.ceiling
        self._sender = mail.envelope_sender or mail.sender.address
        self._ehlo_name = ehlo_name or _own_name()
        # Reading the system's certificates takes 25 ms, which the start need not wait for.
        self._context = _tls_context(smtp) if smtp.ca_file else None
        self._local = threading.local()
        self._open: set[Session] = set()
        self._talks: set[Talk] = set()  # those at work: opening a session, or in a transaction
        self._lock = threading.Lock()
        if smtp.user and smtp.security == "none" and not is_loopback(smtp.host):
            raise ConfigError(
                f'mail.smtp.security is "none": the password would travel to {smtp.host} unencrypted.'
            )

    def send(self, mail: Mail) -> Accepted:
        """Hand `mail` over in one transaction; see ports.Mailer.

        A kept connection that turns out to be closed before anything was taken is replaced once by a new one.
        """
        data = serialise(mail)
        session, is_new = self._session()
        try:
            try:
                return self._transact(session, mail, data)
            except Stale as stale:
                self._drop(session)
                if is_new:
                    raise _not_now(stale) from stale
            session, _ = self._session()
            try:
                return self._transact(session, mail, data)
            except Stale as stale:
                raise _not_now(stale) from stale
        finally:
            if session.is_broken or session.count >= MAILS_PER_CONNECTION:
                self._drop(session)

    def knock(self) -> None:
        """Open a session (greeting, STARTTLS, login) and leave, handing nothing over.

        Raises SendDeferred: as `send` does when a session does not come about.
        """
        session, _ = self._session()
        self._drop(session)

    def close(self) -> None:
        """Say QUIT on every connection that waits, and end those at work under their threads.

        What those were handing over is not taken, or unknown if the answer to its dot was outstanding.
        """
        with self._lock:
            sessions, self._open = self._open, set()
            at_work = set(self._talks)
        for talk in at_work:
            talk.abort()
        for session in sessions:
            if session.talk not in at_work:
                session.leave()
        self._local = threading.local()

    def _transact(self, session: Session, mail: Mail, data: bytes) -> Accepted:
        with self._at_work(session.talk):
            return session.transact(self._sender, mail, data)

    @contextmanager
    def _at_work(self, talk: Talk) -> Iterator[None]:
        with self._lock:
            self._talks.add(talk)
        try:
            yield
        finally:
            with self._lock:
                self._talks.discard(talk)

    def _session(self) -> tuple[Session, bool]:
        """This thread's session, and whether it was opened just now."""
        kept: Session | None = getattr(self._local, "session", None)
        if kept is not None:
            if kept.is_alive():
                return kept, False
            self._drop(kept)
        self._context = self._context or _tls_context(self._smtp)
        talk = new_talk(self._smtp, self._ehlo_name, self._context)
        with self._at_work(talk):
            fresh = open_session(talk, self._smtp, self._context)
        self._local.session = fresh
        with self._lock:
            self._open.add(fresh)
        return fresh, True

    def _drop(self, session: Session) -> None:
        self._local.session = None
        with self._lock:
            self._open.discard(session)
        if session.is_broken:
            session.close()
        else:
            session.leave()


def _not_now(stale: Stale) -> SendDeferred:
    return SendDeferred(diagnostic=str(stale), reason=Reason.TIMED_OUT)


def new_talk(smtp: SmtpSettings, ehlo_name: str, context: ssl.SSLContext) -> Talk:
    """A connection that is not made yet."""
    connect = smtp.waits.connect
    if smtp.security == "tls":
        return TalkTls(local_hostname=ehlo_name, timeout=connect, context=context)
    return Talk(local_hostname=ehlo_name, timeout=connect)


def open_session(talk: Talk, smtp: SmtpSettings, context: ssl.SSLContext) -> Session:
    """Open a session: greeting, EHLO, STARTTLS, AUTH. Every fault here would meet every mail: stop_all."""
    waits = smtp.waits
    talk.allow(waits.answer, waits.connect + waits.session)
    try:
        _greet(talk, smtp, context)
    except (OSError, ValueError, SendDeferred) as error:  # smtplib's errors are OSErrors
        talk.close()
        # What a failed login says must not lead back to what was said in it.
        raise _not_open(error, smtp) from (None if isinstance(error, LOGIN_REFUSED) else error)
    return Session(talk, waits)


def _not_open(error: Exception, smtp: SmtpSettings) -> SendDeferred:
    """What a session that did not come about means: not now, and for every mail alike."""
    if isinstance(error, SendDeferred):
        return error
    if isinstance(error, LOGIN_REFUSED):
        return _login_failed(Answer(error.smtp_code, _text_of(error.smtp_error)))
    if isinstance(error, smtplib.SMTPResponseException):
        return deferred(Answer(error.smtp_code, _text_of(error.smtp_error)), stop_all=True)
    if isinstance(error, ssl.SSLError):
        return _set_up_wrongly(f"TLS with {smtp.host} failed: {words_of(error)}")
    if isinstance(error, smtplib.SMTPNotSupportedError) or type(error) is smtplib.SMTPException:
        return _set_up_wrongly(
            f"{smtp.host} knows no way to log in that we know: {words_of(error)}"
        )
    words = f"{smtp.host} port {smtp.port} cannot be reached: {words_of(error)}"
    return SendDeferred(diagnostic=words, reason=Reason.TIMED_OUT, stop_all=True)


def _set_up_wrongly(words: str) -> SendDeferred:
    return SendDeferred(diagnostic=words, reason=Reason.MISCONFIGURED, stop_all=True)


def _greet(talk: Talk, smtp: SmtpSettings, context: ssl.SSLContext) -> None:
    code, text = talk.open(smtp.host, smtp.port)
    if code != 220:
        raise smtplib.SMTPConnectError(code, text)
    talk.ehlo_or_helo_if_needed()
    if smtp.security == "starttls":
        if not talk.has_extn(
            "starttls"
        ):  # never in the clear instead: an attacker would want just that
            raise _set_up_wrongly(f"{smtp.host} does not offer STARTTLS")
        talk.starttls(context=context)
        talk.ehlo()
    if smtp.user:
        if not talk.has_extn("auth"):
            raise _set_up_wrongly(f"{smtp.host} does not offer AUTH")
        talk.login(smtp.user, smtp.password.reveal())


def _login_failed(answer: Answer) -> SendDeferred:
    return SendDeferred(
        f"the login was refused: {answer}",
        code=str(answer.code),
        status_code=find_status_code(answer.text),
        diagnostic=str(answer),
        reason=Reason.MISCONFIGURED,
        retry_after_seconds=LOGIN_PAUSE_SECONDS,
        stop_all=True,
    )


def _tls_context(smtp: SmtpSettings) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=smtp.ca_file or None)
    except OSError as error:
        raise ConfigError(f"mail.smtp.ca_file {smtp.ca_file!r} cannot be read: {error}") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _own_name() -> str:
    """The name for EHLO: ours if it is a full one, else an address literal (RFC 5321 4.1.4). No DNS is asked."""
    name = socket.gethostname()
    return name if "." in name and name.isascii() else "[127.0.0.1]"


def _text_of(words: bytes | str) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return text.replace("\n", " ")
