"""What the desk's people did, in SQLite, and the lists that submissions are in because of it."""

from __future__ import annotations

from collections.abc import Iterable

import apsw

from todoke.model.care import NO_CARE, Care
from todoke.model.json_text import to_json
from todoke.stores.rules.values import plain
from todoke.stores.sqlite.rows import SQL


def put_care(connection: apsw.Connection, seq: int, care: Care) -> None:
    """Keep the care of a submission, in place of what was kept of it."""
    if care == NO_CARE:
        connection.execute(SQL["delete_care"], {"seq": seq})
    else:
        connection.execute(SQL["put_care"], {"seq": seq, "care": to_json(care)})


def relist(
    connection: apsw.Connection, changes: Iterable[tuple[int, str, frozenset[str], frozenset[str]]]
) -> None:
    """Take submissions (seq, form) out of the lists that they were in and put them into those that they are in."""
    gone, new = [], []
    for seq, form, before, after in changes:
        gone += [(name, plain(form), seq) for name in before - after]
        new += [(name, plain(form), seq) for name in after - before]
    connection.executemany(SQL["leave_list"], gone)
    connection.executemany(SQL["join_list"], new)
