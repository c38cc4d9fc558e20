"""SMTP against a real Postfix: each of its answers, and what lies in the Maildir afterwards."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.mail.mails import MANAGER, claim, mail, settings, smtp_settings
from support.mail.postfix import DOMAIN, Postfix, postfix
from support.mail.story import Story
from support.variants import replace
from support.web.local_server import wait_for
from todoke.mail.compose import compose
from todoke.model.address import Address
from todoke.model.delivery import Kind, Permanence, Reason, Status
from todoke.model.errors import SendDeferred, SendRefused
from todoke.model.mail import Mailbox
from todoke.model.message import Note, Role
from todoke.model.smtp_codes import read_answer
from todoke.model.submission import Entry
from todoke.services.smtp.mailer import SmtpMailer
from todoke.walk.send.round import send_round
from todoke.walk.send.sender import Sender

pytestmark = pytest.mark.acceptance


@pytest.fixture(scope="module")
def server() -> Iterator[Postfix]:
    """One Postfix for all tests of this file."""
    with postfix(size_limit=300_000) as running:
        yield running


@pytest.fixture
def mailer(server: Postfix) -> Iterator[SmtpMailer]:
    """A mailer that talks to it."""
    made = SmtpMailer(smtp_settings(server.port, timeout_seconds=5.0))
    yield made
    made.close()


def test_an_accepted_mail_arrives_as_it_was_meant(server: Postfix, mailer: SmtpMailer) -> None:
    """Headers, texts and Message-ID in the Maildir are those composed, in Japanese too."""
    wanted = compose(
        claim(
            Role.NOTIFICATION,
            (Entry("name", "山田　葵"), Entry("message", ".\r\n..dots\r\nend")),
            language="ja",
            recipient=Address(f"kanri@{DOMAIN}"),
        ),
        settings(),
    )
    wanted = replace(
        wanted, sender=Mailbox(name="サイト事務局", address=Address("desk@example.org"))
    )
    answer = mailer.send(wanted)
    assert answer.diagnostic.startswith("250 2.0.0 Ok: queued as")
    (arrived,) = server.mails(f"kanri@{DOMAIN}")
    assert wanted.subject == arrived["Subject"]
    assert str(arrived["From"]) == "サイト事務局 <desk@example.org>"
    assert arrived["Reply-To"] == "aoi@example.net"
    assert re.fullmatch(r"<m1\.[0-9a-f]{12}@example\.org>", str(arrived["Message-ID"]))
    assert arrived["Auto-Submitted"] == "auto-generated"
    assert arrived["List-Id"] == "<contact.forms.example.org>"
    assert arrived["Date"] == "Fri, 02 Jan 2026 03:04:05 +0000"
    text, html = (arrived.get_body((kind,)) for kind in ("plain", "html"))
    assert text is not None
    assert html is not None
    assert wanted.text == text.get_content().replace("\r\n", "\n")
    assert wanted.html == html.get_content().replace("\r\n", "\n")
    assert "  .\n  ..dots\n  end" in wanted.text


@pytest.mark.parametrize(
    ("name", "code", "status_code", "permanence", "reason"),
    [
        ("nobody", "550", "5.1.1", Permanence.HARD, Reason.UNKNOWN_ADDRESS),
        ("full", "552", "5.2.2", Permanence.SOFT, Reason.MAILBOX_FULL),
        ("banned", "550", "5.7.1", Permanence.NONE, Reason.POLICY),
    ],
)
def test_5yz_is_refused(
    mailer: SmtpMailer, name: str, code: str, status_code: str, permanence: str, reason: str
) -> None:
    """A permanent refusal is SendRefused, with code, enhanced code and the server's words; the session goes on."""
    with pytest.raises(SendRefused) as caught:
        mailer.send(mail(f"{name}@{DOMAIN}"))
    error = caught.value
    assert (code, status_code) == (error.code, error.status_code)
    read = read_answer(error.code, error.status_code, error.diagnostic)
    assert (permanence, reason) == (read.permanence, read.reason)
    assert mailer.send(mail(f"after-{name}@{DOMAIN}")).diagnostic.startswith("250")


@pytest.mark.parametrize(("name", "code"), [("busy", "451"), ("crowded", "452")])
def test_4yz_is_deferred(mailer: SmtpMailer, name: str, code: str) -> None:
    """A temporary refusal is SendDeferred, for this message alone."""
    with pytest.raises(SendDeferred) as caught:
        mailer.send(mail(f"{name}@{DOMAIN}"))
    assert (code, False) == (caught.value.code, caught.value.stop_all)
    assert mailer.send(mail(f"after-{name}@{DOMAIN}")).diagnostic.startswith("250")


def test_a_server_that_does_not_answer_in_time_is_a_deferral(server: Postfix) -> None:
    """A timeout before the data is "not taken", and concerns this message alone."""
    mailer = SmtpMailer(smtp_settings(server.port, timeout_seconds=1.0))
    started = time.monotonic()
    with pytest.raises(SendDeferred) as caught:
        mailer.send(mail(f"tarpit@{DOMAIN}"))
    assert time.monotonic() - started < 20
    assert not caught.value.stop_all
    assert mailer.send(mail(f"after-tarpit@{DOMAIN}")).diagnostic.startswith("250")
    mailer.close()


def test_what_is_too_large_is_refused_before_it_is_sent(mailer: SmtpMailer) -> None:
    """The server's SIZE is obeyed."""
    with pytest.raises(SendRefused) as caught:
        mailer.send(mail(f"aoi@{DOMAIN}", text="x" * 400_000))
    assert caught.value.status_code == "5.3.4"


def test_an_idn_domain_and_a_non_ascii_local_part_arrive(
    server: Postfix, mailer: SmtpMailer
) -> None:
    """A domain goes as A-labels; a non-ASCII local part by SMTPUTF8, as it was typed."""
    mailer.send(mail("aoi@bücher.test"))
    (arrived,) = server.mails("aoi@xn--bcher-kva.test")
    assert arrived["To"] == "aoi@xn--bcher-kva.test"
    mailer.send(mail(f"葵@{DOMAIN}"))
    (raw,) = server.raw(f"葵@{DOMAIN}")
    assert f"To: 葵@{DOMAIN}\n".encode() in raw


@pytest.mark.parametrize("local", ["aya..h", "aya.", ".aya"])
def test_the_odd_dots_of_docomo_arrive(server: Postfix, mailer: SmtpMailer, local: str) -> None:
    """Postfix takes the quoted form, and delivers to it."""
    mailer.send(mail(f"{local}@docomo.ne.jp"))
    quoted = f'"{local}"@docomo.ne.jp'
    (arrived,) = server.raw(quoted)
    assert f"\nTo: {quoted}\n".encode() in arrived


def test_starttls_with_a_certificate_that_is_checked(tmp_path: Path) -> None:
    """The right authority: the mail goes encrypted. Any other: nothing goes, and all rest."""
    key, certificate, both = (tmp_path / name for name in ("key.pem", "cert.pem", "both.pem"))
    command = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1"
    subprocess.run(
        ["openssl", *command.split(), "-keyout", str(key), "-out", str(certificate)],
        check=True,
        capture_output=True,
    )
    both.write_bytes(key.read_bytes() + certificate.read_bytes())
    with postfix(tls=both) as secured:
        trusting = SmtpMailer(
            smtp_settings(secured.port, security="starttls", ca_file=str(certificate))
        )
        trusting.send(mail(f"aoi@{DOMAIN}"))
        trusting.send(mail(f"aoi@{DOMAIN}", message_id="<m2@example.org>"))
        trusting.close()
        arrived = secured.mails(f"aoi@{DOMAIN}", count=2)
        assert "with ESMTPS" in str(arrived[0]["Received"])
        with pytest.raises(SendDeferred) as caught:
            SmtpMailer(smtp_settings(secured.port, security="starttls")).send(mail(f"aoi@{DOMAIN}"))
        assert caught.value.stop_all
        assert caught.value.reason == Reason.MISCONFIGURED


def test_many_mails_share_a_connection(server: Postfix, mailer: SmtpMailer) -> None:
    """One connection carries many transactions, one recipient each."""
    before = server.log().count(": connect from")
    for number in range(20):
        mailer.send(mail(f"many@{DOMAIN}", message_id=f"<{number}@example.org>"))
    arrived = server.mails(f"many@{DOMAIN}", count=20)
    assert {f"<{n}@example.org>" for n in range(20)} == {m["Message-ID"] for m in arrived}
    assert server.log().count(": connect from") <= before + 1


@pytest.mark.parametrize(
    "more",
    [
        {
            "smtpd_sender_restrictions": "check_sender_access inline:{ {desk@example.org ="
            " 553 5.7.1 Sender address rejected: not owned by user forms} }"
        },
        {
            "smtpd_client_restrictions": "check_client_access inline:{ {127.0.0.1 ="
            " 554 5.7.1 Service unavailable; Client host [127.0.0.1] blocked using a list} }"
        },
        {
            "mynetworks": "192.0.2.0/24",
            "smtpd_relay_restrictions": "permit_mynetworks, reject_unauth_destination",
        },
        {
            "smtpd_relay_restrictions": "permit_sasl_authenticated, reject",
            "smtpd_recipient_restrictions": "",
        },
        {"message_size_limit": "200", "smtpd_discard_ehlo_keywords": "size"},
    ],
    ids=["sender", "client", "relay", "no login", "size"],
)
def test_what_is_wrong_with_the_set_up_and_told_at_rcpt_rejects_nothing(
    more: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    """With smtpd_delay_reject, as it comes: all mail rests, one line at error says so, and no alert is written."""
    with postfix(more=more) as server:
        mailer = SmtpMailer(smtp_settings(server.port, timeout_seconds=5.0))
        story = Story(real_time=True)
        sender = Sender(replace(story.app, mailer=mailer))
        sent = [story.add() for _ in range(3)]
        sender.start()
        wait_for(sender.rest)
        sender.stop(5)
        mailer.close()
    for submission_id in sent:
        timeline = story.store.timeline(submission_id)
        assert timeline
        assert len(timeline.messages) == 2
        for message in timeline.messages:
            assert message.due_at is not None
            assert {e.kind for a in message.attempts for e in a.events} <= {Kind.DEFERRED}
    errors = [r.message for r in caplog.records if r.levelname == "ERROR"]
    assert ["mail_rests" in line for line in errors] == [True]


def test_a_server_that_relays_for_nobody_is_told_of_by_the_mails_that_it_takes(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It takes mail to the managers' domain from anybody: no visitor's mail is rejected, and one alert tells of it."""
    more = {
        "mynetworks": "192.0.2.0/24",
        "relay_domains": MANAGER.domain,
        "relay_transport": "discard:",
        "smtpd_relay_restrictions": "permit_mynetworks, reject_unauth_destination",
        "smtpd_recipient_restrictions": "",
    }
    with postfix(more=more) as server:
        mailer = SmtpMailer(smtp_settings(server.port, timeout_seconds=5.0))
        story = Story()
        app = replace(story.app, mailer=mailer)
        sent = [story.add(visitor=f"v{n}@visitor{n}.example") for n in range(4)]
        for submission_id in sent:
            for role in (Role.CONFIRMATION, Role.NOTIFICATION):
                send_round(app, 1, ids=[f"{submission_id}-{role.value}"])
        send_round(app, 10)
        mailer.close()
    assert [story.kinds(one) for one in sent] == [[[Kind.DEFERRED]]] * 4
    assert [story.kinds(one, Role.NOTIFICATION) for one in sent] == [[[Kind.ACCEPTED]]] * 4
    timelines = [story.store.timeline(one) for one in sent]
    alerts = [m for t in timelines if t for m in t.messages if m.message.role is Role.ALERT]
    assert [(a.message.note, a.standing.status) for a in alerts] == [(Note.SET_UP, Status.ACCEPTED)]
    errors = [r.message for r in caplog.records if r.levelname == "ERROR"]
    assert ["mail_refused_to_some" in line for line in errors] == [True]
