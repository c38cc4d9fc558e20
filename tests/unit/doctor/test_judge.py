"""What the doctor says of store, clock, door and webhook, for each fact that can be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from todoke.doctor.judge import (
    Check,
    HearingFacts,
    StoreFacts,
    Verdict,
    WebFacts,
    exit_code,
    failed,
    judge_clock,
    judge_door,
    judge_figures,
    judge_hearing,
    judge_hook_address,
    judge_room,
    judge_store,
    not_finished,
)
from todoke.doctor.judge_webhooks import judge_webhooks
from todoke.model.webhook import Webhook
from todoke.testing import FakeCourier

NOW = datetime(2026, 5, 6, 7, 8, 9, tzinfo=UTC)
GB = 1024**3


def statuses(checks: list[Check]) -> dict[str, str]:
    """Each check's verdict; what is not good says what to do."""
    for check in checks:
        assert check.says.endswith(".") or ":" in check.says
        assert check.do or check.status in {Verdict.GOOD, Verdict.UNKNOWN}
    return {check.name: check.status.value for check in checks}


@pytest.mark.parametrize(
    ("facts", "store", "space"),
    [
        (StoreFacts(folder="d", free_bytes=9 * GB), "good", "good"),
        (StoreFacts(folder="d", free_bytes=9 * GB, is_new=True), "good", "good"),
        (StoreFacts(folder="d", free_bytes=9 * GB, network="nfs4"), "warn", "good"),
        (StoreFacts(folder="d", free_bytes=GB // 2), "good", "warn"),
        (StoreFacts(folder="d", free_bytes=1), "good", "bad"),
        (StoreFacts(folder="d", free_bytes=9 * GB, error="disk I/O error."), "bad", "good"),
        (StoreFacts(folder="d", free_bytes=9 * GB, error="x.", is_damaged=True), "bad", "good"),
    ],
)
def test_the_store(facts: StoreFacts, store: str, space: str) -> None:
    """Sound, damaged, not to be written, or without room."""
    assert statuses(judge_store(facts)) == {
        "store": store,
        "store.space": space,
        "store.access": "good",
    }


@pytest.mark.parametrize(
    ("offsets", "verdict"),
    [
        ([0], "good"),
        ([-20], "good"),
        ([60], "warn"),
        ([-60], "warn"),
        ([400], "bad"),
        ([-4000], "bad"),
        ([400, 1], "good"),
        ([None], "unknown"),
        ([], "unknown"),
    ],
)
def test_the_clock(offsets: list[int | None], verdict: str) -> None:
    """Compared with the nearest of the others: one of them may be wrong itself."""
    answers = [
        WebFacts(
            url="u",
            at=NOW,
            status=200,
            date=None if seconds is None else NOW + timedelta(seconds=seconds),
        )
        for seconds in offsets
    ]
    assert statuses(judge_clock(answers)) == {"clock": verdict}


def test_the_room_that_a_proxy_leaves() -> None:
    """Only "too large" is told, with what to write; todoke's own 405, and no answer, say nothing."""
    (check,) = judge_room(WebFacts(url="u", at=NOW, status=413), "forms.example.jp", 2_500_000)
    assert (check.name, check.status.value) == ("door.room", "bad")
    assert "2.4 MB" in check.says
    assert "client_max_body_size 3m;" in check.do
    for status in (0, 405):
        assert judge_room(WebFacts(url="u", at=NOW, status=status), "forms.example.jp", 1) == []


@pytest.mark.parametrize(
    ("status", "body", "verdict"),
    [
        (200, b"ok\n", "good"),
        (200, b"<html>", "bad"),
        (503, b"The store", "bad"),
        (404, b"", "bad"),
        (301, b"", "bad"),
        (0, b"", "bad"),
    ],
)
def test_the_door(status: int, body: bytes, verdict: str) -> None:
    """Only todoke's own answer will do."""
    answer = WebFacts(url="u", at=NOW, status=status, body=body, error="x")
    assert statuses(judge_door(answer, "forms.example.jp")) == {"door": verdict}


@pytest.mark.parametrize(
    ("status", "body", "is_told"),
    [
        (200, b"# HELP todoke_build_info The version that runs.\n", True),
        (200, b"the owner's own page", False),
        (401, b"This is for the owner", False),
        (404, b"", False),
        (0, b"", False),
    ],
)
def test_figures_that_anybody_can_read(status: int, body: bytes, is_told: bool) -> None:
    """Only where it is so there is a line, with what to do."""
    answer = WebFacts(url="u", at=NOW, status=status, body=body, error="x")
    found = judge_figures(answer, "https://forms.example.jp")
    assert statuses(found) == ({"door.figures": "bad"} if is_told else {})


@pytest.mark.parametrize(
    ("status", "verdict"), [(405, "good"), (404, "bad"), (403, "bad"), (200, "bad"), (0, "bad")]
)
def test_the_address_of_the_webhook(status: int, verdict: str) -> None:
    """todoke alone says 405 there."""
    answer = WebFacts(url="u", at=NOW, status=status, error="x")
    found = judge_hook_address(answer, "https://x/hooks/ses/")
    assert statuses(found) == {"webhook.address": verdict}


def hours(ago: float) -> datetime:
    """So many hours before now."""
    return NOW - timedelta(hours=ago)


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (HearingFacts(expects=False), "warn"),
        (HearingFacts(expects=True), "unknown"),
        (HearingFacts(expects=True, handed_over=1, silent_since=hours(1)), "unknown"),
        (HearingFacts(expects=True, handed_over=1, silent_since=hours(30)), "bad"),
        (
            HearingFacts(expects=True, handed_over=1, heard_at=hours(50), silent_since=hours(30)),
            "bad",
        ),
        # It spoke since: that one mail is silent, the webhook is not.
        (
            HearingFacts(expects=True, handed_over=1, heard_at=hours(2), silent_since=hours(30)),
            "good",
        ),
        (HearingFacts(expects=True, handed_over=1, heard_at=hours(900)), "good"),
    ],
)
def test_the_webhook(facts: HearingFacts, verdict: str) -> None:
    """Silent for longer than expected of what was handed over, or never asked to speak."""
    found = judge_hearing(facts, now=NOW, expected=timedelta(hours=24), hook="https://x/hooks/ses/")
    assert statuses(found) == {"webhook": verdict}


def test_only_what_is_bad_is_a_failure() -> None:
    """Exit 1 for bad; what could not be found out fails nothing."""
    checks = [Check("a", verdict, "x.") for verdict in Verdict if verdict is not Verdict.BAD]
    assert exit_code(checks) == 0
    assert exit_code([*checks, Check("b", Verdict.BAD, "x.")]) == 1
    assert not_finished("c", 2).status is failed("d", "x").status is Verdict.UNKNOWN


def test_webhooks() -> None:
    """Each by itself: its secret, its address, whether it is off."""
    names = {"good": b"k", "unset": b"", "gone": b"k", "within": b"k", "nowhere": b"k"}
    hooks = [
        Webhook(name=name, url="https://x.example/", keys=(key,) if key else ())
        for name, key in names.items()
    ]
    courier = FakeCourier(faults={"within": "not_public", "nowhere": "unresolved"})
    found = statuses(judge_webhooks(hooks, courier.find, {"gone": NOW}))
    assert found == {
        "notices.good": "good",
        "notices.unset": "unknown",
        "notices.gone": "bad",
        "notices.within": "bad",
        "notices.nowhere": "bad",
    }
