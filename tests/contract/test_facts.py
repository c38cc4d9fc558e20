"""What the doctor looks at in the world: a DNS server, a mail service, a store and a door, all on loopback."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from support.mail.mails import settings, smtp_settings
from support.mail.ses_server import ACCOUNT, SesScript, error, ses_server, ses_settings
from support.run.name_server import Zone, name_server
from support.variants import replace
from todoke.cli.doctor import Wishes, examine
from todoke.cli.main import run
from todoke.doctor.judge_dns import DnsAnswer, DnsOutcome, Resolver
from todoke.doctor.look_dns import system_resolver
from todoke.doctor.look_store import hearing_of, look_at_store
from todoke.model.address import Address
from todoke.model.delivery import Ceiling, DeliveryEvent, Kind
from todoke.model.message import Message, Role
from todoke.model.message import Outcome as Handed
from todoke.model.settings import Secret, Settings
from todoke.model.submission import Submission
from todoke.ports.diagnosis import Verdict
from todoke.services.http.ask import ask
from todoke.services.ses.facts import ask_ses
from todoke.services.ses.mailer import SesMailer
from todoke.services.ses.settings import SesSettings
from todoke.services.smtp.doctor import knock_at_smtp
from todoke.testing import FakeClock, FakeMailer, MemoryStore
from todoke.walk.app import App
from todoke.walk.silence import note_heard
from todoke.wiring import open_store

NOW = datetime(2026, 5, 6, 7, 8, 9, tzinfo=UTC)
TOPIC = "arn:aws:sns:eu-west-1:123456789012:ses-events"


RECORDS = """\
garden.example. 60 IN MX 10 mx.garden.example.
garden.example. 60 IN TXT "v=spf1 include:amazonses.com" " ~all"
amazonses.com. 60 IN TXT "v=spf1 ip4:192.0.2.0/24 -all"
k1._domainkey.garden.example. 60 IN CNAME k1.dkim.amazonses.com.
_dmarc.garden.example. 60 IN TXT "v=DMARC1; p=none"
null.example. 60 IN MX 0 .
bounce.garden.example. 60 IN TXT "v=spf1 include:amazonses.com ~all"
"""


@pytest.fixture
def zone() -> Iterator[tuple[Zone, Resolver]]:
    """A DNS server, and the resolver that asks it."""
    with name_server(RECORDS) as (found, port):
        yield found, system_resolver(servers=["127.0.0.1"], port=port, seconds=1.0)


class TestDns:
    def test_each_kind_of_answer(self, zone: tuple[Zone, Resolver]) -> None:
        """Found with its values as text, there without such a record, not there, failed, too slow."""
        served, resolve = zone
        served.slow.add("slow.example")
        served.failing.add("broken.example")
        assert resolve("garden.example", "MX") == DnsAnswer(
            DnsOutcome.FOUND, ("10 mx.garden.example.",)
        )
        assert resolve("null.example", "MX") == DnsAnswer(DnsOutcome.FOUND, ("0 .",))
        spf = DnsAnswer(DnsOutcome.FOUND, ("v=spf1 include:amazonses.com ~all",))
        assert resolve("garden.example", "TXT") == spf
        cname = DnsAnswer(DnsOutcome.FOUND, ("k1.dkim.amazonses.com",))
        assert resolve("k1._domainkey.garden.example", "CNAME") == cname
        assert resolve("garden.example", "A").outcome is DnsOutcome.EMPTY
        assert resolve("none.example", "TXT").outcome is DnsOutcome.NO_NAME
        assert resolve("broken.example", "TXT").outcome is DnsOutcome.FAILED
        assert resolve("slow.example", "TXT").outcome is DnsOutcome.FAILED
        assert resolve("a..b", "TXT").outcome is DnsOutcome.FAILED


class TestWeb:
    def test_an_answer_and_none(self) -> None:
        """Status, date and body; or the error's name. A redirect is an answer, and not followed."""
        script = SesScript(facts={"/healthz": (200, b"ok\n"), "/x": (302, b"", {"Location": "/"})})
        with ses_server(script) as url:
            found = ask(f"{url}/healthz", seconds=2)
            assert (found.status, found.body, found.error) == (200, b"ok\n", "")
            assert found.date is not None
            assert abs(found.at - found.date) < timedelta(minutes=1)
            assert ask(f"{url}/x", seconds=2).status == 302
            assert ask(url.replace("http:", "https:"), seconds=2).error.startswith("SSLError")
        assert ask(url, seconds=2).status == 0
        assert ask("nonsense://x", seconds=2).error

    def test_a_body_is_announced_and_not_sent(self) -> None:
        """Whoever finds it too large can say so; whoever waits for it is not waited for."""
        with socket.create_server(("127.0.0.1", 0)) as server:
            heard: list[bytes] = []

            def serve() -> None:
                for answer in (b"HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n", b""):
                    with server.accept()[0] as peer:
                        heard.append(peer.recv(4096))
                        peer.sendall(answer)
                        while peer.recv(4096):  # until the other side has enough
                            pass

            thread = threading.Thread(target=serve)
            thread.start()
            url = f"http://127.0.0.1:{server.getsockname()[1]}/healthz"
            told, silent = (ask(url, seconds=0.5, method="POST", announced=5_000) for _ in "12")
            thread.join()
        assert (told.status, silent.status) == (413, 0)
        assert all(b"Content-Length: 5000\r\n" in head for head in heard)
        assert all(head.endswith(b"\r\n\r\n") for head in heard)


class TestStore:
    def test_none_yet(self, tmp_path: Path) -> None:
        """Its folder is enough; nothing is made."""
        facts = look_at_store(settings(data=tmp_path / "a" / "b"), NOW)
        assert (facts.is_new, facts.error) == (True, "")
        assert list(tmp_path.iterdir()) == []

    def test_one_that_is_sound(self, tmp_path: Path) -> None:
        """It is written to: the moment is kept."""
        usual = settings(data=tmp_path)
        open_store(usual).close()
        assert look_at_store(usual, NOW).error == ""
        store = open_store(usual)
        assert store.mark("doctor") == NOW
        store.close()

    def test_one_that_is_damaged(self, tmp_path: Path) -> None:
        """Pages that contradict each other, and a file that is none."""
        usual = settings(data=tmp_path)
        store = open_store(usual)
        for number in range(400):
            store.put_mark(f"{number:040}", NOW)
        store.close()
        path = tmp_path / "todoke.db"
        with sqlite3.connect(path) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            root = database.execute(
                "SELECT rootpage FROM sqlite_master WHERE name='marks'"
            ).fetchone()
        database.close()
        octets = bytearray(path.read_bytes())
        size = int.from_bytes(octets[16:18], "big")
        at = (root[0] - 1) * size
        octets[at + 8 : at + size] = b"\xff" * (size - 8)
        path.write_bytes(octets)
        facts = look_at_store(usual, NOW)
        assert facts.is_damaged
        path.write_bytes(b"hello" * 1000)
        assert look_at_store(usual, NOW).is_damaged

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
    def test_a_folder_that_cannot_be_written(self, tmp_path: Path) -> None:
        """It is said before the first form is refused."""
        tmp_path.chmod(0o500)
        assert "cannot be written" in look_at_store(settings(data=tmp_path / "a"), NOW).error


def handed_over(store: MemoryStore, number: int, at: datetime, *, told: bool) -> None:
    """Keep a submission whose mail was taken at a time, and which the service spoke of, or not."""
    submission = Submission(
        id=f"s{number}",
        form="contact",
        received_at=at,
        entries=(),
        language="en",
        visitor=Address("a@example.net"),
        token_hash=f"h{number}",
    )
    message = Message(
        id=f"m{number}",
        submission_id=submission.id,
        role=Role.CONFIRMATION,
        recipient=Address("a@example.net"),
        language="en",
        message_id=f"<m{number}@example.org>",
        created_at=at,
    )
    store.add(submission, [message], None).result(5)
    (claim,) = store.claim(
        now=at,
        lease_until=at + timedelta(minutes=5),
        limit=1,
        service="ses",
        ceiling=Ceiling.DELIVERED,
    )
    own = DeliveryEvent(
        kind=Kind.ACCEPTED, at=at, received_at=at, service="ses", token=claim.attempt.token
    )
    store.finish([Handed(claim=claim, events=(own,))], lambda *_: ())
    if told:
        word = replace(own, kind=Kind.DELIVERED, raw=b"{}", received_at=at + timedelta(minutes=1))
        store.journal([word], lambda *_: ())


def test_when_the_service_last_spoke() -> None:
    """What its webhook told is noted; the oldest mail that nobody spoke of is known."""
    store = MemoryStore()
    assert hearing_of(store, "ses").heard_at is None
    handed_over(store, 1, NOW, told=True)
    handed_over(store, 2, NOW + timedelta(hours=2), told=False)
    handed_over(store, 3, NOW + timedelta(hours=3), told=False)
    app = App(settings=settings(), store=store, mailer=FakeMailer(), clock=FakeClock(NOW))
    note_heard(app, "ses")
    found = hearing_of(store, "ses")
    assert found.handed_over == 3
    assert found.heard_at == NOW
    assert found.silent_since == NOW + timedelta(hours=2)
    assert hearing_of(store, "smtp").handed_over == 0


class TestSmtp:
    def talk(self, greeting: bytes) -> int:
        """A server that greets so and answers 250 to all else; its port."""
        listener = socket.create_server(("127.0.0.1", 0))

        def serve() -> None:
            with listener, listener.accept()[0] as peer:
                peer.sendall(greeting)
                for _ in peer.makefile("rb"):
                    peer.sendall(b"250 ok\r\n")

        threading.Thread(target=serve, daemon=True).start()
        return int(listener.getsockname()[1])

    def test_a_session_is_opened_and_left(self) -> None:
        """No mail is handed over."""
        assert knock_at_smtp(smtp_settings(self.talk(b"220 ready\r\n"))).error == ""

    def test_what_keeps_it_from_opening(self) -> None:
        """Whose fault it is."""
        busy = knock_at_smtp(smtp_settings(self.talk(b"421 busy\r\n")))
        assert (busy.is_ours, "421 busy" in busy.error) == (False, True)
        bare = knock_at_smtp(
            smtp_settings(self.talk(b"220 ready\r\n"), security="starttls", timeout_seconds=1.0)
        )
        assert (bare.is_ours, "STARTTLS, which mail.smtp.security" in bare.error) == (True, True)
        login = smtp_settings(1, host="mail.example.org", user="u", password=Secret("p"))
        assert knock_at_smtp(login).is_ours


def ses_facts(**changes: Any) -> dict[str, Any]:
    """What SES answers to each question, by path."""
    sets = "/v2/email/configuration-sets/todoke"
    usual = {
        ACCOUNT: (200, {"SendingEnabled": True, "ProductionAccessEnabled": False}),
        "/v2/email/identities/garden.example": (
            200,
            {
                "VerifiedForSendingStatus": True,
                "DkimAttributes": {"Status": "SUCCESS", "SigningEnabled": True, "Tokens": ["k1"]},
                "MailFromAttributes": {"MailFromDomain": "bounce.garden.example"},
            },
        ),
        sets: (200, {"SendingOptions": {"SendingEnabled": True}}),
        f"{sets}/event-destinations": (
            200,
            {
                "EventDestinations": [
                    {
                        "Name": "sns",
                        "Enabled": True,
                        "MatchingEventTypes": ["SEND", "BOUNCE"],
                        "SnsDestination": {"TopicArn": TOPIC},
                    }
                ]
            },
        ),
        "/v2/email/suppression/addresses?PageSize=100": (
            200,
            {"SuppressedDestinationSummaries": []},
        ),
        "/v2/email/suppression/addresses/boss%40garden.example": (
            200,
            {
                "SuppressedDestination": {
                    "EmailAddress": "boss@garden.example",
                    "Reason": "BOUNCE",
                    "LastUpdateTime": 1600000000,
                }
            },
        ),
    }
    return usual | changes


class TestSes:
    def test_every_question_is_asked(self, ses: tuple[SesScript, SesMailer, str]) -> None:
        """Of the account, the domain above the sender's, the set, and the site's own addresses."""
        script, _, url = ses
        script.facts = ses_facts()
        amazon = replace(ses_settings(url).mail.own_as(SesSettings), configuration_set="todoke")
        facts = ask_ses(
            amazon,
            sender="desk@mail.garden.example",
            own=("boss@garden.example", "x@garden.example"),
            seconds=5,
        )
        assert facts.account.at("ProductionAccessEnabled") is False
        assert facts.identity.at("EmailIdentity") == "garden.example"
        assert facts.configuration_set
        assert facts.destinations
        assert facts.destinations.at("EventDestinations")[0]["Name"] == "sns"
        assert facts.suppressed == ["boss@garden.example"]
        assert script.sent == []

    def test_a_question_that_is_denied_keeps_its_code(
        self, ses: tuple[SesScript, SesMailer, str]
    ) -> None:
        """The others are asked all the same."""
        script, _, url = ses
        script.facts = ses_facts(**{ACCOUNT: error(403, "AccessDeniedException")})
        facts = ask_ses(
            ses_settings(url).mail.own_as(SesSettings), sender="d@garden.example", own=(), seconds=5
        )
        assert facts.account.error == "AccessDeniedException"
        assert facts.identity.error == ""
        assert facts.destinations is None

    def test_no_credentials(
        self, ses: tuple[SesScript, SesMailer, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The error's name, and one question only."""
        monkeypatch.delenv("AWS_ACCESS_KEY_ID")
        facts = ask_ses(
            ses_settings(ses[2]).mail.own_as(SesSettings), sender="d@x.example", own=(), seconds=5
        )
        assert facts.account.error == "NoCredentialsError"


def site(url: str, folder: Path) -> Settings:
    """A site whose mail leaves through SES at `url`, and whose door is there too."""
    usual = ses_settings(
        url, sender="desk@garden.example", configuration_set="todoke", topics=(TOPIC,)
    )
    return replace(usual, data=folder, site=replace(usual.site, door_url=url))


class TestAllOfIt:
    def test_every_check_has_its_verdict(
        self,
        ses: tuple[SesScript, SesMailer, str],
        zone: tuple[Zone, Resolver],
        tmp_path: Path,
    ) -> None:
        """From facts to findings, over real sockets; no mail is sent."""
        script, _, url = ses
        script.facts = ses_facts(**{"/healthz": (200, b"ok\n"), "/hooks/ses/doctor": (405, b"")})
        found = examine(site(url, tmp_path), Wishes(seconds=30), resolver=zone[1])
        assert {check.name: check.status.value for check in found} == {
            "store": "good",
            "store.space": found[1].status.value,
            "store.access": "good",
            "clock": "good",
            "dns.mx": "good",
            "dns.spf": "good",
            "dns.dkim": "good",
            "dns.dmarc": "good",
            "mail": "bad",
            "mail.identity": "good",
            "mail.events": "bad",
            "mail.suppressions": "good",
            "door": "good",
            "webhook.address": "good",
            "webhook": "unknown",
        }
        assert script.sent == []

    def test_nothing_hangs(self, ses: tuple[SesScript, SesMailer, str], tmp_path: Path) -> None:
        """What does not answer in time is unknown, and the rest is told."""
        script, _, url = ses
        script.facts = {ACCOUNT: "hang", "/healthz": "hang"}

        def silent(_name: str, _kind: str) -> DnsAnswer:
            script.ended.wait(60)
            return DnsAnswer(DnsOutcome.FAILED)

        found = examine(site(url, tmp_path), Wishes(seconds=2), resolver=silent)
        status = {check.name: check for check in found}
        assert not script.ended.is_set()
        assert status["store"].status is Verdict.GOOD
        assert status["mail"].status in {Verdict.BAD, Verdict.UNKNOWN}
        assert status["dns"].status is Verdict.UNKNOWN
        assert "within 2 seconds" in status["dns"].says


def test_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An object a line, exit 1 when something is bad, exit 2 for a file that is wrong; no secret is made."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TODOKE_DATA", str(tmp_path / "data"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    text = f"""\
[site]
name = "Example"
door_url = "http://127.0.0.1:{port}"
[mail]
service = "smtp"
from = "forms@garden.example"
smtp = {{host = "127.0.0.1", port = {port}, security = "none"}}
[forms.contact]
managers = ["manager@garden.example"]
"""
    (tmp_path / "todoke.toml").write_text(text)
    assert run(["doctor", "--seconds", "5", "--json"]) == 1
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert all(set(row) == {"name", "status", "says", "do"} for row in rows)
    status = {row["name"]: row["status"] for row in rows}
    assert (status["configuration"], status["mail"], status["door"]) == ("good", "bad", "bad")
    assert run(["doctor", "--seconds", "5"]) == 1
    assert "bad     door" in capsys.readouterr().out
    assert not (tmp_path / "data").exists()
    (tmp_path / "todoke.toml").write_text("[site]")
    assert run(["doctor"]) == 2
