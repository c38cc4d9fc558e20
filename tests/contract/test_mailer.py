"""The Mailer port, held against each mailer: every way a hand-over can end, with a server that misbehaves as asked.

Each service gives a `MailerDesk`: a way to script the server's next behaviour. The tests know only the port's words.
"""

from __future__ import annotations

import base64
import json
import re
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from CustomersMailCloud import CustomersMailCloud
from hypothesis import given
from hypothesis import strategies as st

from support.mail.mailer_desk import MailerDesk
from support.mail.mails import MANAGER, VISITOR, mail, settings, smtp_settings
from support.mail.scripted_server import HttpScript, LineServer, answer_of
from support.mail.ses_server import SesScript, error
from support.mail.story import Story
from support.places import ROOT
from support.variants import replace
from todoke.mail.mime import serialise
from todoke.model.address import Address
from todoke.model.delivery import Ceiling, Reason
from todoke.model.errors import ConfigError, SendDeferred, SendRefused, SendUnknown, SetUpFault
from todoke.model.mail import Mailbox
from todoke.model.settings import Secret
from todoke.services.customers_mail_cloud.mailer import (
    PATH,
    SET_UP_FIELDS,
    CustomersMailCloudMailer,
    size_estimate,
)
from todoke.services.customers_mail_cloud.settings import CustomersMailCloudSettings
from todoke.services.ses.mailer import SesMailer
from todoke.services.smtp.mailer import SmtpMailer
from todoke.services.table import SERVICES
from todoke.testing import FakeMailer
from todoke.walk.send.round import send_round

KEY = "SECRET-key-93b1"


@dataclass
class SmtpScript:
    """What the SMTP server does: answers by verb, and what it offers. "drop" hangs up, "hang" says nothing."""

    answers: dict[str, list[str]] = field(default_factory=dict)
    offers: tuple[str, ...] = ("PIPELINING", "SIZE 100000", "8BITMIME", "SMTPUTF8")
    greeting: str = "220 ready"
    verbs: list[str] = field(default_factory=list)
    mails: list[bytes] = field(default_factory=list)

    def talk(self, peer: socket.socket) -> None:
        """Hold one session."""
        peer.sendall(self.greeting.encode() + b"\r\n")
        lines = peer.makefile("rb")
        for line in lines:
            verb = line.decode("utf-8", "replace").split(":")[0].split(" ")[0].strip().upper()
            self.verbs.append(line.decode("utf-8", "replace").strip())
            if verb == "EHLO":
                offers = ["here", *self.offers]
                peer.sendall(
                    "".join(
                        f"250{'-' if o is not offers[-1] else ' '}{o}\r\n" for o in offers
                    ).encode()
                )
                continue
            usual = {"DATA": "354 go on", "QUIT": "221 bye"}.get(verb, "250 ok")
            if not self._answer(peer, verb, usual):
                return
            if verb == "QUIT":
                return
            if verb == "DATA" and self.said == "354 go on":
                self.mails.append(self._data(lines))
                if not self._answer(peer, ".", "250 2.0.0 queued as 1"):
                    return

    said = ""

    def _answer(self, peer: socket.socket, verb: str, usual: str) -> bool:
        script = self.answers.get(verb)
        self.said = script.pop(0) if script else usual
        if self.said == "drop":
            return False
        if self.said == "hang":
            time.sleep(3)
            return False
        peer.sendall(self.said.encode() + b"\r\n")
        return True

    def _data(self, lines: object) -> bytes:
        octets = b""
        for line in lines:  # type: ignore[attr-defined]
            if line == b".\r\n":
                break
            octets += line[1:] if line.startswith(b".") else line
        return octets


@pytest.fixture
def smtp() -> Iterator[tuple[SmtpScript, SmtpMailer, LineServer]]:
    """An SMTP mailer and the server that it talks to."""
    script = SmtpScript()
    server = LineServer(script.talk)
    mailer = SmtpMailer(smtp_settings(server.port, timeout_seconds=1.0))
    yield script, mailer, server
    mailer.close()
    server.close()


def cloud_mailer(
    url: str, cloud: dict[str, object] | None = None, **changes: object
) -> CustomersMailCloudMailer:
    """A mailer for a host that speaks the API; `cloud` and `changes` are settings of the service and of mail."""
    usual = settings()
    service = CustomersMailCloudSettings(
        url=url, api_user="form@example.org", api_key=Secret(KEY), timeout_seconds=1.0
    )
    service = replace(service, **(cloud or {}))
    return CustomersMailCloudMailer(
        replace(usual, mail=replace(usual.mail, own=service, **changes))
    )


@pytest.fixture
def cloud() -> Iterator[tuple[HttpScript, CustomersMailCloudMailer, LineServer]]:
    """A Customers Mail Cloud mailer and the server that it talks to."""
    script = HttpScript()
    server = LineServer(script.talk)
    mailer = cloud_mailer(f"http://127.0.0.1:{server.port}")
    yield script, mailer, server
    mailer.close()
    server.close()


@pytest.fixture(params=[*SERVICES, "fake"])
def desk(request: pytest.FixtureRequest) -> MailerDesk:
    """Each service of the table in turn: the fixture NAME_desk has to be there for it."""
    found: MailerDesk = request.getfixturevalue(f"{request.param.replace('-', '_')}_desk")
    return found


@pytest.fixture
def smtp_desk(
    smtp: tuple[SmtpScript, SmtpMailer, LineServer],
) -> MailerDesk:
    """See MailerDesk."""
    script, mailer, _ = smtp
    return MailerDesk(
        mailer,
        defer=lambda: script.answers.update(RCPT=["451 4.7.1 later"]),
        refuse=lambda: script.answers.update(RCPT=["550 5.1.1 unknown"]),
        lose=lambda: script.answers.update({".": ["drop"]}),
        hang=lambda: script.answers.update({".": ["hang"]}),
    )


@pytest.fixture
def customers_mail_cloud_desk(
    cloud: tuple[HttpScript, CustomersMailCloudMailer, LineServer],
) -> MailerDesk:
    """See MailerDesk."""
    http, sender, _ = cloud
    refusal = '{"errors":[{"code":"11-006","field":"to","message":"bad format"}]}'
    return MailerDesk(
        sender,
        defer=lambda: http.answers.append(answer_of(500, '{"errors":[{"code":"01-001"}]}')),
        refuse=lambda: http.answers.append(answer_of(400, refusal)),
        lose=lambda: http.answers.append("drop"),
        hang=lambda: http.answers.append("hang"),
    )


@pytest.fixture
def ses_desk(
    ses: tuple[SesScript, SesMailer, str],
) -> MailerDesk:
    """See MailerDesk."""
    ses, amazon, _ = ses
    return MailerDesk(
        amazon,
        defer=lambda: ses.answers.append(error(500, "InternalFailure")),
        refuse=lambda: ses.answers.append(error(400, "MessageRejected", "Bad content")),
        lose=lambda: ses.answers.append("drop"),
        hang=lambda: ses.answers.append("hang"),
    )


@pytest.fixture
def fake_desk() -> MailerDesk:
    """See MailerDesk."""
    fake = FakeMailer()
    to = mail().recipient

    def next_is(error: Exception) -> Callable[[], None]:
        return lambda: fake.answers.update({to: [error, *fake.answers.get(to, [])]})

    return MailerDesk(
        fake,
        defer=next_is(SendDeferred("later", code="451")),
        refuse=next_is(SendRefused("never", code="550")),
        lose=next_is(SendUnknown("lost")),
        hang=next_is(SendUnknown("late")),
    )


class TestEveryMailer:
    def test_has_a_name_a_ceiling_and_a_bound(self, desk: MailerDesk) -> None:
        """What attempts are recorded under."""
        assert desk.mailer.name
        assert desk.mailer.ceiling in set(Ceiling)
        assert desk.mailer.concurrency >= 1

    def test_a_mail_is_accepted(self, desk: MailerDesk) -> None:
        """The service's word comes back."""
        answer = desk.mailer.send(mail())
        assert answer.service_id or answer.diagnostic

    def test_not_now_is_deferred(self, desk: MailerDesk) -> None:
        """It may be taken later, and other mails may be taken now."""
        desk.defer()
        with pytest.raises(SendDeferred) as caught:
            desk.mailer.send(mail())
        assert caught.value.code
        assert not caught.value.stop_all

    def test_never_is_refused(self, desk: MailerDesk) -> None:
        """With the service's code."""
        desk.refuse()
        with pytest.raises(SendRefused) as caught:
            desk.mailer.send(mail())
        assert caught.value.code

    def test_a_lost_answer_is_unknown(self, desk: MailerDesk) -> None:
        """The connection ended after the mail was written."""
        desk.lose()
        with pytest.raises(SendUnknown):
            desk.mailer.send(mail())

    def test_a_late_answer_is_unknown(self, desk: MailerDesk) -> None:
        """The answer did not come in time after the mail was written."""
        desk.hang()
        with pytest.raises(SendUnknown):
            desk.mailer.send(mail())

    def test_goes_on_after_a_fault(self, desk: MailerDesk) -> None:
        """No fault spoils the next hand-over."""
        for fault in (desk.defer, desk.refuse, desk.lose):
            fault()
            with pytest.raises((SendDeferred, SendRefused, SendUnknown)):
                desk.mailer.send(mail())
            if isinstance(desk.mailer, FakeMailer):
                desk.mailer.answers.clear()
            assert desk.mailer.send(mail())

    def test_several_threads_may_send(self, desk: MailerDesk) -> None:
        """Up to `concurrency` at once."""
        answers = []
        threads = [
            threading.Thread(target=lambda: answers.append(desk.mailer.send(mail())))
            for _ in range(desk.mailer.concurrency)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
        assert len(answers) == desk.mailer.concurrency


class TestSmtp:
    def test_one_connection_carries_many_mails(
        self, smtp: tuple[SmtpScript, SmtpMailer, LineServer]
    ) -> None:
        """It is kept; a refusal is followed by RSET on the same one."""
        script, mailer, server = smtp
        mailer.send(mail())
        script.answers.update({"RCPT": ["550 5.1.1 no"], "DATA": ["554 no valid recipients"]})
        with pytest.raises(SendRefused):
            mailer.send(mail())
        mailer.send(mail())
        assert (server.connections, len(script.mails)) == (1, 2)
        assert "RSET" in script.verbs

    def test_a_closed_connection_is_replaced(
        self, smtp: tuple[SmtpScript, SmtpMailer, LineServer]
    ) -> None:
        """A kept one that the server closed costs nothing."""
        script, mailer, server = smtp
        script.answers["MAIL"] = ["250 ok", "drop"]
        mailer.send(mail())
        assert mailer.send(mail()).diagnostic.startswith("250")
        assert server.connections == 2

    @pytest.mark.parametrize("offers", [("PIPELINING",), ()])
    @pytest.mark.parametrize("verb", ["RCPT", "DATA"])
    def test_lost_before_the_dot_is_deferred(
        self, smtp: tuple[SmtpScript, SmtpMailer, LineServer], verb: str, offers: tuple[str, ...]
    ) -> None:
        """Nothing can have been taken, with and without pipelining."""
        script, mailer, _ = smtp
        script.offers = offers
        script.answers[verb] = ["drop"]
        with pytest.raises(SendDeferred) as caught:
            mailer.send(mail())
        assert not caught.value.stop_all
        assert script.mails == []

    def test_pipelined_data_after_a_refused_recipient_is_withdrawn(
        self, smtp: tuple[SmtpScript, SmtpMailer, LineServer]
    ) -> None:
        """A server that says 354 all the same gets an empty mail and no body."""
        script, mailer, _ = smtp
        script.answers.update({"RCPT": ["550 5.1.1 no"], ".": ["554 no valid recipients"]})
        with pytest.raises(SendRefused) as caught:
            mailer.send(mail())
        assert caught.value.status_code == "5.1.1"
        assert script.mails == [b""]

    @pytest.mark.parametrize(
        ("answer", "error"),
        [
            ("421 4.3.2 shutting down", SendDeferred),
            ("451 4.3.0 later", SendDeferred),
            ("552 5.3.4 too big", SendRefused),
            ("554 5.6.0 content", SendRefused),
            ("nonsense", SendUnknown),
            ("250", None),
        ],
    )
    def test_the_answer_to_the_dot(
        self,
        smtp: tuple[SmtpScript, SmtpMailer, LineServer],
        answer: str,
        error: type[Exception] | None,
    ) -> None:
        """4yz not now, 5yz never, what is no answer nobody knows."""
        script, mailer, _ = smtp
        script.answers["."] = [answer]
        if error is None:
            assert mailer.send(mail())
            return
        with pytest.raises(error):
            mailer.send(mail())

    def test_a_server_that_is_always_slow_after_the_dot_gets_few_copies(self) -> None:
        """In a year of tries: one of a visitor's mail, three of a manager's."""
        script = SmtpScript(answers={".": ["hang"] * 20})
        server = LineServer(script.talk)
        mailer = SmtpMailer(smtp_settings(server.port, timeout_seconds=0.2))
        story = Story()
        app = replace(story.app, mailer=mailer)
        story.add()
        for _ in range(20):
            send_round(app, 10)
            story.clock.move(hours=5)
        mailer.close()
        server.close()
        ids = [
            re.findall(rb"^(?:To|Message-ID): (\S+)", mail, re.MULTILINE) for mail in script.mails
        ]
        copies = Counter((to.decode(), id_) for to, id_ in ids)
        notified, alerted = (
            (MANAGER, 3),
            (MANAGER, 3),
        )  # an alert tells that the visitor's is unknown
        assert sorted((to, n) for (to, _), n in copies.items()) == [(VISITOR, 1), notified, alerted]

    @pytest.mark.parametrize(("verb", "error"), [(".", SendUnknown), ("RCPT", SendDeferred)])
    def test_what_waits_when_it_is_closed_ends_at_once(
        self, smtp: tuple[SmtpScript, SmtpMailer, LineServer], verb: str, error: type[Exception]
    ) -> None:
        """As unknown once the dot was written, as not taken before."""
        script, _, server = smtp
        mailer = SmtpMailer(smtp_settings(server.port, timeout_seconds=600.0))
        script.answers[verb] = ["hang"]
        came: list[Exception] = []

        def send() -> None:
            try:
                mailer.send(mail())
            except (SendUnknown, SendDeferred) as caught:
                came.append(caught)

        thread = threading.Thread(target=send)
        thread.start()
        while not (script.mails if verb == "." else [v for v in script.verbs if v[:4] == verb]):
            time.sleep(0.01)
        mailer.close()
        thread.join(2)
        assert [type(caught) for caught in came] == [error]

    def test_a_line_too_many_after_the_dot_is_no_answer_to_the_next_mail(
        self, smtp: tuple[SmtpScript, SmtpMailer, LineServer]
    ) -> None:
        """The connection is out of step: the next mail goes over another."""
        script, mailer, server = smtp
        script.answers["."] = ["250 2.0.0 queued\r\n550 5.1.1 <aoi@example.net> user unknown"]
        mailer.send(mail())
        assert mailer.send(mail()).diagnostic == "250 2.0.0 queued as 1"
        assert (server.connections, len(script.mails)) == (2, 2)

    @pytest.mark.parametrize("offers", [("PIPELINING",), ()])
    def test_an_answer_from_before_the_dot_takes_no_mail(
        self, smtp: tuple[SmtpScript, SmtpMailer, LineServer], offers: tuple[str, ...]
    ) -> None:
        """What was said before the mail was written is not believed: it was not taken."""
        script, mailer, _ = smtp
        script.offers = offers
        script.answers["DATA"] = ["354 go on\r\n250 2.0.0 queued"]
        with pytest.raises(SendDeferred):
            mailer.send(mail())
        assert mailer.send(mail()).diagnostic == "250 2.0.0 queued as 1"

    def test_a_server_that_answers_before_it_is_asked_takes_no_mail(self) -> None:
        """Its lines would answer MAIL, RCPT, DATA and the dot in turn."""
        stray = "220 ready\r\n250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n250 queued"
        script = SmtpScript(greeting=stray)
        server = LineServer(script.talk)
        mailer = SmtpMailer(smtp_settings(server.port, timeout_seconds=1.0))
        with pytest.raises(SendDeferred) as caught:
            mailer.send(mail())
        assert "before it was asked" in caught.value.diagnostic
        mailer.close()
        server.close()

    @pytest.mark.parametrize(
        "answer", ["550 5.7.1 sender not allowed", "530 5.7.0 Must issue a STARTTLS", "421 busy"]
    )
    def test_a_refused_sender_stops_all(
        self, smtp: tuple[SmtpScript, SmtpMailer, LineServer], answer: str
    ) -> None:
        """The sender is the same for every mail; none is rejected for it."""
        script, mailer, _ = smtp
        script.answers["MAIL"] = [answer]
        with pytest.raises(SendDeferred) as caught:
            mailer.send(mail())
        assert caught.value.stop_all

    @pytest.mark.parametrize("verb", ["RCPT", "DATA", "."])
    @pytest.mark.parametrize(
        "answer",
        [
            "553 5.7.1 <desk@example.org>: Sender address rejected: not owned by user x",
            "550 5.1.8 <desk@example.org>: Sender address rejected: Domain not found",
            "554 5.7.1 <aoi@example.net>: Relay access denied",
            "550 Sender verify failed",
            "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org",
            "530 5.7.0 Must issue a STARTTLS command first",
        ],
    )
    def test_what_is_said_of_us_is_no_refusal_of_the_mail(
        self, smtp: tuple[SmtpScript, SmtpMailer, LineServer], verb: str, answer: str
    ) -> None:
        """Whatever command it answers (Postfix's smtpd_delay_reject): the mail waits, and the set-up is suspected."""
        script, mailer, _ = smtp
        script.offers = ()
        script.answers[verb] = [answer]
        with pytest.raises(SendDeferred) as caught:
            mailer.send(mail())
        assert caught.value.suspects_set_up
        assert not caught.value.stop_all
        assert caught.value.reason in {Reason.MISCONFIGURED, Reason.POLICY}

    @pytest.mark.parametrize(
        "answer",
        [
            "550 5.7.1 Message refused by local policy",
            "550 5.7.1 blocked",
            "550 5.1.1 <relay-denied@example.net>: User unknown",
            "554 5.6.0 content rejected",
        ],
    )
    def test_what_is_said_of_the_mail_or_of_nobody_refuses_the_mail(
        self, smtp: tuple[SmtpScript, SmtpMailer, LineServer], answer: str
    ) -> None:
        """A recipient's rules, or words in an address, are no fault of the set-up."""
        script, mailer, _ = smtp
        script.answers["RCPT"] = [answer]
        with pytest.raises(SendRefused):
            mailer.send(mail())

    @pytest.mark.parametrize(("octets", "error"), [(0, SetUpFault), (200_000, SendRefused)])
    def test_a_server_that_takes_hardly_any_mail_refuses_none_for_it(
        self,
        smtp: tuple[SmtpScript, SmtpMailer, LineServer],
        octets: int,
        error: type[Exception],
    ) -> None:
        """RFC 5321 wants 64 KB at least: below that it is the server's set-up, above that the mail is too large."""
        script, mailer, _ = smtp
        script.offers = ("SIZE 100",)
        with pytest.raises(error):
            mailer.send(mail(text="x" * octets or "short"))

    def test_an_envelope_sender_beyond_ascii_is_the_set_up_s(
        self, smtp: tuple[SmtpScript, SmtpMailer, LineServer]
    ) -> None:
        """No 8-bit MAIL without SMTPUTF8, and no mail refused for it."""
        script, mailer, server = smtp
        script.offers = ("PIPELINING",)
        usual = smtp_settings(server.port)
        own = replace(usual.mail, envelope_sender=Address("窓口@example.org"))
        mailer = SmtpMailer(replace(usual, mail=own))
        with pytest.raises(SetUpFault):
            mailer.send(mail())
        mailer.close()
        assert not any(verb.startswith("MAIL") for verb in script.verbs)

    @pytest.mark.parametrize("greeting", ["554 no service", "421 too busy", "hello", ""])
    def test_a_bad_greeting_stops_all(
        self, smtp: tuple[SmtpScript, SmtpMailer, LineServer], greeting: str
    ) -> None:
        """Every mail would be greeted so."""
        script, mailer, _ = smtp
        script.greeting = greeting
        with pytest.raises(SendDeferred) as caught:
            mailer.send(mail())
        assert caught.value.stop_all

    def test_no_server_stops_all(self) -> None:
        """Connection refused."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        with pytest.raises(SendDeferred) as caught:
            SmtpMailer(smtp_settings(port)).send(mail())
        assert caught.value.stop_all

    def test_never_in_the_clear_instead(
        self, smtp: tuple[SmtpScript, SmtpMailer, LineServer]
    ) -> None:
        """A server that does not offer STARTTLS when it must gets no mail."""
        script, _, server = smtp
        mailer = SmtpMailer(smtp_settings(server.port, security="starttls"))
        with pytest.raises(SendDeferred) as caught:
            mailer.send(mail())
        assert caught.value.stop_all
        assert not any(verb.startswith("MAIL") for verb in script.verbs)

    def test_an_untrusted_certificate_stops_all(
        self, smtp: tuple[SmtpScript, SmtpMailer, LineServer]
    ) -> None:
        """TLS that fails is a fault of the set-up."""
        _, _, server = smtp
        with pytest.raises(SendDeferred) as caught:
            SmtpMailer(smtp_settings(server.port, security="tls", timeout_seconds=1.0)).send(mail())
        assert caught.value.stop_all

    def test_a_password_never_crosses_a_network_in_the_clear(self) -> None:
        """It is an error of the configuration, before anything is sent."""
        with pytest.raises(ConfigError):
            SmtpMailer(smtp_settings(25, host="mail.example.org", user="u", password=Secret(KEY)))

    def test_smtputf8_only_where_offered(
        self, smtp: tuple[SmtpScript, SmtpMailer, LineServer]
    ) -> None:
        """Else 5.6.7, without trying."""
        script, mailer, _ = smtp
        mailer.send(mail("葵@post.test"))
        assert "RCPT TO:<葵@post.test>" in script.verbs
        assert next(v for v in script.verbs if v.startswith("MAIL")).endswith(
            "BODY=8BITMIME SMTPUTF8"
        )
        mailer.close()
        script.offers = ("PIPELINING",)
        with pytest.raises(SendRefused) as caught:
            mailer.send(mail("葵@post.test"))
        assert caught.value.status_code == "5.6.7"

    @pytest.mark.parametrize(
        "text", ["\n.\nQUIT\n", ".", "..\n.\n", "a\r\n.\r\nMAIL FROM:<x@y>\r\n", "\r.\r\n", "a\n."]
    )
    def test_no_text_ends_the_data(
        self, smtp: tuple[SmtpScript, SmtpMailer, LineServer], text: str
    ) -> None:
        """One mail is seen, whole, whatever dots and line ends it has."""
        script, mailer, _ = smtp
        mailer.send(mail(text=text, html=""))
        (seen,) = script.mails
        wanted = text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n").encode()
        body = seen.partition(b"\r\n\r\n")[2]
        assert wanted.removesuffix(b"\r\n") == body.removesuffix(b"\r\n")

    def test_odd_dots_of_a_local_part_are_quoted(
        self, smtp: tuple[SmtpScript, SmtpMailer, LineServer]
    ) -> None:
        """In the envelope and in header fields (RFC 5321 4.1.2, RFC 5322 3.4.1)."""
        script, mailer, _ = smtp
        box = Mailbox(name="", address=Address(".b@ezweb.ne.jp"))
        mailer.send(mail("aya..h@docomo.ne.jp", reply_to=box))
        assert 'RCPT TO:<"aya..h"@docomo.ne.jp>' in script.verbs
        assert b'\r\nTo: "aya..h"@docomo.ne.jp\r\n' in script.mails[0]
        assert b'\r\nReply-To: ".b"@ezweb.ne.jp\r\n' in script.mails[0]

    def test_the_envelope_sender_may_differ(self) -> None:
        """mail.envelope_sender is used in MAIL and not in From."""
        script = SmtpScript()
        server = LineServer(script.talk)
        usual = smtp_settings(server.port)
        mailer = SmtpMailer(
            replace(usual, mail=replace(usual.mail, envelope_sender=Address("bounce@example.org")))
        )
        mailer.send(mail())
        assert any(verb.startswith("MAIL FROM:<bounce@example.org>") for verb in script.verbs)
        assert b"desk@example.org" in script.mails[0]
        mailer.close()
        server.close()

    def test_a_return_path_is_signed_for_each_attempt(self) -> None:
        """mail.smtp.returns_to is used in MAIL, with a mark that names the attempt; From stays as it is."""
        script = SmtpScript()
        server = LineServer(script.talk)
        usual = smtp_settings(server.port, returns_to=Address("returns@bounces.example.org"))
        site = replace(usual, mail=replace(usual.mail, envelope_sender=Address("b@example.org")))
        mailer = SmtpMailer(site)
        assert mailer.ceiling is Ceiling.NOT_RETURNED
        for token in ("0" * 26, "1" * 26):
            mailer.send(mail(token=token))
        mailer.close()
        server.close()
        path = site.mail.own.return_path
        assert path
        senders = [re.match("MAIL FROM:<(.*?)>", verb) for verb in script.verbs]
        marks = [path.read(site.secret, found[1], mail().date) for found in senders if found]
        assert [mark and mark.token for mark in marks] == ["0" * 26, "1" * 26]
        assert all(mark and mark.is_for(site.secret, VISITOR) for mark in marks)
        assert all(b"From: Example Site <desk@example.org>" in octets for octets in script.mails)
        assert not any(b"bounces.example.org" in octets for octets in script.mails)


class _Box:
    """An aiosmtpd handler that keeps envelopes."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep it."""
        self.envelopes.append(envelope)
        return "250 2.0.0 kept"


def _login(
    _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: LoginPassword
) -> AuthResult:
    return AuthResult(success=data.password == KEY.encode(), handled=False)


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
@pytest.mark.parametrize("password", [KEY, "wrong"])
def test_login(password: str) -> None:
    """The right password is taken; a wrong one stops all, for a while, and is in no error."""
    box = _Box()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    controller = Controller(
        box,
        hostname="127.0.0.1",
        port=port,
        auth_required=True,
        auth_require_tls=False,
        authenticator=_login,
    )
    controller.start()
    try:
        mailer = SmtpMailer(smtp_settings(port, user="u", password=Secret(password)))
        if password == KEY:
            mailer.send(mail())
            assert box.envelopes[0].rcpt_tos == ["aoi@example.net"]
        else:
            with pytest.raises(SendDeferred) as caught:
                mailer.send(mail())
            assert caught.value.stop_all
            assert (caught.value.retry_after_seconds or 0) >= 60
            assert "wrong" not in repr(caught.value) + caught.value.diagnostic
        mailer.close()
    finally:
        controller.stop()


class TestCustomersMailCloud:
    def test_the_call_is_as_documented(
        self, cloud: tuple[HttpScript, CustomersMailCloudMailer, LineServer]
    ) -> None:
        """Type 3 `to`, type 2 `from` and `replyto`, headers as an array with X-Api-Data."""
        script, mailer, _ = cloud
        box = Mailbox(name="", address=Address("help@bücher.test"))
        answer = mailer.send(mail("aoi@bücher.test", reply_to=box))
        assert answer.service_id == "<1@mta.test>"
        start, headers, body = script.requests[0]
        assert start == "POST /api/v2/emails/send.json HTTP/1.1"
        assert (headers["content-type"], headers["accept-language"]) == ("application/json", "en")
        sent = json.loads(body)
        assert sent["to"] == [{"name": "", "address": "aoi@xn--bcher-kva.test"}]
        assert sent["from"] == {"name": "Example Site", "address": "desk@example.org"}
        assert sent["replyto"] == {"name": "", "address": "help@xn--bcher-kva.test"}
        assert {"name": "X-Api-Data", "value": "t" * 26} in sent["headers"]
        assert {"name": "Auto-Submitted", "value": "auto-replied"} in sent["headers"]
        assert (
            sent["api_user"],
            sent["api_key"],
            sent["charset"],
        ) == ("form@example.org", KEY, "UTF-8")

    def test_odd_dots_of_a_local_part_are_quoted(
        self, cloud: tuple[HttpScript, CustomersMailCloudMailer, LineServer]
    ) -> None:
        """The form that RFC 5321 has for them; what the service takes beyond it is not documented."""
        script, mailer, _ = cloud
        mailer.send(mail("aya.@docomo.ne.jp"))
        sent = json.loads(script.requests[0][2])
        assert sent["to"] == [{"name": "", "address": '"aya."@docomo.ne.jp'}]

    def test_one_connection_carries_many_calls(
        self, cloud: tuple[HttpScript, CustomersMailCloudMailer, LineServer]
    ) -> None:
        """Keep-alive."""
        script, mailer, server = cloud
        for _ in range(5):
            mailer.send(mail())
        assert (server.connections, len(script.requests)) == (1, 5)

    @pytest.mark.parametrize(
        ("answer", "error", "stop_all"),
        [
            (answer_of(401, '{"errors":[{"code":"11-006"}]}'), SendDeferred, True),
            (answer_of(429, "{}", "Retry-After: 120"), SendDeferred, True),
            (answer_of(503, "<html>"), SendDeferred, True),
            (answer_of(500, "<html>"), SendUnknown, True),
            (answer_of(502, "<html>"), SendUnknown, True),
            (answer_of(504, '{"message": "Endpoint request timed out"}'), SendUnknown, True),
            (answer_of(504, '{"errors":[{"code":"01-001"}]}'), SendDeferred, True),
            (answer_of(404, "<html>"), SendDeferred, False),
            (answer_of(302, "", "Location: http://127.0.0.1:1/"), SendDeferred, False),
            (answer_of(400, '{"errors":[{"code":"13-006","message":"DKIM"}]}'), SendDeferred, True),
            (answer_of(422, '{"errors":[]}'), SendRefused, None),
            (answer_of(200, '{"errors":[{"code":"11-006","field":"to"}]}'), SendRefused, None),
            (answer_of(404, '{"message":"no such path"}'), SendDeferred, False),
            (answer_of(400, '{"errors":"all wrong"}'), SendRefused, None),
            (answer_of(200, '{"id":"<1@x>","errors":"all wrong"}'), SendRefused, None),
            (answer_of(200, '{"id":"<1@x>","errors":[{"code":"10-001"}]}'), SendRefused, None),
            (answer_of(200, '{"id":7}'), SendUnknown, False),
            (answer_of(200, '{"id":' * 9_000), SendUnknown, False),
            (answer_of(200, "<html>"), SendUnknown, False),
            ("HTTP/1.1 400 X\r\nContent-Length: 500\r\n\r\n{", SendDeferred, False),
            ("HTTP/1.1 503 X\r\nContent-Length: 500\r\n\r\n<h", SendDeferred, True),
            (answer_of(200, "{}"), SendUnknown, False),
            (answer_of(200, '{"id": "<1'), SendUnknown, False),
            (answer_of(200, '["id"]'), SendUnknown, False),
            ("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{", SendUnknown, False),
            ("rubbish\r\n\r\n", SendUnknown, False),
        ],
    )
    def test_every_answer_is_read(
        self,
        cloud: tuple[HttpScript, CustomersMailCloudMailer, LineServer],
        answer: str,
        error: type[Exception],
        stop_all: bool | None,
    ) -> None:
        """The HTTP status decides; what makes no sense after the request was written is unknown."""
        script, mailer, _ = cloud
        script.answers.append(answer)
        with pytest.raises(error) as caught:
            mailer.send(mail())
        assert stop_all == getattr(caught.value, "stop_all", None)
        if "Retry-After" in answer:
            assert getattr(caught.value, "retry_after_seconds", None) == 120

    def test_no_server_stops_all(self) -> None:
        """Connection refused: nothing was written."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        with pytest.raises(SendDeferred) as caught:
            cloud_mailer(f"http://127.0.0.1:{port}").send(mail())
        assert caught.value.stop_all

    def test_tls_that_fails_stops_all(
        self, cloud: tuple[HttpScript, CustomersMailCloudMailer, LineServer]
    ) -> None:
        """Nothing was written."""
        _, _, server = cloud
        with pytest.raises(SendDeferred) as caught:
            cloud_mailer(f"https://127.0.0.1:{server.port}").send(mail())
        assert caught.value.stop_all

    @pytest.mark.parametrize("part", ["code", "field", "message", None])
    def test_the_key_is_in_no_error(
        self,
        cloud: tuple[HttpScript, CustomersMailCloudMailer, LineServer],
        part: str | None,
    ) -> None:
        """Not even when the service repeats it, wherever it does."""
        script, mailer, _ = cloud
        fault = {"code": "11-006", "field": "to", "message": "bad"}
        said = {part: f"bad key {KEY}"} if part else f"bad key {KEY}"
        errors = [fault | said] if isinstance(said, dict) else said
        script.answers.append(answer_of(400, json.dumps({"errors": errors})))
        with pytest.raises(SendRefused) as caught:
            mailer.send(mail())
        error = caught.value
        assert KEY not in f"{error!r}{error}{error.code}{error.diagnostic}{mailer!r}"
        assert "bad key ***" in error.diagnostic

    @pytest.mark.parametrize("echo", [KEY[3:], base64.b64encode(f"form:{KEY}".encode()).decode()])
    def test_no_part_of_the_key_is_in_an_error(
        self, cloud: tuple[HttpScript, CustomersMailCloudMailer, LineServer], echo: str
    ) -> None:
        """Nor the key in another spelling."""
        script, mailer, _ = cloud
        script.answers.append(answer_of(400, json.dumps({"errors": f"bad key {echo} given"})))
        with pytest.raises(SendRefused) as caught:
            mailer.send(mail())
        assert caught.value.diagnostic == "bad key *** given"

    def test_the_key_never_crosses_a_network_in_the_clear(self) -> None:
        """http is for loopback alone."""
        with pytest.raises(ConfigError):
            cloud_mailer("http://sandbox.smtps.jp")

    def test_what_the_service_cannot_take_is_refused_unsent(
        self, cloud: tuple[HttpScript, CustomersMailCloudMailer, LineServer]
    ) -> None:
        """Too large, or a local part that is not ASCII."""
        script, mailer, _ = cloud
        for sent in (mail(text="x" * 16_000_000), mail("葵@post.test")):
            with pytest.raises(SendRefused):
                mailer.send(sent)
        assert script.requests == []

    @pytest.mark.parametrize("field", sorted(SET_UP_FIELDS))
    def test_what_is_wrong_with_every_mail_refuses_none(
        self, cloud: tuple[HttpScript, CustomersMailCloudMailer, LineServer], field: str
    ) -> None:
        """A fault in what all mails share stops all until it is mended, even beside one of this mail's own."""
        script, mailer, _ = cloud
        faults = [{"code": "11-006", "field": name, "message": "no"} for name in ("to", field)]
        script.answers.append(answer_of(400, json.dumps({"errors": faults})))
        with pytest.raises(SendDeferred) as caught:
            mailer.send(mail())
        assert caught.value.stop_all
        assert (caught.value.retry_after_seconds or 0) >= 60

    @pytest.mark.parametrize(
        "head",
        [
            b"",
            b"HTTP/1.1 200 OK\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 500000\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        ],
    )
    def test_an_answer_that_trickles_is_left(self, head: bytes) -> None:
        """A byte now and then, each well within the timeout, holds nobody for ever, wherever in the answer."""

        def talk(peer: socket.socket) -> None:
            peer.recv(1 << 20)
            peer.sendall(head)
            while True:  # until the client hangs up
                peer.sendall(b"1")
                time.sleep(0.05)

        server = LineServer(talk)
        mailer = cloud_mailer(f"http://127.0.0.1:{server.port}")
        with pytest.raises(SendUnknown):
            mailer.send(mail())
        mailer.close()
        server.close()

    def test_a_server_that_hardly_reads_is_left(self) -> None:
        """Nobody knows then what it took."""

        def talk(peer: socket.socket) -> None:
            while peer.recv(64):
                time.sleep(0.05)

        server = LineServer(talk)
        mailer = cloud_mailer(f"http://127.0.0.1:{server.port}")
        with pytest.raises(SendUnknown):
            mailer.send(mail(text="x" * 14_000_000))
        mailer.close()
        server.close()

    def test_an_answer_without_end_is_not_read_to_its_end(self) -> None:
        """Neither memory nor time is spent on it, and the next mail gets a connection of its own."""

        def talk(peer: socket.socket) -> None:
            peer.recv(1 << 20)
            peer.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            while True:
                peer.sendall(b"2000\r\n" + b"x" * 0x2000 + b"\r\n")

        server = LineServer(talk)
        mailer = cloud_mailer(
            f"http://127.0.0.1:{server.port}", cloud={"timeout_seconds": 60.0, "connections": 1}
        )
        for _ in range(2):
            with pytest.raises(SendUnknown):
                mailer.send(mail())
        assert server.connections == 2
        mailer.close()
        server.close()

    def test_a_system_error_is_final_for_a_mail_that_may_be_too_large(
        self, cloud: tuple[HttpScript, CustomersMailCloudMailer, LineServer]
    ) -> None:
        """The service says 01-001 both when it is down and when a message is too large: only size tells these apart."""
        script, mailer, _ = cloud
        down = answer_of(500, '{"errors":[{"code":"01-001","message":"system error"}]}')
        script.answers += [down, down]
        with pytest.raises(SendDeferred):
            mailer.send(mail())
        with pytest.raises(SendRefused) as caught:
            mailer.send(mail(text="紙" * 2_500_000))
        assert caught.value.reason is Reason.TOO_LARGE

    def test_a_long_subject_is_cut_to_what_the_service_takes(
        self, cloud: tuple[HttpScript, CustomersMailCloudMailer, LineServer]
    ) -> None:
        """512 characters, whatever their octets."""
        script, mailer, _ = cloud
        mailer.send(mail(subject="紙" * 600))
        assert json.loads(script.requests[0][2])["subject"] == "紙" * 512

    @given(
        text=st.text(max_size=2000),
        html=st.text(max_size=500),
        subject=st.text("紙a ", max_size=99),
    )
    def test_no_message_is_larger_than_it_is_estimated(
        self, text: str, html: str, subject: str
    ) -> None:
        """The estimate is beyond what our own encoding makes of it, and not far beyond."""
        whole = mail(text=text, html=html, subject=subject)
        size = len(serialise(whole))
        assert size <= size_estimate(whole) <= 2 * size + 8_000

    def test_no_more_calls_at_once_than_the_service_grants(self) -> None:
        """However many threads ask, the connections that are open at once stay within the bound."""
        entered, going = threading.Semaphore(0), threading.Event()

        def talk(peer: socket.socket) -> None:
            lines = peer.makefile("rb")
            while lines.readline():
                length = 0
                while line := lines.readline().strip().lower():
                    length = int(line[15:]) if line.startswith(b"content-length:") else length
                lines.read(length)
                entered.release()
                going.wait(10)
                peer.sendall(answer_of(200, '{"id": "<1@mta.test>"}').encode())

        server = LineServer(talk)
        mailer = cloud_mailer(
            f"http://127.0.0.1:{server.port}", cloud={"connections": 3, "timeout_seconds": 30.0}
        )
        assert mailer.concurrency == 3
        threads = [threading.Thread(target=mailer.send, args=(mail(),)) for _ in range(12)]
        for thread in threads:
            thread.start()
        for _ in range(3):
            assert entered.acquire(timeout=10)
        assert not entered.acquire(timeout=0.3)
        going.set()
        for thread in threads:
            thread.join(10)
        assert (server.connections, sum(entered.acquire(timeout=10) for _ in range(9))) == (3, 9)
        mailer.close()
        server.close()


class TestBesideTheSdk:
    """CustomersMailCloud 1.2.2 from PyPI, written by others, unchanged: the same mail, the same request."""

    @pytest.mark.parametrize("name", ["", "Example Site", '星野 "紙" <店>'])
    @pytest.mark.parametrize("html", ["", "<p>こんにちは</p>"])
    @pytest.mark.parametrize(
        "reply_to", [None, Mailbox(name="", address=Address("help@example.org"))]
    )
    @pytest.mark.parametrize("envelope_sender", ["", "bounce@example.org"])
    def test_the_requests_are_equal(
        self, name: str, html: str, reply_to: Mailbox | None, envelope_sender: str
    ) -> None:
        """Path, content type and every field that both have; ours alone has `headers`, which the SDK loses."""
        script = HttpScript()
        server = LineServer(script.talk)
        url = f"http://127.0.0.1:{server.port}"
        ours = cloud_mailer(url, envelope_sender=Address(envelope_sender))
        sent = mail(
            sender=Mailbox(name=name, address=Address("desk@example.org")),
            html=html,
            reply_to=reply_to,
            subject='受付 \\ "1"',
            text="一行\n二行\n",
        )
        accepted = ours.send(sent)
        theirs = CustomersMailCloud("form@example.org", KEY)
        theirs.url = url + PATH
        theirs.addTo("", sent.recipient)
        theirs.setFrom(name, "desk@example.org")
        theirs.subject, theirs.text, theirs.html = sent.subject, sent.text, html
        theirs.env_from = envelope_sender
        if reply_to:
            theirs.setReplyTo(reply_to.name, reply_to.address)
        assert theirs.send()["id"] == accepted.service_id
        (our_line, our_head, our_body), (their_line, their_head, their_body) = script.requests
        assert our_line == their_line
        for field_name in ("content-type", "accept"):
            assert our_head[field_name] == their_head[field_name]
        our_fields = json.loads(our_body)
        assert our_fields.pop("headers")
        assert our_fields == json.loads(their_body)
        ours.close()
        server.close()

    def test_the_hosts_of_the_three_plans_are_the_same(self) -> None:
        """The `url` of each plan, as the documentation has them, leads where the SDK goes."""
        sdk = CustomersMailCloud("form@example.org", KEY)
        documented = (ROOT / "docs/services/customers-mail-cloud.md").read_text()
        for choose, url in (
            (sdk.trial, "https://sandbox.smtps.jp"),
            (sdk.standard, "https://te.smtps.jp"),
            (lambda: sdk.pro("SUBDOMAIN"), "https://SUBDOMAIN.smtps.jp"),
        ):
            choose()
            assert sdk.url == url + PATH
            assert f"`{url}`" in documented
