"""Mail that comes back: what it changes, in any order, and what a stranger's changes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations

import pytest

from support.mail.mails import VISITOR
from support.mail.returned import daemon, mail, report
from support.mail.story import Story
from support.variants import replace
from todoke.model import ids
from todoke.model.address import Address
from todoke.model.delivery import Ceiling, Kind, Permanence, Reason, Status
from todoke.model.errors import StoreUnavailable
from todoke.model.message import Role
from todoke.model.return_path import GOOD_FOR
from todoke.services.smtp.settings import SmtpSettings
from todoke.testing import MemoryStore
from todoke.walk.returned import EVIDENCE_OCTETS, ReturnFate, take_returned
from todoke.walk.send.round import send_round

ELSEWHERE = "forwarded@elsewhere.example"


def bounced(to: str = VISITOR, code: str = "5.1.1", action: str = "failed") -> bytes:
    """A delivery report."""
    return report(
        f"Final-Recipient: rfc822; {to}\nAction: {action}\nStatus: {code}\n"
        f"Diagnostic-Code: smtp; 550 {code} User unknown"
    )


VACATION = mail(
    """\
    From: aoi@example.net
    To: returns@bounces.example.org
    Subject: Away
    Auto-Submitted: auto-replied

    550 5.1.1 I am not here.
    """
)
RECEIPT = mail(
    """\
    From: aoi@example.net
    Subject: Read: Thank you
    Content-Type: multipart/report; report-type=disposition-notification; boundary=b

    --b
    Content-Type: message/disposition-notification

    Final-Recipient: rfc822; aoi@example.net
    Disposition: manual-action/MDN-sent-manually; displayed
    --b--
    """
)
COMPLAINT = mail(
    """\
    From: fbl@example.net
    Subject: complaint
    Content-Type: multipart/report; report-type=feedback-report; boundary=b

    --b
    Content-Type: message/feedback-report

    Feedback-Type: abuse
    User-Agent: x/1
    Version: 1
    Original-Rcpt-To: aoi@example.net
    --b--
    """
)


@pytest.fixture
def story() -> Story:
    """One confirmation, handed over to a server whose returned mail is read."""
    made = Story(ceiling=Ceiling.NOT_RETURNED)
    usual = made.app.settings
    smtp = SmtpSettings(returns_to=Address("returns@bounces.example.org"))
    made.app = replace(made.app, settings=replace(usual, mail=replace(usual.mail, own=smtp)))
    made.add(Role.CONFIRMATION)
    send_round(made.app, 10)
    assert made.told("s00001").standing.status is Status.ACCEPTED
    return made


def path_of(story: Story) -> Address:
    """The signed return path of the confirmation's attempt."""
    path = story.app.settings.mail.own.return_path
    assert path
    attempt = story.told("s00001").attempts[-1].attempt
    return path.signed(
        story.app.settings.secret, attempt.token, attempt.recipient, attempt.started_at
    )


def status(story: Story) -> Status:
    """Of the confirmation."""
    return story.told("s00001").standing.status


def test_a_report_is_tied_to_its_attempt(story: Story) -> None:
    """With reason, code, words and evidence; the managers hear of it."""
    raw = bounced()
    assert take_returned(story.app, raw, path_of(story).upper()) is ReturnFate.NEW
    told = story.told("s00001").standing
    assert (told.status, told.permanence) == (Status.BOUNCED, Permanence.HARD)
    assert (told.reason, told.status_code) == (Reason.UNKNOWN_ADDRESS, "5.1.1")
    event = story.told("s00001").attempts[-1].events[-1]
    assert event.diagnostic == "550 5.1.1 User unknown"
    assert event.raw == raw
    assert event.recipient == VISITOR
    assert story.told("s00001", Role.ALERT).message.about == "s00001-confirmation"


def test_the_same_mail_again_changes_nothing(story: Story) -> None:
    """A server pipes a mail again when it did not hear of the end; without a Date field too."""
    undated = bounced().replace(b"Date: ", b"X-Date: ")
    for raw in (bounced(), undated):
        assert take_returned(story.app, raw, path_of(story)) is ReturnFate.NEW
        before = story.store.timeline("s00001")
        story.clock.move(hours=1)
        again = b"Received: from here\n" + raw
        assert take_returned(story.app, again, path_of(story)) is ReturnFate.REPEATED
        assert story.store.timeline("s00001") == before


@pytest.mark.parametrize(
    ("raw", "becomes"),
    [
        (bounced(code="4.2.2", action="failed"), Status.BOUNCED),
        (bounced(code="4.4.1", action="delayed"), Status.DEFERRED),
        (bounced(code="2.1.5", action="delivered"), Status.DELIVERED),
        (bounced(code="2.1.5", action="relayed"), Status.UNDETERMINED),
        (bounced(code="2.1.5", action="expanded"), Status.UNDETERMINED),
        (daemon(f"{VISITOR}: 550 5.1.1 User unknown"), Status.BOUNCED),
        (COMPLAINT, Status.ACCEPTED),
    ],
)
def test_what_each_report_becomes(story: Story, raw: bytes, becomes: Status) -> None:
    """Only a delivery proves one; a complaint stands beside the status."""
    assert take_returned(story.app, raw, path_of(story)) is ReturnFate.NEW
    assert status(story) is becomes
    assert story.told("s00001").standing.complained is (raw is COMPLAINT)


def test_what_the_report_is_addressed_to_counts_where_the_server_does_not_say(story: Story) -> None:
    """In fields of servers, in To, or as the original's return path."""
    signed = path_of(story).encode()
    for field in (b"Delivered-To", b"X-Original-To", b"Envelope-To", b"To"):
        words = f"550 5.1.1 {field.decode()}".encode()
        there = field + b": <" + signed + b">\n" + bounced().replace(b"550 5.1.1 User", words)
        assert take_returned(story.app, there) is ReturnFate.NEW
    original = f"Return-Path: <{signed.decode()}>\nMessage-ID: <a@b.example>"
    raw = report(f"Final-Recipient: rfc822; {VISITOR}\nAction: failed\nStatus: 5.2.2", "", original)
    assert take_returned(story.app, raw, "returns@bounces.example.org") is ReturnFate.NEW


def test_what_became_of_it_beyond_its_recipient_blames_no_address(story: Story) -> None:
    """The address forwards its mail: it will not arrive there, and that this mailbox is dead was never said."""
    assert take_returned(story.app, bounced(to=ELSEWHERE), path_of(story)) is ReturnFate.NEW
    told = story.told("s00001").standing
    assert (told.status, told.permanence) == (Status.BOUNCED, Permanence.SOFT)
    assert told.reason is Reason.FORWARDING


def test_a_delivery_elsewhere_proves_none_here(story: Story) -> None:
    """It went on, and that is all."""
    raw = bounced(to=ELSEWHERE, code="2.0.0", action="delivered")
    take_returned(story.app, raw, path_of(story))
    assert status(story) is Status.UNDETERMINED


def test_of_several_recipients_ours_counts(story: Story) -> None:
    """A report about ours and about another is about ours."""
    both = report(
        f"Final-Recipient: rfc822; {VISITOR}\nAction: delivered\nStatus: 2.1.5\n\n"
        f"Final-Recipient: rfc822; {ELSEWHERE}\nAction: failed\nStatus: 5.1.1"
    )
    take_returned(story.app, both, path_of(story))
    assert status(story) is Status.DELIVERED


@pytest.mark.parametrize("raw", [VACATION, RECEIPT, b"Subject: hello\n\nHow are you?"])
def test_what_is_no_report_changes_nothing(story: Story, raw: bytes) -> None:
    """Not even at the signed address."""
    before = story.store.timeline("s00001")
    assert take_returned(story.app, raw, path_of(story)) is ReturnFate.NO_REPORT
    assert story.store.timeline("s00001") == before


def test_the_path_alone_says_nothing(story: Story) -> None:
    """Where the mail cannot be read."""
    before = story.store.timeline("s00001")
    for raw in (b"", b"\x00\xff", b"no header\n"):
        assert take_returned(story.app, raw, path_of(story)) is ReturnFate.UNREADABLE
    assert story.store.timeline("s00001") == before


@pytest.mark.parametrize("place", [8, 12, 16, 28, 40])
def test_a_forged_path_is_none(story: Story, place: int) -> None:
    """A stranger's report changes nothing, and nothing of it is kept."""
    signed = path_of(story)
    other = "0" if signed[place] != "0" else "1"
    forged = signed[:place] + other + signed[place + 1 :]
    raw = f"To: {forged}\nDelivered-To: {forged}\n".encode() + bounced()
    before = story.store.timeline("s00001")
    for recipient in ("", forged, "returns@bounces.example.org", "returns+@bounces.example.org"):
        assert take_returned(story.app, raw, recipient) is ReturnFate.UNLINKED
    assert story.store.timeline("s00001") == before
    assert not story.store.orphans(10)


def test_a_path_whose_time_is_over_is_none(story: Story) -> None:
    """Sixty days later nobody reports a mail any more."""
    signed = path_of(story)
    story.clock.move(days=GOOD_FOR.days)
    assert take_returned(story.app, bounced(), signed) is ReturnFate.UNLINKED


def test_without_a_return_path_nothing_is_tied(story: Story) -> None:
    """The setting was taken away."""
    signed = path_of(story)
    mail_settings = replace(story.app.settings.mail, own=SmtpSettings())
    app = replace(story.app, settings=replace(story.app.settings, mail=mail_settings))
    assert take_returned(app, bounced(), signed) is ReturnFate.UNLINKED


def test_what_was_erased_stays_so(story: Story) -> None:
    """A late report brings nothing of it back."""
    signed = path_of(story)
    story.store.erase(submission_id="s00001")
    assert take_returned(story.app, bounced(), signed) is ReturnFate.GONE
    assert not story.store.orphans(10)


def test_a_test_mail_s_report_is_kept_without_words(story: Story) -> None:
    """It is no submission's, and whoever asked for it looks for it."""
    path = story.app.settings.mail.own.return_path
    assert path
    person, secret = Address("boss@example.org"), story.app.settings.secret
    token = ids.trial_token(secret, person.key)
    signed = path.signed(secret, token, person, story.app.clock())
    assert take_returned(story.app, bounced(to=person), signed) is ReturnFate.NEW
    (event,) = story.store.orphans(10)
    assert (event.token, event.kind, event.raw) == (token, Kind.BOUNCED, b"")


def test_a_longer_token_is_found_by_its_submission(story: Story) -> None:
    """Those of a table begin with the submission's id; a return path has room for a part of them."""
    id_ = ids.submission_id(story.app.clock(), "0" * 16)
    timeline = story.store.timeline("s00001")
    assert timeline
    (message,) = timeline.messages
    (told,) = message.attempts
    attempt = replace(told.attempt, token=id_ + told.attempt.token)
    changed = replace(message, attempts=(replace(told, attempt=attempt),))

    class Table(MemoryStore):
        def timeline(self, submission_id: str):
            return replace(timeline, messages=(changed,)) if submission_id == id_ else None

        def journal(self, events, follow_up, *, orphans=True):
            cut = [replace(e, token=e.token.removeprefix(id_)) for e in events]
            return story.store.journal(cut, follow_up, orphans=orphans)

    path = story.app.settings.mail.own.return_path
    assert path
    secret = story.app.settings.secret
    app = replace(story.app, store=Table())
    for token, fate in ((attempt.token, ReturnFate.NEW), (id_ + "v" * 26, ReturnFate.GONE)):
        signed = path.signed(secret, token, attempt.recipient, attempt.started_at)
        assert take_returned(app, bounced(), signed) is fate
    assert status(story) is Status.BOUNCED


def test_evidence_is_bounded(story: Story) -> None:
    """A returned mail may carry files of many megabytes."""
    take_returned(story.app, bounced() + b"x" * 1_000_000, path_of(story))
    assert len(story.told("s00001").attempts[-1].events[-1].raw) == EVIDENCE_OCTETS


def test_a_store_that_cannot_write_is_told(story: Story) -> None:
    """So that the mail server keeps the mail."""

    class Full(MemoryStore):
        def journal(self, *_args, **_more):
            raise StoreUnavailable

    with pytest.raises(StoreUnavailable):
        take_returned(replace(story.app, store=Full()), bounced(), path_of(story))


MAILS: Sequence[bytes] = (
    bounced(code="2.1.5", action="delivered"),
    bounced(),
    bounced(code="4.4.1", action="delayed"),
    VACATION,
)


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_in_any_order(story: Story, order: Sequence[int]) -> None:
    """A late return beats a delivery, a delivery beats a delay, and each may come twice."""
    for number in (*order, *reversed(order)):
        take_returned(story.app, MAILS[number], path_of(story))
    assert status(story) is Status.BOUNCED
    events = story.told("s00001").attempts[-1].events
    assert sorted(e.kind for e in events) == ["accepted", "bounced", "deferred", "delivered"]
