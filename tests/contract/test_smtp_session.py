"""How a session with an SMTP server comes about: the name, the login, the limits, and what is told when it does not."""

from __future__ import annotations

import base64
import hmac
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from support.mail.mails import mail, smtp_settings
from support.mail.scripted_server import LineServer
from support.mail.story import Story
from support.variants import replace
from support.web.local_server import wait_for
from todoke.model.delivery import Reason
from todoke.model.errors import SendDeferred
from todoke.model.redaction import MASK
from todoke.model.settings import Secret
from todoke.services.smtp.doctor import knock_at_smtp
from todoke.services.smtp.mailer import SmtpMailer
from todoke.services.smtp.open import LOGIN_PAUSE_SECONDS, choose_name
from todoke.walk.send.sender import Sender

USER, PASSWORD = "u", "pässwörd-Gw81"


class Line:
    """One session, as the server sees it."""

    def __init__(self, peer: socket.socket) -> None:
        self._peer, self._lines = peer, peer.makefile("rb")

    def say(self, text: str) -> None:
        """Answer."""
        self._peer.sendall(text.encode() + b"\r\n")

    def read(self) -> str:
        """What the client says; EOFError at its end."""
        line = self._lines.readline()
        if not line:
            raise EOFError
        return line.decode("utf-8", "replace").rstrip("\r\n")

    def ask(self, prompt: str) -> str:
        """What the client answers to a 334, out of base64."""
        self.say("334 " + base64.b64encode(prompt.encode()).decode())
        return base64.b64decode(self.read()).decode()


Auth = Callable[[Line, str], str]


def plain(_line: Line, said: str) -> str:
    """RFC 4616."""
    mechanism, _, initial = said.partition(" ")
    if mechanism != "PLAIN":
        return "504 5.5.4 Unrecognized authentication type"
    is_right = base64.b64decode(initial).decode() == f"\0{USER}\0{PASSWORD}"
    return "235 2.7.0 ok" if is_right else "535 5.7.8 bad"


def login(line: Line, said: str) -> str:
    """AUTH LOGIN of a server that takes no initial response."""
    if said != "LOGIN":
        return "535 5.7.8 no initial response, please" if said[:6] == "LOGIN " else "504 5.5.4 no"
    is_right = (line.ask("Username:"), line.ask("Password:")) == (USER, PASSWORD)
    return "235 2.7.0 ok" if is_right else "535 5.7.8 bad"


def cram_md5(line: Line, said: str) -> str:
    """RFC 2195."""
    if said != "CRAM-MD5":
        return "504 5.5.4 no"
    digest = hmac.new(PASSWORD.encode(), b"<1.2@mx>", "md5").hexdigest()
    return "235 2.7.0 ok" if line.ask("<1.2@mx>") == f"{USER} {digest}" else "535 5.7.8 bad"


@dataclass
class Mx:
    """A server that takes mail from whoever is logged in, at most `grants` at once."""

    auth: Auth = plain
    offers: tuple[str, ...] = ("AUTH PLAIN LOGIN",)
    ehlo: str = ""
    helo: str = "250 here"
    greeting: str = "220 ready"
    grants: int = 1_000
    said: list[str] = field(default_factory=list)
    mails: int = 0
    live: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def talk(self, peer: socket.socket) -> None:
        """Hold one session."""
        line = Line(peer)
        with self.lock:
            self.live += 1
            is_granted = self.live <= self.grants
        try:
            if not is_granted:
                line.say("421 4.7.0 too many connections from your host")
            elif self._greet(line):
                self._serve(line)
        except EOFError:
            pass
        finally:
            with self.lock:
                self.live -= 1

    def _greet(self, line: Line) -> bool:
        line.say(self.greeting)
        while True:
            said = line.read()
            self.said.append(said)
            verb = said.partition(" ")[0].upper()
            if verb == "EHLO" and not self.ehlo:
                line.say(
                    "\r\n".join([*(f"250-{o}" for o in ("here", *self.offers)), "250 8BITMIME"])
                )
                return True
            if verb == "EHLO" and self.ehlo.startswith("421"):
                line.say(self.ehlo)
                return False
            line.say(self.ehlo if verb == "EHLO" else self.helo)
            if verb == "HELO":
                return self.helo.startswith("250")

    def _serve(self, line: Line) -> None:
        while True:
            said = line.read()
            self.said.append(said)
            verb, _, rest = said.partition(" ")
            if verb == "AUTH":
                line.say(self.auth(line, rest))
            elif verb == "DATA":
                line.say("354 go on")
                while line.read() != ".":
                    pass
                with self.lock:
                    self.mails += 1
                line.say("250 2.0.0 queued")
            else:
                line.say("221 bye" if verb == "QUIT" else "250 2.0.0 ok")


@contextmanager
def mailer_of(
    mx: Mx, *, user: str = USER, password: str = PASSWORD, **more: Any
) -> Iterator[SmtpMailer]:
    """A mailer that talks to it."""
    server = LineServer(mx.talk)
    mailer = SmtpMailer(
        smtp_settings(
            server.port, user=user, password=Secret(password), **{"timeout_seconds": 5.0, **more}
        )
    )
    try:
        yield mailer
    finally:
        mailer.close()
        server.close()


@pytest.mark.parametrize(
    ("auth", "offer", "ways"),
    [
        (plain, "AUTH PLAIN LOGIN", ["PLAIN"]),
        (plain, "AUTH=LOGIN PLAIN", ["PLAIN"]),
        (plain, "AUTH CRAM-MD5 PLAIN", ["PLAIN"]),
        (login, "AUTH LOGIN", ["LOGIN"]),
        (login, "AUTH XOAUTH2 PLAIN LOGIN", ["PLAIN", "LOGIN"]),
        (cram_md5, "AUTH CRAM-MD5", ["CRAM-MD5"]),
    ],
)
def test_a_password_in_utf_8_logs_in(auth: Auth, offer: str, ways: list[str]) -> None:
    """By the first mechanism that the server takes; what it does not have after all is no refusal of the password."""
    mx = Mx(auth=auth, offers=(offer,))
    with mailer_of(mx) as mailer:
        assert mailer.send(mail())
    assert [said.split()[1] for said in mx.said if said.startswith("AUTH")] == ways


def test_a_password_in_another_encoding_is_sent_as_the_environment_has_it() -> None:
    """What is no UTF-8 there logs in where the server wants those octets."""
    octets = b"p\xe4ss-Gw81"

    def latin(_line: Line, said: str) -> str:
        return "235 ok" if base64.b64decode(said.split()[1]).endswith(b"\0" + octets) else "535 no"

    with mailer_of(Mx(auth=latin), password=octets.decode("utf-8", "surrogateescape")) as mailer:
        assert mailer.send(mail())


@pytest.mark.parametrize("offers", [("AUTH XOAUTH2",), ("AUTH",), ()])
def test_no_way_to_log_in_is_a_fault_of_the_set_up(offers: tuple[str, ...]) -> None:
    """Nothing is sent without the login."""
    mx = Mx(offers=offers)
    with mailer_of(mx) as mailer, pytest.raises(SendDeferred) as caught:
        mailer.send(mail())
    assert caught.value.stop_all
    assert caught.value.reason is Reason.MISCONFIGURED
    assert mx.mails == 0


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("535 5.7.139 Authentication unsuccessful", Reason.MISCONFIGURED),
        ("454 4.7.0 Temporary authentication failure", None),
    ],
)
def test_a_login_that_is_refused_is_tried_in_one_way_only(
    answer: str, reason: Reason | None
) -> None:
    """Each further way would count as one more failed login; then all mail rests for minutes."""
    mx = Mx(auth=lambda _line, _said: answer, offers=("AUTH PLAIN LOGIN CRAM-MD5",))
    with mailer_of(mx) as mailer, pytest.raises(SendDeferred) as caught:
        mailer.send(mail())
    assert (caught.value.stop_all, caught.value.reason) == (True, reason)
    assert caught.value.retry_after_seconds == LOGIN_PAUSE_SECONDS
    assert caught.value.diagnostic == answer
    assert sum(said.startswith("AUTH") for said in mx.said) == 1


def test_eight_mails_and_a_wrong_password_are_one_login() -> None:
    """Providers lock an account after a few; the sender's threads share the one try and what came of it."""
    together = threading.Event()

    def slow(_line: Line, _said: str) -> str:
        together.wait(10)
        return "535 5.7.8 bad"

    mx = Mx(auth=slow)
    with mailer_of(mx) as mailer:
        story = Story(real_time=True)
        sender = Sender(replace(story.app, mailer=mailer))
        for _ in range(8):
            story.add()
        sender.start()
        wait_for(lambda: any(said.startswith("AUTH") for said in mx.said))
        together.set()
        wait_for(sender.rest)
        sender.stop(5)
    assert sum(said.startswith("AUTH") for said in mx.said) == 1


ECHOES = {
    "the password": PASSWORD,
    "what was sent": base64.b64encode(f"\0{USER}\0{PASSWORD}".encode()).decode(),
    "a part of it": base64.b64encode(f"\0{USER}\0{PASSWORD}".encode()).decode()[6:16],
    "the password in base64": base64.b64encode(PASSWORD.encode()).decode(),
}


@pytest.mark.parametrize("echo", ECHOES.values(), ids=ECHOES.keys())
@pytest.mark.parametrize("code", [535, 454, 504])
def test_no_part_of_the_password_is_in_what_is_told(
    code: int, echo: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A server may repeat what it was sent: evidence, log and doctor have a mask in its place."""
    mx = Mx(auth=lambda _line, _said: f"{code} 5.7.8 bad: {echo} (u)")
    with mailer_of(mx) as mailer, pytest.raises(SendDeferred) as caught:
        mailer.send(mail())
    error = caught.value
    assert error.diagnostic == f"{code} 5.7.8 bad: {MASK} (u)"
    assert echo not in f"{error!r} {error} {error.__cause__!r} {error.__context__!r} {caplog.text}"


def test_the_doctor_tells_none_of_it_either() -> None:
    """As above, on a terminal."""
    server = LineServer(Mx(auth=lambda _line, _said: f"535 bad {PASSWORD}").talk)
    told = knock_at_smtp(smtp_settings(server.port, user=USER, password=Secret(PASSWORD)))
    server.close()
    assert told.error == f"535 bad {MASK}"


def test_a_later_answer_has_none_of_it_either() -> None:
    """A server may confuse sessions, or read a login as another command."""

    class Odd(Mx):
        def _serve(self, line: Line) -> None:
            line.read()
            line.say("235 ok")
            line.read()
            line.say(f"550 5.5.1 what is {PASSWORD}?")

    with mailer_of(Odd()) as mailer, pytest.raises(SendDeferred) as caught:
        mailer.send(mail())
    assert caught.value.diagnostic == f"550 5.5.1 what is {MASK}"


def test_the_name_is_the_one_of_the_settings() -> None:
    """Where none is set: the machine's full name, else the mails' domain; never a name that is none."""
    mx = Mx()
    with mailer_of(mx, ehlo_name="forms.example.com") as mailer:
        mailer.send(mail())
    assert mx.said[0] == "ehlo forms.example.com"
    assert choose_name("mail.example.net", "example.org") == "mail.example.net"
    for name in (
        "3f2a9c1b77d0",
        "localhost",
        "",
        "a_b.example",
        "-.example",
        "10.0.0.1",
        "ホスト.example",
    ):
        assert choose_name(name, "example.org") == "example.org"


@pytest.mark.parametrize(
    ("ehlo", "helo", "words"),
    [
        ("421 4.7.0 Try again later, closing connection. (EHLO)", "", "421 4.7.0 Try again later"),
        ("550 5.7.1 You are not example.org", "550 nor now", "550 5.7.1 You are not"),
        ("451 later", "250 ok", "451 later"),
    ],
)
def test_a_refused_name_is_told_in_the_server_s_words(ehlo: str, helo: str, words: str) -> None:
    """Even if it hangs up then, which says less."""
    with mailer_of(Mx(ehlo=ehlo, helo=helo)) as mailer, pytest.raises(SendDeferred) as caught:
        mailer.send(mail())
    assert caught.value.stop_all
    assert caught.value.diagnostic.startswith(words)


def test_a_server_of_old_is_greeted_with_helo() -> None:
    """RFC 5321 3.2."""
    mx = Mx(ehlo="502 5.5.1 unknown command")
    with mailer_of(mx, user="", password="") as mailer:
        assert mailer.send(mail())


@pytest.mark.parametrize(("greeting", "step"), [("", "greeting"), ("220 ok", "EHLO")])
def test_a_server_that_answers_too_late_is_told_with_the_step(greeting: str, step: str) -> None:
    """It was reached: no firewall is between."""
    server = LineServer(
        lambda peer: (
            peer.sendall(greeting.encode() + b"\r\n") if greeting else None,
            peer.recv(1),
            peer.recv(100),
        )[0]
    )
    mailer = SmtpMailer(smtp_settings(server.port, timeout_seconds=0.3))
    with pytest.raises(SendDeferred) as caught:
        mailer.send(mail())
    mailer.close()
    server.close()
    assert f"opened no session ({step})" in caught.value.diagnostic


def test_a_limit_of_connections_puts_no_mail_off() -> None:
    """Eight threads, two places: all mail goes through these two, and hardly more are asked for."""
    mx = Mx(grants=2)
    server = LineServer(mx.talk)
    mailer = SmtpMailer(smtp_settings(server.port))
    story = Story(real_time=True)
    sender = Sender(replace(story.app, mailer=mailer))
    ids = [story.add() for _ in range(20)]
    sender.start()
    wait_for(lambda: mx.mails == 40)
    sender.stop(5)
    mailer.close()
    server.close()
    for submission_id in ids:
        timeline = story.store.timeline(submission_id)
        assert timeline
        assert [len(m.attempts) for m in timeline.messages] == [1, 1]
    assert server.connections <= 3
