"""What is listed and found, held against every store: words, statuses, scopes, pages both ways, care, counts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest

from support.store.desk import MANAGER, START, VISITOR, Desk
from support.variants import replace
from todoke.model import ids
from todoke.model.address import Address
from todoke.model.care import Care, Remark
from todoke.model.delivery import Ceiling, Kind
from todoke.model.errors import Malformed
from todoke.model.message import Role
from todoke.model.submission import Entry, File
from todoke.ports.archive import BRIEF, Count, Query, Scope

BROWN = Address("b.brown@example.org")


class TestWords:
    def test_answers_names_and_addresses(self, desk: Desk) -> None:
        """In answers, names of files and the visitor's address; not in names of fields, nor managers' addresses."""
        brown = _add(desk, "Hello, the gardens are lovely", name="Ben Brown", visitor=BROWN)
        yamada = _add(desk, "山田太郎と申します", file="履歴書.pdf")
        for words, expected in {
            "garden": [brown],
            "GARDENS lovely": [brown],
            "brown": [brown],
            "b.brown@example.org": [brown],
            "山田": [yamada],
            "田": [yamada],
            "山田太郎": [yamada],
            "履歴書 pdf": [yamada],
            "garden 山田": [],
            "山太": [],
            "text": [],
            "manager": [],
            "...": [],
            "hanako": [yamada],
        }.items():
            assert _found(desk, words) == expected, words

    def test_an_address_that_is_nobodys(self, desk: Desk) -> None:
        """One that stands in an answer alone is a word like others; so is what looks like an id."""
        id_ = _add(desk, f"Write to info@shop.example, number {'1a' * 13}")
        assert _found(desk, "info@shop.example") == [id_]
        assert _found(desk, "1a" * 13) == [id_]
        assert _found(desk, "nobody@shop.example") == _found(desk, "2b" * 13) == []

    def test_the_reference(self, desk: Desk) -> None:
        """By its six letters, by the first of them, and by the whole id."""
        _add(desk, "one")
        id_ = _add(desk, "two")
        _add(desk, "three")
        assert _found(desk, ids.number(id_)) == [id_]
        assert id_ in _found(desk, ids.number(id_)[:4].upper())
        assert _found(desk, id_) == [id_]

    def test_nobody_finds_a_secret(self, desk: Desk) -> None:
        """What was typed unseen is shown to nobody, and cannot be guessed by looking for it."""
        id_ = desk.add(
            entries=(Entry("password", "hunter2hunter"), Entry("text", "hello"))
        ).submission.id
        assert _found(desk, "hello") == [id_]
        assert _found(desk, "hunter2hunter") == _found(desk, "hun") == []

    def test_a_corrected_address(self, desk: Desk) -> None:
        """It is found as well as the one before it; and so is what waits for nobody, a manager it was passed on to."""
        message = desk.add_one(visitor=Address("wrong@visitor.example"))
        id_ = message.submission_id
        desk.finish(desk.claim_one(), Kind.BOUNCED)
        desk.resend(message.id, "right@better.example")
        for words in ("right", "better", "wrong", "right@better.example"):
            assert _found(desk, words) == [id_], words

    def test_what_is_erased(self, desk: Desk) -> None:
        """It is found by no word, and all else is."""
        gone, kept = _add(desk, "needle 針 one"), _add(desk, "needle 針 two")
        desk.store.erase(submission_id=gone)
        assert _found(desk, "needle") == _found(desk, "針") == [kept]
        assert _found(desk, "one") == _found(desk, ids.number(gone)) == []

    def test_with_all_other_conditions(self, desk: Desk) -> None:
        """Words beside form, scope, status, address and time."""
        right = _add(desk, "needle", form="a", visitor=BROWN)
        _add(desk, "needle", form="b", visitor=BROWN)
        _add(desk, "needle", form="a")
        _add(desk, "hay", form="a", visitor=BROWN)
        query = Query(
            words="need",
            form="a",
            scope=Scope(forms=frozenset({"a"})),
            address=BROWN,
            statuses=frozenset({"queued"}),
            received_from=START,
        )
        assert _all(desk, query) == [right]
        assert _all(desk, replace(query, statuses=frozenset({"bounced"}))) == []
        assert _all(desk, replace(query, received_to=START)) == []
        assert _all(desk, replace(query, scope=Scope(forms=frozenset({"b"})))) == []

    def test_pages_join_without_gap(self, desk: Desk) -> None:
        """Whatever their size, both ways."""
        wanted = [_add(desk, f"needle {n}" if n % 3 else "hay") for n in range(20)]
        newest_first = [id_ for n, id_ in enumerate(wanted) if n % 3][::-1]
        for size in (1, 4, 50):
            query = Query(words="needle", limit=size)
            assert _all(desk, query) == newest_first
            assert _all_up(desk, query) == newest_first


class TestStatuses:
    def test_several(self, desk: Desk) -> None:
        """Those with a message of any of them, each once."""
        one, two, three = (_add(desk, "x", form=f) for f in "aba")
        claims = {c.message.submission_id: c for c in desk.claim(limit=6)}
        desk.finish(claims[one], Kind.BOUNCED)
        desk.finish(claims[two], Kind.ACCEPTED)
        query = Query(statuses=frozenset({"bounced", "accepted"}))
        assert _all(desk, query) == [two, one]
        assert _all(desk, replace(query, form="a")) == [one]
        assert _all(desk, replace(query, statuses=frozenset({"queued", "bounced"}))) == [
            three,
            two,
            one,
        ]

    def test_not_known(self, desk: Desk) -> None:
        """With the moment since when a service is silent, statuses are what people read."""
        accepted, lost, waits = (_one(desk) for _ in range(3))
        for claim in desk.claim(limit=3, ceiling=Ceiling.DELIVERED):
            kind = Kind.ANSWER_LOST if claim.message.submission_id == lost else Kind.ACCEPTED
            desk.finish(claim, kind)
            desk.move(seconds=10)
        silent_since = desk.now - timedelta(seconds=15)
        unknown = Query(statuses=frozenset({"unknown"}), silent_since=silent_since)
        assert _all(desk, unknown) == [lost, accepted]
        taken = replace(unknown, statuses=frozenset({"accepted"}))
        assert _all(desk, taken) == [waits]
        both = replace(unknown, statuses=frozenset({"accepted", "unknown"}))
        assert _all(desk, both) == [waits, lost, accepted]
        later = replace(unknown, silent_since=desk.now)
        assert _all(desk, later) == [waits, lost, accepted]
        assert _all(desk, replace(unknown, silent_since=None)) == []
        assert desk.store.count(unknown) == Count(2)

    def test_a_service_that_reports_nothing_is_never_silent(self, desk: Desk) -> None:
        """Of a bare relay nothing more is expected."""
        _one(desk)
        desk.finish(desk.claim(ceiling=Ceiling.HANDED_OVER)[0], Kind.ACCEPTED)
        query = Query(statuses=frozenset({"unknown"}), silent_since=desk.now + timedelta(days=9))
        assert _all(desk, query) == []


class TestScope:
    def test_forms_and_what_one_is_notified_of(self, desk: Desk) -> None:
        """A person sees their forms, and elsewhere what was sent to them; no more, whatever else is asked."""
        mine = desk.add(form="mine", entries=(Entry("t", "needle"),)).submission.id
        desk.move(seconds=1)
        theirs = desk.submission(form="theirs", entries=(Entry("t", "needle"),))
        to_me = desk.message(theirs, Role.NOTIFICATION, "Me@Site.example")
        desk.add(theirs, to_me)
        own = desk.submission(form="theirs", visitor=Address("me@site.example"))
        desk.add(own, desk.message(own, recipient="me@site.example"))
        desk.add(form="theirs", entries=(Entry("t", "needle"),))
        scope = Scope(forms=frozenset({"mine", "none"}), mailbox="me@site.example")
        visible = [theirs.id, mine]
        assert _all(desk, Query(scope=scope)) == visible
        assert _all(desk, Query(scope=scope, words="needle")) == visible
        assert _all(desk, Query(scope=scope, unread=True)) == visible
        assert _all(desk, Query(scope=scope, statuses=frozenset({"queued"}))) == visible
        assert _all(desk, Query(scope=scope, form="theirs")) == [theirs.id]
        assert _all(desk, Query(scope=scope, address="me@site.example")) == [theirs.id]
        assert _all(desk, Query(scope=replace(scope, mailbox=""))) == [mine]
        assert _all(desk, Query(scope=replace(scope, mailbox=""), form="theirs")) == []
        assert desk.store.count(Query(scope=scope)) == Count(2)
        assert _all(desk, Query(scope=Scope())) == []
        assert _all(desk, Query(scope=Scope(), words="needle")) == []
        assert desk.store.count(Query(scope=Scope())) == Count(0)


class TestBothWays:
    def test_older_and_newer(self, desk: Desk) -> None:
        """From each page one comes back to the page before it; the newest has no newer, the oldest no older one."""
        newest_first = [_add(desk, str(n), form=f"f{n % 2}") for n in range(7)][::-1]
        first = desk.store.page(Query(limit=3))
        assert first.newer == ""
        second = desk.store.page(Query(limit=3, before=first.next))
        third = desk.store.page(Query(limit=3, before=second.next))
        assert third.next == ""
        back = desk.store.page(Query(limit=3, after=third.newer))
        assert _ids(back) == _ids(second) == newest_first[3:6]
        again = desk.store.page(Query(limit=3, after=back.newer))
        assert (_ids(again), again.newer) == (newest_first[:3], "")
        assert _ids(desk.store.page(Query(limit=3, before=back.next))) == newest_first[6:]

    def test_newer_ones_are_the_nearest(self, desk: Desk) -> None:
        """However many came meanwhile, the page of newer ones goes on where the reader is."""
        for _ in range(2):
            _add(desk, "old")
        cursor = desk.store.page(Query(limit=1)).next
        fresh = [_add(desk, "fresh", form="ab"[n % 2]) for n in range(9)]
        for query, nearest in (
            (Query(), fresh[:4]),
            (Query(form="a"), fresh[:8:2]),
            (Query(address=MANAGER), fresh[:4]),
            (Query(statuses=frozenset({"queued"})), fresh[:4]),
            (Query(unread=True), fresh[:4]),
            (Query(scope=Scope(forms=frozenset({"a", "b"}))), fresh[:4]),
        ):
            page = desk.store.page(replace(query, after=cursor, limit=4))
            assert _ids(page) == nearest[::-1], query
            assert page.newer

    def test_from_one_submission_on(self, desk: Desk) -> None:
        """Its cursor leads to its neighbours, whatever is asked for; there is none of what is not there."""
        one, two, three, four = [_add(desk, f"a{n % 2}") for n in range(4)]
        cursor = desk.store.cursor(two)
        older = desk.store.page(Query(before=cursor, limit=1)).timelines
        newer = desk.store.page(Query(after=cursor, limit=1)).timelines
        assert [t.submission.id for t in (*older, *newer)] == [one, three]
        alike = desk.store.page(Query(after=cursor, words="a1", limit=1)).timelines
        assert [t.submission.id for t in alike] == [four]
        assert desk.store.cursor("v" * 26) == ""
        assert desk.store.cursor("") == ""

    def test_a_cursor_that_is_none(self, desk: Desk) -> None:
        """What is no cursor is Malformed."""
        with pytest.raises(Malformed):
            desk.store.page(Query(after="../../x"))


class TestCare:
    def test_is_kept_and_carried(self, desk: Desk) -> None:
        """All of it comes with the timeline; who knows no submission gets None."""
        id_ = _add(desk, "x")
        assert desk.timeline(id_).care == Care()
        remark = Remark(id="1", by="me@site.example", at=desk.now, text="Called back. 電話済み")
        taken = [
            desk.store.take_care(id_, partial(Care.read, at=desk.now)),
            desk.store.take_care(id_, lambda c: c.star(on=True).assign("me@site.example")),
            desk.store.take_care(id_, lambda c: c.remark(remark).done(desk.now)),
        ]
        expected = Care(
            read_at=desk.now,
            done_at=desk.now,
            starred=True,
            assignee="me@site.example",
            remarks=(remark,),
        )
        assert taken[-1] == desk.timeline(id_).care == expected
        assert desk.store.page(Query()).timelines[0].care == expected
        assert desk.store.take_care("0" * 26, lambda c: c) is None
        desk.store.take_care(id_, lambda _: Care())
        assert desk.timeline(id_).care == Care()

    def test_what_a_change_raises(self, desk: Desk) -> None:
        """It comes to the caller, and nothing is changed."""
        id_ = _add(desk, "x")
        empty = Remark(id="1", by="me@site.example", at=desk.now, text=" ")
        with pytest.raises(Malformed):
            desk.store.take_care(id_, lambda c: c.star(on=True).remark(empty))
        assert desk.timeline(id_).care == Care()

    def test_lists(self, desk: Desk) -> None:
        """Unread, starred, done or not, and what somebody takes on."""
        one, two, three = (_add(desk, "x", form=f) for f in "aab")
        _care(desk, one, lambda c: c.read(desk.now).star(on=True))
        _care(desk, two, lambda c: c.done(desk.now).assign("Me@Site.example"))
        for query, expected in (
            (Query(unread=True), [three]),
            (Query(unread=True, form="a"), []),
            (Query(starred=True), [one]),
            (Query(done=True), [two]),
            (Query(done=False), [three, one]),
            (Query(done=False, form="a"), [one]),
            (Query(assignee="me@site.example"), [two]),
            (Query(assignee="me@site.example", starred=True), []),
            (Query(starred=True, words="x"), [one]),
            (Query(done=False, words="x"), [three, one]),
        ):
            assert _all(desk, query) == expected, query
            assert desk.store.count(query) == Count(len(expected)), query
        _care(desk, two, lambda c: c.open().unread().assign(""))
        assert _all(desk, Query(unread=True)) == [three, two]
        assert _all(desk, Query(done=True)) == _all(desk, Query(assignee="me@site.example")) == []

    def test_attention(self, desk: Desk) -> None:
        """What failed or was complained of, until somebody is done with it or it arrives after all."""
        failed, complained, fine = (_one(desk) for _ in range(3))
        claims = {c.message.submission_id: c for c in desk.claim(limit=3)}
        for claim in claims.values():
            desk.finish(claim, Kind.ACCEPTED)
        desk.journal(desk.event(Kind.BOUNCED, token=claims[failed].attempt.token))
        desk.journal(desk.event(Kind.DELIVERED, token=claims[fine].attempt.token))
        for kind in (Kind.DELIVERED, Kind.COMPLAINED):
            desk.journal(desk.event(kind, token=claims[complained].attempt.token))
        attention = Query(attention=True)
        assert _all(desk, attention) == [complained, failed]
        assert desk.store.count(attention) == Count(2)
        _care(desk, complained, lambda c: c.done(desk.now))
        assert _all(desk, attention) == [failed]
        _care(desk, complained, lambda c: c.open())
        desk.move(seconds=1)
        desk.resend(claims[failed].message.id)
        assert _all(desk, attention) == [complained]

    def test_of_two_at_once_each_sees_the_other(self, desk: Desk) -> None:
        """Nothing that one wrote down is lost because another did."""
        id_ = _add(desk, "x")
        for n in range(5):
            remark = Remark(id=str(n), by="me@site.example", at=desk.now, text=f"{n}")
            _care(desk, id_, lambda c, remark=remark: c.remark(remark))  # type: ignore[misc]
        assert [r.id for r in desk.timeline(id_).care.remarks] == list("01234")

    def test_goes_with_its_submission(self, desk: Desk) -> None:
        """Erased with it, and in no list afterwards."""
        id_ = _add(desk, "x")
        _care(desk, id_, lambda c: c.star(on=True).done(desk.now).assign(VISITOR))
        desk.store.erase(submission_id=id_)
        for query in (Query(starred=True), Query(done=True), Query(assignee=VISITOR)):
            assert _all(desk, query) == []
            assert desk.store.count(query) == Count(0)

    def test_moves_to_another_store(self, desk: Desk) -> None:
        """What was done and what needs somebody is so in the other store as well, and words are found there."""
        id_, done = _one(desk, "needle"), _add(desk, "針")
        desk.finish(desk.claim(_messages(desk, id_)[0])[0], Kind.BOUNCED)
        _care(desk, done, lambda c: c.done(desk.now).star(on=True))
        kept = list(desk.store.walk())
        desk.store.erase(received_before=desk.now + timedelta(days=1))
        for one in kept:
            assert desk.store.restore(one).result() == "new"
            assert desk.store.restore(one).result() == "same"
        assert _all(desk, Query(attention=True)) == _found(desk, "needle") == [id_]
        assert _all(desk, Query(starred=True)) == _found(desk, "針") == [done]


class TestBrief:
    def test_has_the_beginning_of_each_answer(self, desk: Desk) -> None:
        """A brief page has all that a line shows, and finds what a whole one does; the submission stays whole."""
        answers = ("Ann Lee", "z" * 300_000 + " far", "The gardens " * 9_000, "last")
        id_ = desk.add(
            entries=tuple(Entry(f"f{n}", a) for n, a in enumerate(answers))
        ).submission.id
        desk.move(seconds=1)
        short = _add(desk, "The gardens")
        for query in (Query(), Query(words="ann"), Query(words="zz"), Query(words="far")):
            assert _all(desk, replace(query, brief=True)) == _all(desk, query)
        [first, second] = desk.store.page(Query(brief=True)).timelines
        assert first == desk.timeline(short)
        assert [e.value[:BRIEF] for e in second.submission.entries] == [a[:BRIEF] for a in answers]
        for whole in (desk.timeline(id_), desk.store.page(Query()).timelines[1]):
            assert [e.value for e in whole.submission.entries] == list(answers)

    def test_is_the_same_of_one_that_moved(self, desk: Desk) -> None:
        """What another store kept is cut for lists like what was added, and is whole."""
        id_ = _add(desk, "x" * 500_000)
        [kept] = desk.store.walk()
        desk.store.erase(submission_id=id_)
        desk.store.restore(kept).result()
        assert [*desk.store.walk()] == [kept]
        [shown] = desk.store.page(Query(brief=True)).timelines
        assert shown.submission.entries[1].value[:BRIEF] == "x" * BRIEF


class TestCount:
    def test_bounded(self, desk: Desk) -> None:
        """No more than `most` are counted, and it says so."""
        for n in range(7):
            _add(desk, "x", form="ab"[n % 2])
        query = Query(words="x", before="", limit=1)
        assert desk.store.count(query) == Count(7)
        assert desk.store.count(query, 7) == Count(7)
        assert desk.store.count(query, 6) == Count(6, is_more=True)
        older = desk.store.page(replace(query, limit=2)).next
        newer = desk.store.page(replace(query, before=older)).newer
        for cursor in ({"before": older}, {"after": newer}):
            assert desk.store.count(replace(query, **cursor)) == Count(7), "whatever page is shown"
        assert desk.store.count(replace(query, form="b")) == Count(3)
        assert desk.store.count(Query()) == desk.store.count(Query(brief=True)) == Count(7)
        assert desk.store.count(Query(form="a")) == Count(4)
        assert desk.store.count(Query(scope=Scope(forms=frozenset({"b", "c"})))) == Count(3)
        desk.store.erase(submission_id=_all(desk, Query(form="a"))[0])
        assert desk.store.count(Query(form="a")) == Count(3)


def _add(desk: Desk, text: str, *, name: str = "", file: str = "", **options: object) -> str:
    """Keep a submission with these answers, one second after the last; its id."""
    desk.move(seconds=1)
    entries = [Entry("name", name), Entry("text", text)]
    if file:
        entries.append(Entry("file", File(name=file, media_type="text/plain", content=b"x")))
    return desk.add(entries=tuple(entries), **options).submission.id


def _one(desk: Desk, text: str = "") -> str:
    """Keep a submission with one message."""
    desk.move(seconds=1)
    return desk.add_one(entries=(Entry("text", text),)).submission_id


def _messages(desk: Desk, id_: str) -> list[str]:
    return [m.message.id for m in desk.timeline(id_).messages]


def _care(desk: Desk, id_: str, change: Callable[[Care], Care]) -> None:
    assert desk.store.take_care(id_, change) is not None


def _found(desk: Desk, words: str) -> list[str]:
    return _all(desk, Query(words=words))


def _ids(page: object) -> list[str]:
    return [t.submission.id for t in page.timelines]  # type: ignore[attr-defined]


def _all(desk: Desk, query: Query) -> list[str]:
    """The ids of all pages of older ones."""
    found: list[str] = []
    while True:
        page = desk.store.page(query)
        found += _ids(page)
        if not page.next:
            return found
        query = replace(query, before=page.next)


def _all_up(desk: Desk, query: Query) -> list[str]:
    """The ids of all pages, newest first, as who has come to the oldest page goes back to the newest."""
    page = desk.store.page(query)
    while page.next:
        page = desk.store.page(replace(query, before=page.next))
    found = _ids(page)
    while page.newer:
        page = desk.store.page(replace(query, after=page.newer))
        found = _ids(page) + found
    return found
