"""What managers and visitors can do to a submission: ask for another try, correct an address, enter the desk, erase."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import cast

import pytest

from support.store.desk import MANAGER, VISITOR, Desk
from support.web.stories import make_settings
from todoke.model.address import Address
from todoke.model.delivery import Kind
from todoke.model.errors import StoreUnavailable
from todoke.model.ids import token_hash
from todoke.model.message import Message, Role, Timeline
from todoke.ports.mailer import Mailer
from todoke.testing import MemoryStore
from todoke.walk.admit import admit
from todoke.walk.app import App
from todoke.walk.correct import Correction, correct
from todoke.walk.erase import meant
from todoke.walk.invite import CODE_LIFE, invite
from todoke.walk.resend import resend

BETTER = Address("hanako@v.example")


@dataclass
class Site:
    """A site whose hints are counted."""

    hints: list[None] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.desk = Desk(MemoryStore())
        self.app = App(
            settings=make_settings(max_corrections=2),
            store=self.desk.store,
            mailer=cast("Mailer", None),
            clock=lambda: self.desk.now,
            hint=lambda: self.hints.append(None),
        )

    def failed(self) -> Timeline:
        """A submission whose confirmation and notification came back."""
        kept = self.desk.submission()
        added = self.desk.add(kept, *self.desk.pair(kept))
        for claim in self.desk.claim():
            self.desk.finish(claim, Kind.ACCEPTED, Kind.BOUNCED)
        self.desk.move(minutes=1)
        return self.desk.timeline(added.submission.id)

    def due(self) -> dict[str, str]:
        """The messages that are due, each with its recipient."""
        return {claim.message.id: claim.message.recipient for claim in self.desk.claim()}


@pytest.fixture
def site() -> Site:
    """A site of one test."""
    return Site()


def of(timeline: Timeline, role: Role) -> Message:
    """Its message of this role."""
    return next(m.message for m in timeline.messages if m.message.role is role)


class TestResend:
    @pytest.mark.parametrize("role", [Role.CONFIRMATION, Role.NOTIFICATION])
    def test_a_message_is_due_again(self, site: Site, role: Role) -> None:
        """To the same recipient, at once, and the sender is hinted at."""
        failed = site.failed()
        seen = next(m for m in failed.messages if m.message.role is role)
        assert resend(site.app, seen)
        assert len(site.hints) == 1
        assert site.due() == {seen.message.id: seen.message.recipient}

    def test_once_for_what_was_seen(self, site: Site) -> None:
        """Who clicks twice means it once, and so do two who saw the same; what is gone is nobody's."""
        seen, gone = site.failed().messages[0], site.failed()
        assert resend(site.app, seen)
        assert not resend(site.app, seen)
        site.desk.store.erase(submission_id=gone.submission.id)
        assert not resend(site.app, gone.messages[0])
        assert len(site.hints) == 1
        assert list(site.due()) == [seen.message.id]


class TestCorrect:
    def test_the_confirmation_is_due_to_the_new_address(self, site: Site) -> None:
        """And only the confirmation."""
        failed = site.failed()
        assert correct(site.app, failed, BETTER) is Correction.DUE
        assert len(site.hints) == 1
        assert site.due() == {of(failed, Role.CONFIRMATION).id: BETTER}

    @pytest.mark.parametrize("typed", ["", "hana", "hana@", "a@b@c.example", "x" * 300])
    def test_what_cannot_be_an_address_changes_nothing(self, site: Site, typed: str) -> None:
        """The visitor is to type again."""
        assert correct(site.app, site.failed(), typed) is Correction.NO_ADDRESS
        assert (site.hints, site.due()) == ([], {})

    def test_not_while_all_is_well(self, site: Site) -> None:
        """A confirmation on its way, or delivered, goes nowhere else, whatever was typed."""
        kept = site.desk.submission()
        waiting = site.desk.add(kept, site.desk.message(kept, recipient=VISITOR))
        assert correct(site.app, waiting, BETTER) is Correction.CLOSED
        site.desk.finish(site.desk.claim_one(), Kind.ACCEPTED, Kind.DELIVERED)
        assert correct(site.app, site.desk.timeline(kept.id), "nonsense") is Correction.CLOSED
        assert site.hints == []

    def test_not_where_nobody_was_to_be_confirmed(self, site: Site) -> None:
        """A submission without an address of its visitor has none to correct."""
        kept = site.desk.submission(visitor=Address(""))
        bare = site.desk.add(kept, site.desk.message(kept, Role.NOTIFICATION))
        assert correct(site.app, bare, BETTER) is Correction.CLOSED

    def test_one_failure_takes_one_correction(self, site: Site) -> None:
        """Of pages that were opened in time and are sent at once the first counts: no click too many spends a try."""
        failed = site.failed()
        assert [correct(site.app, failed, BETTER) for _ in range(3)] == [
            Correction.DUE,
            Correction.CLOSED,
            Correction.CLOSED,
        ]
        assert len(site.hints) == 1

    def test_a_second_click_is_no_other_correction(self, site: Site) -> None:
        """The same address again, while its mail waits, is answered as the first time and changes nothing."""
        failed = site.failed()
        assert correct(site.app, failed, BETTER) is Correction.DUE
        waiting = site.desk.timeline(failed.submission.id)
        assert correct(site.app, waiting, BETTER) is Correction.DUE
        assert correct(site.app, waiting, "other@example.org") is Correction.CLOSED
        assert site.desk.timeline(failed.submission.id) == waiting


class TestAdmit:
    def test_a_code_opens_once(self, site: Site) -> None:
        """Whoever comes second finds it used up."""
        code = invite(site.app.admission, site.app.clock())
        assert admit(site.app, code)
        assert not admit(site.app, code)

    def test_a_code_is_good_for_a_time(self, site: Site) -> None:
        """Until its end, and not at it."""
        early, late = (
            invite(site.app.admission, site.app.clock()),
            invite(site.app.admission, site.app.clock()),
        )
        site.desk.move(seconds=CODE_LIFE.total_seconds() - 1)
        assert admit(site.app, early)
        site.desk.move(seconds=1)
        assert not admit(site.app, late)

    def test_codes_are_unguessable_and_kept_as_hashes(self, site: Site) -> None:
        """What is kept of a code, its hash, does not open the desk."""
        codes = {invite(site.app.admission, site.app.clock()) for _ in range(50)}
        assert len(codes) == 50
        assert all(len(code) >= 32 for code in codes)
        assert not any(admit(site.app, token_hash(code)) for code in codes)

    def test_a_store_that_cannot_is_told(self, site: Site) -> None:
        """Nobody is let in by a fault."""
        code = invite(site.app.admission, site.app.clock())
        site.desk.store.close()
        with pytest.raises(StoreUnavailable):
            admit(site.app, code)


class TestErase:
    def test_what_is_shown_is_what_goes(self, site: Site) -> None:
        """For each condition, the submissions named before are those that the erasure takes."""
        store, desk = site.desk.store, site.desk
        old = desk.add()
        desk.move(days=40)
        mine, other = desk.add(visitor=Address("me@v.example")), desk.add()
        assert [t.submission.id for t in meant(store, submission_id=other.submission.id)] == [
            other.submission.id
        ]
        assert [t.submission.id for t in meant(store, address="ME@v.example")] == [
            mine.submission.id
        ]
        before = desk.now - timedelta(days=1)
        assert [t.submission.id for t in meant(store, before=before)] == [old.submission.id]
        assert store.erase(received_before=before) == 1
        assert store.erase(address="ME@v.example") == 1
        assert store.erase(submission_id=other.submission.id) == 1
        assert meant(store) == []

    def test_a_managers_address_means_nobody_else_s(self, site: Site) -> None:
        """Whoever was told of a submission is not whose it is."""
        site.desk.add()
        assert meant(site.desk.store, address=MANAGER) == []
        assert meant(site.desk.store, submission_id="nobody's") == []
        assert len(meant(site.desk.store, address=VISITOR)) == 1

    def test_a_corrected_address_counts(self, site: Site) -> None:
        """A person is found by each address that the confirmation goes to."""
        failed = site.failed()
        assert correct(site.app, failed, BETTER) is Correction.DUE
        for address in (VISITOR, BETTER):
            assert len(meant(site.desk.store, address=address)) == 1
