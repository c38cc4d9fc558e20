"""The mail server goes away, todoke is told to stop, a mail waits too long: nothing is lost, and each state is true."""

from __future__ import annotations

import json
import signal
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import urllib3

from support.mail.postfix import DOMAIN, postfix
from support.run.serving import JSON, Load, Sink, eventually, free_port, post_json, serve, text_of
from support.web.local_server import serving
from todoke.configuration import read
from todoke.server.asgi import application
from todoke.wiring import build

pytestmark = pytest.mark.acceptance

CONFIGURATION = """
[site]
name = "Outage"
url = "http://127.0.0.1/"
door_url = "http://127.0.0.1/"
{site}
[mail]
service = "smtp"
from = "Desk <desk@example.org>"
{mail}
[mail.smtp]
host = "127.0.0.1"
port = {port}
security = "none"
timeout = "5s"

[forms.contact]
managers = ["{manager}"]
"""


def configuration(
    port: int, *, mail: str = "", site: str = "", manager: str = "manager@example.org"
) -> str:
    """A site with one form that hands mail to this port."""
    return CONFIGURATION.format(port=port, mail=mail, site=site, manager=manager)


def submit(url: str, addresses: list[str]) -> dict[str, str]:
    """Submit once for each address; the path of each one's receipt."""
    http = urllib3.PoolManager(retries=False, timeout=10)
    links = {}
    for address in addresses:
        fields = {"email": address, "message": f"from {address}"}
        answer = post_json(http, f"{url}/f/contact", fields)
        links[address] = "/s/" + str(answer["status_url"]).partition("/s/")[2]
    return links


def states(url: str, link: str) -> dict[str, str]:
    """What the receipt says of each mail, by role."""
    answer = urllib3.PoolManager().request("GET", url + link, headers=JSON)
    assert answer.status == 200
    return {message["role"]: message["status"] for message in answer.json()["messages"]}


def test_while_the_mail_server_is_away_submissions_are_taken_and_all_mail_leaves_afterwards(
    tmp_path: Path,
) -> None:
    """Nobody is refused, no mail reads failed, and when the server is there every mail goes out, once."""
    port = free_port()
    visitors = [f"v{n}@example.net" for n in range(30)]
    with serve(tmp_path, configuration(port)) as served:
        links = submit(served.url, visitors)
        for link in list(links.values())[:5]:
            assert set(states(served.url, link).values()) <= {"queued", "deferred"}
        sink = Sink(port=port)
        eventually(lambda: len(sink.mails) >= 60, seconds=60, what="every mail")
        for link in links.values():
            eventually(lambda link=link: set(states(served.url, link).values()) == {"accepted"})
        assert served.stop() == 0
    assert Counter(to for to, _ in sink.mails) == {
        **dict.fromkeys(visitors, 1),
        "manager@example.org": 30,
    }
    sink.close()


def test_a_postfix_killed_amid_hand_overs_gets_every_mail_when_it_is_back(tmp_path: Path) -> None:
    """What reads accepted arrives, once for a visitor; what was under way is tried again or unknown, never failed."""
    with postfix() as server:
        manager = f"manager@{DOMAIN}"
        with serve(tmp_path, configuration(server.port, manager=manager)) as served:
            load = Load(f"{served.url}/f/contact", domain=DOMAIN).start()
            try:
                server.mails(manager, count=5)
                server.kill()
                taken = len(load.accepted)
                eventually(lambda: len(load.accepted) > taken + 5, what="submissions without it")
            finally:
                load.stop()
            server.start()
            told = {
                visitor: eventually(
                    lambda link=link: tried(served.url, link), seconds=60, what=f"a try of {link}"
                )
                for visitor, link in load.links.items()
            }
        wanted = [v for v, states in told.items() if states["confirmation"] == "accepted"]
        assert len(wanted) > 5
        eventually(lambda: set(wanted) <= set(server.recipients()), what="each accepted mail")
        mailed = Counter(server.recipients())
        assert {mailed[visitor] for visitor in wanted} == {1}
        assert not [visitor for visitor in told if mailed[visitor] > 1]
        notified = [v for v, states in told.items() if states["notification"] == "accepted"]
        server.mails(manager, count=len(notified))
        ends = Counter(state for states in told.values() for state in states.values())
        assert set(ends) <= {"accepted", "deferred", "unknown"}
        assert (
            ends["deferred"] + ends["unknown"] <= 8
        )  # what was under way in the eight connections


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_under_load_it_ends_well_and_goes_on_where_it_was(
    tmp_path: Path, number: signal.Signals
) -> None:
    """Exit 0; what was accepted is kept with its receipt, and its mails are not repeated by the next start."""
    sink = Sink(delay_seconds=0.01)
    with serve(tmp_path, configuration(sink.port)) as served:
        load = Load(f"{served.url}/f/contact").start()
        try:
            eventually(lambda: len(load.accepted) > 30, what="some load")
            assert served.kill(number) == 0
        finally:
            load.stop()
        kept = served.command("export", "--format", "json").splitlines()
        assert {json.loads(line)["id"] for line in kept} >= set(load.accepted)
        served.start()
        for link in load.links.values():
            eventually(
                lambda link=link: set(states(served.url, link).values()) == {"accepted"},
                what="a receipt that says accepted",
            )
    mailed = Counter(to for to, _ in sink.mails)
    assert all(mailed[visitor] == 1 for visitor in load.accepted.values())
    assert mailed["manager@example.org"] == len(kept)
    sink.close()


def test_a_mail_that_fails_reads_so_and_who_can_act_is_mailed(tmp_path: Path) -> None:
    """Refused, or deferred until it is given up: the managers hear of a visitor's mail, alert_to of a manager's."""
    answers = {
        ("rcpt", "gone@example.net"): "550 5.1.1 No such user here",
        ("data", "slow@example.net"): "451 4.3.0 Try again later",
        ("rcpt", "left@example.org"): "550 5.1.1 No such user here",
    }
    sink = Sink(lambda stage, to: answers.get((stage, to), ""))
    text = configuration(
        sink.port,
        mail='give_up_after = "3d"',
        site='alert_to = ["owner@example.org"]',
        manager='manager@example.org", "left@example.org',
    )
    (tmp_path / "todoke.toml").write_text(text)
    later = timedelta()
    app = build(
        read(tmp_path / "todoke.toml", {"TODOKE_DATA": str(tmp_path / "data")}),
        clock=lambda: datetime.now(UTC) + later,
    )
    with serving(application(app)) as url:
        gone, slow = submit(url, ["gone@example.net", "slow@example.net"]).values()
        eventually(lambda: states(url, gone)["confirmation"] == "failed")
        eventually(lambda: states(url, slow)["confirmation"] == "deferred")
        eventually(  # what is still on its way then would be given up too
            lambda: (
                [len(alerts(sink, f"{who}@example.org")) for who in ("manager", "owner")] == [3, 2]
            ),
            what="alerts to both of what failed so far",
        )
        later = timedelta(days=3, minutes=1)
        submit(url, ["another@example.net"])  # what comes in wakes the sender
        eventually(lambda: states(url, slow)["confirmation"] == "failed")
        about_both = eventually(
            lambda: len(found := alerts(sink, "manager@example.org")) == 5 and found,
            what="alerts to the manager who is there",
        )
        about_managers = eventually(
            lambda: len(found := alerts(sink, "owner@example.org")) == 3 and found,
            what="alerts to the owner",
        )
    assert [text for text in about_both if "gone@example.net" in text and "550 5.1.1" in text]
    assert [text for text in about_both if "slow@example.net" in text and "451 4.3.0" in text]
    assert all("left@example.org" in text for text in about_managers)
    assert not sink.to("left@example.org")
    sink.close()


def alerts(sink: Sink, to: str) -> list[str]:
    """The texts of the mails to this address that are no notifications (those have a List-Id)."""
    return [text_of(mail) for mail in sink.to(to) if mail["List-Id"] is None]


def tried(url: str, link: str) -> dict[str, str] | None:
    """What the receipt says, once each mail was tried."""
    found = states(url, link)
    return None if "queued" in found.values() else found
