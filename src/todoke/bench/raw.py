"""The same rows by SQLite alone: what the disk and SQLite allow, with one fsync for a group of submissions."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from todoke.stores.sqlite.database import open_reader, open_writer

TABLES = {"submissions": "seq", "messages": "submission", "addresses": "submission"}
"""What one accepted submission writes, with the column that names the submission, and one row of repeats."""
MOST = 40_000

Rows = dict[str, list[tuple[Any, ...]]]


def measure(stored: Path, folder: Path, group: int) -> float:
    """Write the rows of the database `stored` into a new one in `folder`, in groups; submissions a second."""
    groups = _groups(_rows(stored), group)
    connection = open_writer(folder / "raw.db")
    started = time.perf_counter()
    for rows in groups:
        connection.execute("BEGIN IMMEDIATE")
        for table, values in rows.items():
            marks = ",".join("?" * len(values[0]))
            connection.executemany(f"INSERT INTO {table} VALUES ({marks})", values)  # noqa: S608 our own names
        connection.execute("COMMIT")
    took = time.perf_counter() - started
    connection.close()
    return sum(len(rows["submissions"]) for rows in groups) / took if groups else 0.0


def _rows(stored: Path) -> Rows:
    connection = open_reader(stored)
    rows: Rows = {}
    for table, column in TABLES.items():
        rows[table] = list(
            connection.execute(
                f"SELECT * FROM {table} WHERE {column} IN (SELECT seq FROM submissions ORDER BY seq LIMIT ?)"  # noqa: S608
                f" ORDER BY {column}",
                (MOST,),
            )
        )
    rows["repeats"] = list(
        connection.execute("SELECT * FROM repeats LIMIT ?", (len(rows["submissions"]),))
    )
    connection.close()
    return rows


def _groups(rows: Rows, group: int) -> list[Rows]:
    """The rows of `group` submissions each; every submission has as many rows in a table as the first."""
    count = len(rows["submissions"])
    each = {table: len(values) // count for table, values in rows.items()} if count else {}
    return [
        {table: rows[table][at * n : (at + group) * n] for table, n in each.items() if n}
        for at in range(0, count - group + 1, group)
    ]
