"""The SuppressionSource port, held against every one and the fake (support/mail/list_stages.py has the table)."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from support.mail.list_stages import STAGES, ListStage
from todoke.model.errors import LiftRefused, RecordsUnavailable
from todoke.services.table import LIFT

NOON = datetime(2026, 5, 6, 12, 0, tzinfo=UTC)
ODD = (
    "o'hara+tag/../x@example.com",
    "a?b#c%40d@example.com",
    "花子@例え.example",
    '"two words"@example.com',
    "UPPER.case@Example.COM",
    "&amp;<b>@example.com",
)


@pytest.fixture(params=sorted(STAGES))
def stage(
    request: pytest.FixtureRequest, tmp_path: Path, aws_credentials: None
) -> Iterator[ListStage]:
    """A list of each kind."""
    with STAGES[request.param](tmp_path) as made:
        yield made


def addresses(stage: ListStage) -> set[str]:
    """Who is on the list."""
    return {entry.address for entry in stage.source.suppressions()}


def lifted(stage: ListStage, *which: str) -> None:
    """Lift them, where the service has a call for it."""
    if not stage.source.lifts:
        pytest.skip("it is lifted by hand")
    for address in which:
        stage.source.lift(address)


class TestContract:
    def test_has_the_service_s_name(self, stage: ListStage, request: pytest.FixtureRequest) -> None:
        """By which its list is kept; what cannot be lifted by a call says how it is by hand."""
        name = request.node.callspec.params["stage"]
        assert stage.source.name == name
        assert stage.source.lifts or LIFT[name]

    def test_every_address_once(self, stage: ListStage) -> None:
        """However many, each with since when, in UTC; at first none."""
        assert addresses(stage) == set()
        wanted = {f"gone{n}@example.com" for n in range(130)}
        for address in sorted(wanted):
            stage.block(address, NOON)
        found = stage.source.suppressions()
        assert {entry.address for entry in found} == wanted
        assert len(found) == len(wanted)
        assert {entry.since for entry in found} == {NOON}
        assert {entry.lifting for entry in found} == {None}

    def test_one_is_lifted_and_no_other(self, stage: ListStage) -> None:
        """The service sends to it again, and to the others it does not."""
        for address in ("a@example.com", "b@example.com", "a@example.com.evil.example"):
            stage.block(address, NOON)
        lifted(stage, "a@example.com")
        assert addresses(stage) == {"b@example.com", "a@example.com.evil.example"}

    def test_to_repeat_it_is_no_fault(self, stage: ListStage) -> None:
        """What was lifted, or was never there, is not there."""
        stage.block("a@example.com", NOON)
        lifted(stage, "a@example.com", "a@example.com", "nobody@example.com")
        assert addresses(stage) == set()

    @pytest.mark.parametrize("odd", ODD)
    def test_an_address_as_the_list_spells_it(self, stage: ListStage, odd: str) -> None:
        """Whatever letters it has, it is this one that is lifted."""
        stage.block("stays@example.com", NOON)
        stage.block(odd, NOON)
        if stage.source.name == "customers-mail-cloud":
            pytest.skip("the sandbox writes addresses in its own way")
        assert odd in addresses(stage)
        lifted(stage, odd)
        assert addresses(stage) == {"stays@example.com"}

    def test_what_the_service_keeps(self, stage: ListStage) -> None:
        """It says so in its words, and the address stays on the list."""
        if stage.complain is None:
            pytest.skip("it keeps nothing for good")
        stage.complain("cross@example.com", NOON)
        with pytest.raises(LiftRefused) as refused:
            stage.source.lift("cross@example.com")
        assert str(refused.value)
        assert addresses(stage) == {"cross@example.com"}

    def test_many_threads_ask_at_once(self, stage: ListStage) -> None:
        """The sweep and a person may."""
        stage.block("a@example.com", NOON)
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(lambda _: addresses(stage), range(8)))
        assert found == [{"a@example.com"}] * 8

    def test_a_service_that_is_gone(self, stage: ListStage) -> None:
        """Without an answer every method raises RecordsUnavailable."""
        stage.end()
        with pytest.raises(RecordsUnavailable):
            stage.source.suppressions()
        if stage.source.lifts:
            with pytest.raises(RecordsUnavailable):
                stage.source.lift("a@example.com")

    def test_closed(self, stage: ListStage) -> None:
        """After close nothing is asked any more; closing twice is no fault."""
        stage.source.close()
        stage.source.close()
        with pytest.raises(RecordsUnavailable):
            stage.source.suppressions()
