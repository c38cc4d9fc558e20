"""Hand mails to an SMTP server (RFC 5321): a relay, a provider's submission port, or the next host.

One recipient per transaction, so that every answer is about one mail. Connections are shared by the threads and kept
while they are used (pool.py); how one comes about is in open.py, the transactions are in session.py.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from todoke.mail.mime import serialise
from todoke.model.address import Address
from todoke.model.delivery import Reason
from todoke.model.errors import ConfigError, SendDeferred
from todoke.model.loopback import is_loopback
from todoke.model.mail import Mail
from todoke.model.settings import Settings
from todoke.ports.mailer import Accepted
from todoke.services.smtp.open import choose_name, new_talk, open_session, own_name, tls_context
from todoke.services.smtp.pool import SessionPool
from todoke.services.smtp.session import Session, Stale
from todoke.services.smtp.settings import NAME, SmtpSettings
from todoke.services.smtp.talk import Talk

MAILS_PER_CONNECTION = 500


class SmtpMailer:
    """Hands mails to the server of the settings, over one connection a thread at most.

    Raises ConfigError: if a password would cross a network unencrypted.
    """

    name = NAME

    def __init__(self, settings: Settings) -> None:
        mail = settings.mail
        self.concurrency = mail.concurrency
        self._smtp = smtp = mail.own_as(SmtpSettings)
        self.ceiling = smtp.ceiling
        self._sender = mail.envelope_sender or mail.sender.address
        self._return_path, self._secret = smtp.return_path, settings.secret
        self._ehlo_name = smtp.ehlo_name or choose_name(own_name(), mail.envelope_domain)
        # Reading the system's certificates takes 25 ms, which the start need not wait for.
        self._context: ssl.SSLContext | None = tls_context(smtp) if smtp.ca_file else None
        self._pool = SessionPool(self._open, most=mail.concurrency)
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
        session, is_new = self._pool.take()
        try:
            return self._transact(session, mail, data)
        except Stale as stale:
            if is_new:
                raise _not_now(stale) from stale
        self._pool.discard_idle()  # what was kept beside it is no younger
        session, _ = self._pool.take()
        try:
            return self._transact(session, mail, data)
        except Stale as stale:
            raise _not_now(stale) from stale

    def knock(self) -> None:
        """Open a session (greeting, STARTTLS, login) and leave, handing nothing over.

        Raises SendDeferred: as `send` does when a session does not come about.
        """
        session, _ = self._pool.take()
        self._pool.discard(session)

    def close(self) -> None:
        """Say QUIT on every connection that waits, and end those at work under their threads.

        What those were handing over is not taken, or unknown if the answer to its dot was outstanding.
        """
        with self._lock:
            at_work = set(self._talks)
        for talk in at_work:
            talk.abort()
        self._pool.close()

    def _transact(self, session: Session, mail: Mail, data: bytes) -> Accepted:
        """One transaction on a session that was taken for it."""
        try:
            with self._at_work(session.talk):
                return session.transact(self._sender_of(mail), mail, data)
        finally:
            if session.is_broken or session.count >= MAILS_PER_CONNECTION:
                self._pool.discard(session)
            else:
                self._pool.give_back(session)

    def _sender_of(self, mail: Mail) -> Address:
        """The envelope sender: one that is signed for this attempt where a return path is set, else that of all."""
        path = self._return_path
        if path is None:
            return self._sender
        return path.signed(self._secret, mail.token, mail.recipient, mail.date)

    @contextmanager
    def _at_work(self, talk: Talk) -> Iterator[None]:
        with self._lock:
            self._talks.add(talk)
        try:
            yield
        finally:
            with self._lock:
                self._talks.discard(talk)

    def _open(self) -> Session:
        self._context = self._context or tls_context(self._smtp)
        talk = new_talk(self._smtp, self._ehlo_name, self._context)
        with self._at_work(talk):
            return open_session(talk, self._smtp, self._context)


def _not_now(stale: Stale) -> SendDeferred:
    return SendDeferred(diagnostic=str(stale), reason=Reason.TIMED_OUT)
