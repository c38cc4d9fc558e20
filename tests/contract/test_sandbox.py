"""What todoke reads in what the sandbox tells over real HTTP, whatever the encoding, the version and the proof."""

from __future__ import annotations

import json
import logging

import pytest
import urllib3

from mail_cloud_sandbox.outcomes import OUTCOMES
from support.mail.sandbox_readings import ReadingReceiver
from support.mail.sandboxes import KEY, SEND, TOKEN, mail_to, post, sandbox
from support.web.local_server import wait_for
from todoke.model.delivery import Kind, Permanence, Reason, Status
from todoke.model.log import log_to_stderr

EXPECTED = {
    "aoi": (Status.DELIVERED, Permanence.NONE, None, 2),
    "hardbounce": (Status.BOUNCED, Permanence.HARD, Reason.UNKNOWN_ADDRESS, 3),
    "mailboxfull": (Status.BOUNCED, Permanence.SOFT, Reason.MAILBOX_FULL, 3),
    "policy": (Status.BOUNCED, Permanence.NONE, Reason.POLICY, 3),
    "deferred": (Status.DELIVERED, Permanence.NONE, None, 3),
    "late-bounce": (Status.BOUNCED, Permanence.HARD, Reason.UNKNOWN_ADDRESS, 3),
    "suppressed": (Status.REJECTED, Permanence.NONE, Reason.SUPPRESSED, 3),
    "complaint": (Status.DELIVERED, Permanence.NONE, None, 3),
    "vacation": (Status.DELIVERED, Permanence.NONE, None, 3),
    "silent": (Status.QUEUED, Permanence.NONE, None, 0),
    "duplicate": (Status.DELIVERED, Permanence.NONE, None, 6),
    "timeout": (Status.DELIVERED, Permanence.NONE, None, 2),
}
"""For each local part: what its events add up to, and how many there are."""


def test_every_outcome_is_expected_here():
    """No outcome of the sandbox goes untested."""
    assert set(EXPECTED) - {"aoi"} == set(OUTCOMES) - {"refuse"}


@pytest.mark.parametrize("as_json", [False, True])
def test_each_outcome_reads_as_it_should(tmp_path, as_json):
    """Each magic address ends in its status, form-encoded and as JSON, tag and letter case aside."""
    receiver = ReadingReceiver()
    with sandbox(tmp_path, receiver, webhook_json=as_json) as url:
        ids = {}
        for local in EXPECTED:
            recipient = f"{local.title()}+tag@example.com"
            try:
                ids[local] = post(url + SEND, mail_to(recipient))[1]["id"]
            except urllib3.exceptions.ProtocolError:
                assert local == "timeout"
        total = sum(count for *_, count in EXPECTED.values())
        wait_for(lambda: len(receiver.events) >= total)
    assert len(receiver.events) == total
    content_type = "application/json" if as_json else "application/x-www-form-urlencoded"
    assert {c.headers["content-type"] for c in receiver.calls} == {content_type}
    for local, (status, permanence, reason, count) in EXPECTED.items():
        recipient = f"{local.title()}+tag@example.com"
        found = receiver.standing_of(recipient)
        assert (found.status, found.permanence, found.reason) == (status, permanence, reason), local
        assert found.complained == (local == "complaint")
        own = [e for e in receiver.events if e.recipient == recipient]
        assert len(own) == count
        assert {e.token for e in own} <= {TOKEN}
        if local in ids:
            assert {e.service_id for e in own} <= {ids[local]}
            if local == "duplicate":
                assert len({e.key for e in own}) == 2


def test_version_1_is_read_by_its_message_id(tmp_path):
    """It has no apiData: the id of the answer is what the events name."""
    receiver = ReadingReceiver()
    with sandbox(tmp_path, receiver, webhook_version=1) as url:
        service_id = post(url + SEND, mail_to("hardbounce@example.com"))[1]["id"]
        wait_for(lambda: len(receiver.events) == 3)
    assert {(e.token, e.service_id) for e in receiver.events} == {("", service_id)}
    assert receiver.standing_of("hardbounce@example.com").status is Status.BOUNCED


def test_mail_without_our_mark_is_read_by_its_message_id(tmp_path):
    """A program that sends no X-Api-Data beside ours: its events have no token, and change nothing of ours."""
    receiver = ReadingReceiver()
    with sandbox(tmp_path, receiver) as url:
        answer = post(url + SEND, mail_to("hardbounce@example.com", headers=[]))[1]
        wait_for(lambda: len(receiver.events) == 3)
    assert {(e.service_id, e.token) for e in receiver.events} == {(answer["id"], "")}
    assert {e.kind for e in receiver.events} == {Kind.ACCEPTED, Kind.BOUNCED}
    assert receiver.standing_of("hardbounce@example.com").status is Status.BOUNCED


@pytest.mark.parametrize(
    "proof",
    [{"webhook_basic": f"todoke:{KEY}"}, {"webhook_bearer": KEY}],
    ids=lambda p: next(iter(p)),
)
def test_authorization_is_believed(tmp_path, proof):
    """Basic and Bearer prove a call without an api_key in its body."""
    receiver = ReadingReceiver()
    with sandbox(tmp_path, receiver, webhook_key="", **proof) as url:
        post(url + SEND, mail_to("aoi@example.com"))
        wait_for(lambda: len(receiver.events) == 2)
    assert receiver.standing_of("aoi@example.com").status is Status.DELIVERED


def test_operations_on_the_block_list_change_nothing(tmp_path):
    """They are kept, and read as something else."""
    receiver = ReadingReceiver()
    with sandbox(tmp_path, receiver, webhook_events={"blocks"}, block_after=1) as url:
        post(url + SEND, mail_to("hardbounce@example.com"))
        wait_for(lambda: len(receiver.events) == 1)
    assert {e.kind for e in receiver.events} == {Kind.OTHER}


def test_its_log_is_ours(tmp_path, capsys, monkeypatch):
    """What the webhook did not take is a line like todoke's own, with its facts, and nobody's address."""
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", list(root.handlers))
    log_to_stderr()
    receiver = ReadingReceiver(failing=1)
    with sandbox(tmp_path, receiver, retry_seconds=(0.01,)) as url:
        post(url + SEND, mail_to("aoi@example.com"))
        wait_for(lambda: len(receiver.events) == 2)
    (line,) = capsys.readouterr().err.splitlines()
    said = json.loads(line)
    del said["timestamp"], said["events"]
    assert said == {
        "level": "warning",
        "part": "mail_cloud_sandbox.webhook",
        "event": "webhook not taken",
        "event_type": "deliveries",
        "status": 503,
    }
