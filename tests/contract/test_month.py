"""What a month of a thousand million submissions asks of the table's keys: bench/month.py, on fewer submissions."""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType

import pytest
import yaml

import support.aws.emulators as aws_emulators
from support.places import ROOT

pytestmark = pytest.mark.aws
PEAK = 1e9 / (30 * 86_400) * 10


@pytest.fixture(scope="module")
def month() -> ModuleType:
    """bench/month.py, which is no part of a package."""
    bench = ROOT / "bench"
    for name in ("aws", "month"):
        spec = importlib.util.spec_from_file_location(name, bench / f"{name}.py")
        assert spec
        assert spec.loader
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    del sys.modules["aws"]
    return sys.modules.pop("month")


def test_no_key_takes_more_than_it_may_at_the_peak(month: ModuleType) -> None:
    """Each write and read is booked to its partition key: what many submissions share must bear the peak."""
    share = month.observe(aws_emulators.dynamodb_local(), 60, 2)
    assert share.own_writes == pytest.approx(4, abs=0.1)
    assert share.index_writes["by-time"] == pytest.approx(1, abs=0.1)
    writes, reads = share.shared_writes, share.shared_reads
    # A mark is written each half a minute and read each ten seconds of a function: how many submissions that is shared
    # among is not seen here, where all is over at once. So what counts is that it is far fewer than one for each.
    assert all(units < 0.1 for units in (*writes.values(), *reads.values())), share
    played = month.play(PEAK, share, seconds=5)
    assert played.key < month.KEY_WRITES
    assert all(units < month.KEY_WRITES for units in played.shards.values()), played


def test_the_template_s_limits_are_those_it_is_reckoned_with(month: ModuleType) -> None:
    """The defaults that the simulation takes are the template's."""

    class Loader(yaml.SafeLoader):
        """Reads CloudFormation's tags as nothing."""

    Loader.add_multi_constructor("!", lambda *_: None)
    text = (ROOT / "src/todoke/aws/deploy/template.yaml").read_text("utf-8")
    stated = yaml.load(text, Loader)["Parameters"]
    assert {name: stated[name]["Default"] for name in month.TEMPLATE} == month.TEMPLATE


def test_what_asks_too_much_is_named(month: ModuleType) -> None:
    """A key that each submission writes is the nearest limit, and its rate is told."""
    share = month.Share(
        own_writes=4,
        own_reads=1,
        shared_writes={"a counter": 1.0},
        shared_reads={},
        index_writes={"by-time": 8.0},
        image_bytes=1,
        swept_cpu_ms=0.1,
        swept_calls=0.1,
    )
    times = month.Times(door=0.01, sender=0.01, hooks=0.01, sweep=0.001, hook_calls=1)
    rates = {limit.name: limit.rate for limit in month.limits(share, times)}
    assert rates["writes of a counter"] == 1000
    assert rates["index by-time, 8 shards"] == 1000
    assert list(rates.values()) == sorted(rates.values())
