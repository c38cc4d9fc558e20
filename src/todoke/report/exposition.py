"""Figures as Prometheus reads them: its text exposition format, version 0.0.4. Pure.

https://prometheus.io/docs/instrumenting/exposition_formats/. It takes these lines, and a library more than it gives
(docs/dependencies.md). A test reads what is written with the parser of prometheus_client.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", '"': '\\"'})


class Sample(NamedTuple):
    """One figure: its labels, and what its name has after that of the family (`_bucket`, say)."""

    value: float
    labels: Mapping[str, str] = {}
    suffix: str = ""


class Family(NamedTuple):
    """Figures of one name. `kind` is counter, gauge or histogram; a counter's name ends with _total."""

    name: str
    kind: str
    help: str
    samples: Sequence[Sample]


def exposition(families: Iterable[Family]) -> str:
    """All of them as text. A family without a figure is left out."""
    lines: list[str] = []
    for family in families:
        if family.samples:
            lines.append(f"# HELP {family.name} {_escaped_help(family.help)}")
            lines.append(f"# TYPE {family.name} {family.kind}")
            lines += [_line(family.name + s.suffix, s) for s in family.samples]
    return "".join(f"{line}\n" for line in lines)


def histogram(bounds: Sequence[float], within: Sequence[int], total: float) -> list[Sample]:
    """The figures of a histogram: `within` counts what lies between two bounds, the last one what lies beyond all."""
    samples, so_far = [], 0
    for bound, count in zip([*map(_number, bounds), "+Inf"], within, strict=True):
        so_far += count
        samples.append(Sample(so_far, {"le": bound}, "_bucket"))
    return [*samples, Sample(total, suffix="_sum"), Sample(so_far, suffix="_count")]


def _line(name: str, sample: Sample) -> str:
    labels = ",".join(
        f'{key}="{value.translate(_ESCAPES)}"' for key, value in sample.labels.items()
    )
    return (
        f"{name}{{{labels}}} {_number(sample.value)}"
        if labels
        else f"{name} {_number(sample.value)}"
    )


def _escaped_help(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")


def _number(value: float) -> str:
    return str(value) if isinstance(value, int) else repr(float(value))
