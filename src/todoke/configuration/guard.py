"""[guard]: what is done about submissions that look suspicious."""

from __future__ import annotations

from todoke.model.settings import GuardSettings
from todoke.model.signal import LEAST_THRESHOLD, THRESHOLD
from todoke.toml.table import Table


def read_guard(table: Table) -> GuardSettings:
    """Read [guard]; faults are noted in the table's findings."""
    return GuardSettings(
        review=table.flag("review", default=True),
        threshold=table.number("threshold", THRESHOLD, least=LEAST_THRESHOLD, most=100),
        digest=table.flag("digest", default=True),
    )
