"""The Records port, held against every Records and the fake (support/mail/records_stages.py has the table)."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from support.mail.records_stages import DAY, NOON, NOW, STAGES, TOKYO, Stage, of_day
from todoke.model.delivery import Kind
from todoke.model.errors import RecordsUnavailable


@pytest.fixture(params=sorted(STAGES))
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    """Records of each kind."""
    with STAGES[request.param](tmp_path) as made:
        yield made


class TestContract:
    def test_has_a_name_a_reach_and_a_calendar(
        self, stage: Stage, request: pytest.FixtureRequest
    ) -> None:
        """A service has the name of its events, its records reach back some days, and it has days of its own."""
        assert stage.records.name == request.node.callspec.params["stage"]
        assert stage.records.days > 0
        assert NOON.astimezone(stage.records.zone).date() == DAY

    def test_nothing_is_no_error(self, stage: Stage) -> None:
        """A day on which nothing happened has no page, or pages without events."""
        assert of_day(stage.records) == []
        assert list(stage.records.of_attempt("t" * 26, [DAY], NOW)) == []

    def test_all_of_a_day_however_much(self, stage: Stage) -> None:
        """Every event of the day comes once, page after page, as of `now`."""
        tokens = [f"{n:026}" for n in range(130)]
        for token in tokens:
            stage.deliver(token, NOON)
        events = of_day(stage.records)
        assert sorted((e.token, e.kind) for e in events) == sorted(
            (token, kind) for token in tokens for kind in (Kind.ACCEPTED, Kind.DELIVERED)
        )
        assert {(e.at, e.received_at) for e in events} == {(NOON.astimezone(UTC), NOW)}
        assert len(list(stage.records.of_day(DAY, NOW))) == 3

    def test_an_event_is_whole(self, stage: Stage) -> None:
        """It names service, attempt and recipient, its times are in UTC, and its evidence is kept."""
        stage.deliver("token", NOON)
        for event in of_day(stage.records):
            assert (event.service, event.token) == (stage.records.name, "token")
            assert event.recipient == "aoi@example.com"
            assert event.at.utcoffset() == timedelta()
            assert b"token" in event.raw
            assert b"aoi@example.com" in event.raw

    def test_asked_again_it_is_the_same(self, stage: Stage) -> None:
        """A day, or an attempt, asked for at another time and in another way gives events of the same keys."""
        stage.deliver("token", NOON)
        keys = {event.key for event in of_day(stage.records)}
        later = NOW + timedelta(days=1)
        again = [e for page in stage.records.of_day(DAY, later) for e in page]
        assert {e.key for e in again} == keys
        assert {e.received_at for e in again} == {later}
        assert {e.key for e in stage.records.of_attempt("token", [DAY], later)} == keys
        assert len(keys) == 2

    def test_many_threads_ask_at_once(self, stage: Stage) -> None:
        """The sweep, a person and the confirmer may ask at the same time."""
        stage.deliver("token", NOON)
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda _: {e.key for e in of_day(stage.records)}, range(8)))
        assert {len(keys) for keys in answers} == {2}
        assert len({frozenset(keys) for keys in answers}) == 1

    def test_a_day_is_the_service_s_own(self, stage: Stage) -> None:
        """Days begin at midnight in the records' zone, not in ours."""
        midnight = datetime(2031, 5, 6, tzinfo=TOKYO)
        stage.deliver("before", midnight - timedelta(seconds=1))
        stage.deliver("after", midnight)
        assert {e.token for e in of_day(stage.records)} == {"after"}
        assert {e.token for e in of_day(stage.records, DAY - timedelta(days=1))} == {"before"}

    def test_of_one_attempt_alone(self, stage: Stage) -> None:
        """An attempt's events are found on the days asked for, and never those of a token that holds its own."""
        for token in ("token", "token-and-more", "other"):
            stage.deliver(token, NOON)
        stage.deliver("token", NOON + timedelta(days=1))
        days = [DAY, DAY + timedelta(days=1), DAY + timedelta(days=2)]
        found = stage.records.of_attempt("token", days, NOW)
        assert [e.token for e in found] == ["token"] * 4
        assert len(stage.records.of_attempt("token", [DAY], NOW)) == 2

    def test_a_service_that_is_gone(self, stage: Stage) -> None:
        """Without an answer every method raises RecordsUnavailable."""
        stage.end()
        for ask in (
            lambda: of_day(stage.records),
            lambda: stage.records.of_attempt("t", [DAY], NOW),
        ):
            with pytest.raises(RecordsUnavailable):
                ask()

    def test_closed(self, stage: Stage) -> None:
        """After close nothing is asked any more; closing twice is no fault."""
        stage.records.close()
        stage.records.close()
        with pytest.raises(RecordsUnavailable):
            of_day(stage.records)
