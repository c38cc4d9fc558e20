"""The connections that read a SQLite store: some are kept open, and each gives one moment of the file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import apsw

from todoke.model.errors import StoreUnavailable
from todoke.stores.sqlite.database import open_reader, translated
from todoke.stores.sqlite.writer import Writer

IDLE = 8
"""So many connections are kept open; more are opened when needed and closed again."""


@dataclass(slots=True)
class Readers:
    """Reads beside `writer`, which knows whether the files are those that it opened."""

    writer: Writer
    _idle: list[apsw.Connection] = field(default_factory=list)
    _closed: bool = False

    @contextmanager
    def reading(self) -> Iterator[apsw.Connection]:
        """A read transaction: all that is read in it is of one moment. Raises StoreUnavailable: once it is closed."""
        if self._closed:
            raise StoreUnavailable("The store is closed.")
        with translated(self.writer.path):
            connection = self._take()
            try:
                connection.execute("BEGIN")
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                connection.close(True)
                raise
        self._give_back(connection)

    def close(self) -> None:
        """Let go of the file."""
        self._closed = True
        while self._idle:
            self._idle.pop().close(True)

    def _give_back(self, connection: apsw.Connection) -> None:
        if self._closed or len(self._idle) >= IDLE:
            connection.close(True)
        else:
            self._idle.append(connection)

    def _take(self) -> apsw.Connection:
        self.writer.require_files()
        try:
            return self._idle.pop()
        except IndexError:
            reader = open_reader(self.writer.path)
        try:
            self.writer.require_files()
        except BaseException:
            reader.close(True)
            raise
        return reader
