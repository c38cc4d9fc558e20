"""Figures as Prometheus reads them, read back by its own library."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families as read

from support.web.stories import call, make_app, post
from todoke.model.form import Site
from todoke.report.exposition import Family, Sample, exposition, histogram
from todoke.server.asgi import without_sender
from todoke.testing import MemoryStore
from todoke.walk.commits import Commits

LABELS = st.dictionaries(st.sampled_from(["form", "code", "status"]), st.text(), min_size=1)
NUMBERS = st.one_of(st.integers(0, 2**53), st.floats(allow_nan=False))


@given(LABELS, NUMBERS, st.text(st.characters(exclude_characters="\r")))
def test_whatever_a_label_says_is_read_back(
    labels: dict[str, str], value: float, text: str
) -> None:
    """Quotes, back slashes, line ends and any script: one line is one figure."""
    labels = {key: label.replace("\r", "") for key, label in labels.items()}
    written = exposition([Family("todoke_x_total", "counter", "help", [Sample(value, labels)])])
    [family] = read(written)
    [sample] = family.samples
    assert (sample.name, sample.labels) == ("todoke_x_total", labels)
    assert math.isclose(sample.value, value) or sample.value == value


def test_a_family_is_described_once_and_left_out_while_it_is_empty() -> None:
    """HELP and TYPE stand before its figures."""
    some = [Sample(3, {"form": "a"}), Sample(0.5, {"form": "b"})]
    families = [
        Family("x", "gauge", "Some\nhelp \\ here.", some),
        Family("y", "gauge", "None.", []),
    ]
    assert exposition(families).splitlines() == [
        "# HELP x Some\\nhelp \\\\ here.",
        "# TYPE x gauge",
        'x{form="a"} 3',
        'x{form="b"} 0.5',
    ]


def test_a_histogram_adds_up() -> None:
    """Each bucket holds those before it, the last one all; sum and count stand beside them."""
    samples = histogram((0.1, 1.0), (2, 3, 1), 7.5)
    [family] = read(exposition([Family("t_seconds", "histogram", "Time.", samples)]))
    assert family.type == "histogram"
    assert [(s.name, s.labels.get("le", ""), s.value) for s in family.samples] == [
        ("t_seconds_bucket", "0.1", 2.0),
        ("t_seconds_bucket", "1.0", 5.0),
        ("t_seconds_bucket", "+Inf", 6.0),
        ("t_seconds_sum", "", 7.5),
        ("t_seconds_count", "", 6.0),
    ]


def test_the_names_follow_the_conventions() -> None:
    """One prefix, base units, and _total for what only grows (prometheus.io/docs/practices/naming)."""
    here = Site(name="Hoshino Paper", door_url="http://127.0.0.1:8000")
    app = make_app(MemoryStore(), site=here)
    asgi = without_sender(app, tells_owner=True, commits=Commits())
    post(asgi, "/f/contact", "email=x")
    families = list(read(call(asgi, "/metrics").text))
    assert len({f.name for f in families}) == len(families)
    for family in families:
        assert family.name.startswith("todoke_")
        assert family.documentation.endswith(".")
        names = {sample.name for sample in family.samples}
        assert family.type != "counter" or names == {f"{family.name}_total"}
        assert family.type != "gauge" or not family.name.endswith("_total")
