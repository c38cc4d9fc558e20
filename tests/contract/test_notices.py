"""Notices are kept by the write that they tell of, and told at least once: each store must keep the promises."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from support.store.desk import START, Desk
from todoke.model import ids
from todoke.model.delivery import Kind
from todoke.model.errors import Malformed
from todoke.model.message import Message, MessageTimeline, Outcome
from todoke.model.notice import (
    MailNews,
    Notice,
    NoticeClaim,
    NoticeTry,
    NoticeType,
    Telling,
)
from todoke.model.submission import Submission
from todoke.ports.outbox import Added, Duplicate

CRM, BACK_OFFICE = "crm", "back-office"
LEASE = timedelta(minutes=2)


def about(submission: Submission, webhook: str = CRM) -> Notice:
    """A notice of a submission."""
    derived = ids.derived_id("notice", submission.id, webhook)
    return Notice(
        id=f"{submission.id}-{derived}",
        webhook=webhook,
        type=NoticeType.ACCEPTED,
        at=submission.received_at,
        form=submission.form,
        submission_id=submission.id,
    )


def of_form(desk: Desk, name: str = "a", webhook: str = CRM) -> Notice:
    """A notice that is about no submission."""
    id_ = ids.time_digits(desk.now) + ids.derived_id(name, webhook)[:16]
    return Notice(id=id_, webhook=webhook, type=NoticeType.PAUSED, at=desk.now, form="contact")


def add(desk: Desk, *webhooks: str) -> tuple[Submission, list[Notice]]:
    """Keep a submission with a notice for each of these webhooks."""
    submission = desk.submission()
    notices = [about(submission, webhook) for webhook in webhooks or (CRM,)]
    added = desk.store.add(submission, desk.pair(submission), None, notices).result()
    assert added == Added(submission.id)
    return submission, notices


def claim(desk: Desk, webhook: str = CRM, limit: int = 10) -> list[NoticeClaim]:
    """Claim what is due."""
    return list(
        desk.store.claim_notices(webhook, now=desk.now, lease_until=desk.now + LEASE, limit=limit)
    )


def finish(desk: Desk, claim: NoticeClaim, fault: str = "", **later: float) -> None:
    """End a claim: told, or with a fault, to be tried again later or not."""
    retry_at = desk.now + timedelta(**later) if later else None
    tried = NoticeTry(desk.now, 500 if fault else 204, fault)
    desk.store.finish_notices([Telling(claim=claim, tried=tried, retry_at=retry_at)])


def notices(desk: Desk, webhook: str = CRM) -> list[Notice]:
    """All that are kept for a webhook, newest first."""
    return [kept.notice for kept in desk.store.notices(webhook).notices]


def test_a_notice_comes_with_its_submission(desk: Desk) -> None:
    """Due at once, each webhook's by itself, as it was put."""
    _, (crm, office) = add(desk, CRM, BACK_OFFICE)
    assert [c.kept.notice for c in claim(desk)] == [crm]
    assert [c.kept.notice for c in claim(desk, BACK_OFFICE)] == [office]
    assert claim(desk, "other") == []


def test_a_repetition_has_none(desk: Desk) -> None:
    """What was not written again is not told again."""
    repeat = desk.repeat("key")
    first, second = desk.submission(repeat=repeat), desk.submission(repeat=repeat)
    assert desk.store.add(first, (), repeat, [about(first)]).result() == Added(first.id)
    answer = desk.store.add(second, (), repeat, [about(second, BACK_OFFICE)]).result()
    assert isinstance(answer, Duplicate)
    assert [c.kept.notice for c in claim(desk)] == [about(first)]
    assert claim(desk, BACK_OFFICE) == []


def test_without_notices_there_are_none(desk: Desk) -> None:
    """The usual case."""
    desk.add()
    assert claim(desk) == []
    assert desk.store.next_notice(CRM) is None
    assert desk.store.notices(CRM).notices == ()


def told_of(
    submission: Submission, before: MessageTimeline, after: MessageTimeline
) -> list[Message | Notice]:
    """A follow-up that tells of each change of a status."""
    if before.standing.status is after.standing.status:
        return []
    news = MailNews(
        id=after.message.id,
        role=after.message.role,
        status=after.standing.status,
        attempt=len(after.attempts),
    )
    derived = ids.derived_id("news", news.id, news.status)
    return [
        Notice(
            id=f"{submission.id}-{derived}",
            webhook=CRM,
            type=NoticeType.DELIVERED,
            at=after.standing.since,
            submission_id=submission.id,
            message=news,
        )
    ]


def test_a_follow_up_s_notice_comes_with_the_change(desk: Desk) -> None:
    """By an outcome, and by an event from outside; a repeated event tells nothing again."""
    message = desk.add_one()
    (taken,) = desk.claim()
    desk.finish(taken, Kind.ACCEPTED, service_id="1", follow_up=told_of)
    (first,) = claim(desk)
    assert first.kept.notice.message == MailNews(
        id=message.id, role="confirmation", status="accepted", attempt=1
    )
    finish(desk, first)
    delivered = desk.event(Kind.DELIVERED, token=taken.attempt.token)
    for _ in range(2):
        desk.store.journal([delivered], told_of)
    (second,) = claim(desk)
    assert second.kept.notice.message is not None
    assert second.kept.notice.message.status == "delivered"
    assert second.kept.notice.submission_id == message.submission_id


def test_many_events_of_one_submission(desk: Desk) -> None:
    """However many change at once, each is told."""
    submission = desk.submission()
    desk.add(submission, *(desk.message(submission) for _ in range(25)))
    claims = desk.claim(limit=25)
    outcomes = [
        Outcome(claim=c, events=(desk.event(Kind.ACCEPTED, token=c.attempt.token),)) for c in claims
    ]
    desk.store.finish(outcomes, told_of)
    assert len(claim(desk, limit=100)) == 25
    events = [desk.event(Kind.DELIVERED, token=c.attempt.token) for c in claims]
    desk.store.journal(events, told_of)
    assert len(claim(desk, limit=100)) == 25


def test_the_longest_due_first(desk: Desk) -> None:
    """As many as are asked for."""
    wanted = []
    for _ in range(5):
        wanted += add(desk)[1]
        desk.move(seconds=1)
    assert [c.kept.notice for c in claim(desk, limit=3)] == wanted[:3]
    assert [c.kept.notice for c in claim(desk, limit=3)] == wanted[3:]


def test_nobody_else_gets_what_is_claimed(desk: Desk) -> None:
    """Until the lease lapses; then it is due again, with what was tried before."""
    add(desk)
    (first,) = claim(desk)
    assert claim(desk) == []
    assert desk.store.next_notice(CRM) == desk.now + LEASE
    desk.move(minutes=2, seconds=1)
    (second,) = claim(desk)
    assert second.kept.notice == first.kept.notice
    assert second.token != first.token


def test_a_stale_claim_changes_nothing(desk: Desk) -> None:
    """Who comes after the lease lapsed does not end another's try."""
    add(desk)
    (first,) = claim(desk)
    desk.move(minutes=3)
    (second,) = claim(desk)
    finish(desk, first)
    kept = desk.store.notice(first.kept.notice.id)
    assert kept is not None
    assert kept.tries == ()
    finish(desk, second)
    finish(desk, second, fault="again")
    kept = desk.store.notice(first.kept.notice.id)
    assert kept is not None
    assert (kept.was_told, kept.due_at, len(kept.tries)) == (True, None, 1)


def test_a_try_is_kept(desk: Desk) -> None:
    """Due again when it is said, with all tries so far; then told."""
    _, (notice,) = add(desk)
    (first,) = claim(desk)
    finish(desk, first, fault="status", minutes=5)
    began = desk.now
    assert claim(desk) == []
    assert desk.store.next_notice(CRM) == desk.now + timedelta(minutes=5)
    desk.move(minutes=5)
    (second,) = claim(desk)
    assert second.kept.tries == (NoticeTry(began, 500, "status"),)
    finish(desk, second)
    kept = desk.store.notice(notice.id)
    assert kept is not None
    assert kept.tries == (NoticeTry(began, 500, "status"), NoticeTry(desk.now, 204))
    assert desk.store.next_notice(CRM) is None


def test_what_was_not_begun_comes_again(desk: Desk) -> None:
    """Without a try."""
    add(desk)
    (first,) = claim(desk)
    desk.store.finish_notices([Telling(claim=first, retry_at=desk.now)])
    (second,) = claim(desk)
    assert second.kept.tries == ()


def test_redelivery(desk: Desk) -> None:
    """What was told, or given up, is due again under its own id; what is not there is not."""
    _, (notice,) = add(desk)
    (first,) = claim(desk)
    finish(desk, first)
    assert desk.store.redeliver(notice.id, desk.now)
    (again,) = claim(desk)
    assert again.kept.notice == notice
    assert not desk.store.redeliver("0" * 26, desk.now)
    assert not desk.store.redeliver("", desk.now)
    assert not desk.store.redeliver("ü\udc80", desk.now)


def test_of_many_who_claim_each_gets_others(desk: Desk) -> None:
    """However many processes ask at once."""
    for _ in range(20):
        add(desk)
    with ThreadPoolExecutor(8) as pool:
        found = [c for some in pool.map(lambda _: claim(desk, limit=5), range(16)) for c in some]
    names = [c.kept.notice.id for c in found]
    assert len(names) == len(set(names))
    names += [c.kept.notice.id for _ in range(8) for c in claim(desk, limit=5)]
    assert len(set(names)) == len(names) == 20


def test_what_is_about_no_submission(desk: Desk) -> None:
    """Is put by itself, once."""
    notice = of_form(desk)
    desk.store.put_notices([notice, of_form(desk, webhook=BACK_OFFICE)], desk.now)
    (first,) = claim(desk)
    assert first.kept.notice == notice
    finish(desk, first)
    desk.store.put_notices([notice], desk.now)
    assert claim(desk) == []
    desk.store.put_notices([], desk.now)


def test_pages(desk: Desk) -> None:
    """The newest first, told or not; each once."""
    wanted = []
    for _ in range(7):
        wanted += add(desk, CRM, BACK_OFFICE)[1][:1]
        desk.move(seconds=1)
    finish(desk, claim(desk, limit=1)[0])
    seen, before = [], ""
    while True:
        page = desk.store.notices(CRM, before=before, limit=3)
        seen += [kept.notice for kept in page.notices]
        before = page.next
        if not before:
            break
    assert seen == wanted[::-1]
    assert [kept.was_told for kept in desk.store.notices(CRM).notices] == [False] * 6 + [True]


@pytest.mark.parametrize("cursor", ["no cursor", "-1", "ü", "0' OR 1"])
def test_no_cursor(desk: Desk, cursor: str) -> None:
    """It comes from outside."""
    with pytest.raises(Malformed):
        desk.store.notices(CRM, before=cursor)


def test_an_erasure_takes_them(desk: Desk) -> None:
    """Those of the submission that ends, and no others; who is at work on one keeps nothing."""
    gone, _ = add(desk, CRM, BACK_OFFICE)
    desk.move(seconds=1)
    _, (kept,) = add(desk)
    first, second = claim(desk)
    assert desk.store.erase(submission_id=gone.id) == 1
    finish(desk, first)
    finish(desk, second)
    assert notices(desk) == [kept]
    assert notices(desk, BACK_OFFICE) == []
    assert desk.store.notice(first.kept.notice.id) is None
    assert not desk.store.redeliver(first.kept.notice.id, desk.now)


def test_names_may_be_any_text(desk: Desk) -> None:
    """The configuration bounds them; a store does not."""
    notice = of_form(desk, webhook="ü/山田 '; --")
    desk.store.put_notices([notice], desk.now)
    assert [c.kept.notice for c in claim(desk, notice.webhook)] == [notice]


def test_times_are_kept_to_the_microsecond(desk: Desk) -> None:
    """As those of mails are."""
    desk.now = START + timedelta(microseconds=7)
    _, (notice,) = add(desk)
    kept = desk.store.notice(notice.id)
    assert kept is not None
    assert (kept.due_at, kept.notice.at) == (desk.now, desk.now)
