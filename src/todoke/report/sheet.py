"""A table as a workbook for Excel (Office Open XML, ECMA-376), by XlsxWriter: row by row through temporary files.

Every cell is text: nothing in it is read as a formula, a link or a number, so telephone numbers keep their zeros.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from importlib.util import find_spec

MOST_ROWS = 100_000
"""A workbook is written whole before its first byte leaves, and a browser waits so long. Excel has 1,048,576."""
_LONGEST_CELL = 32_767
"""Characters, by Excel's own limit; it counts in UTF-16."""
_CUT = "… (cut here; CSV and JSON have all of it)"
_PART = 262_144


def can_write() -> bool:
    """Whether XlsxWriter is installed: the extra `xlsx`."""
    return find_spec("xlsxwriter") is not None


def workbook(rows: Iterable[list[str]]) -> Iterator[bytes]:
    """The workbook in parts; the first of the rows is its heading. Rows beyond MOST_ROWS are left out."""
    from xlsxwriter import Workbook  # noqa: PLC0415 - an extra, and half a second

    with tempfile.TemporaryFile() as file:
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        book = Workbook(file, options)
        page = book.add_worksheet("todoke")
        bold = book.add_format({"bold": True})
        for number, row in enumerate(rows):
            if number > MOST_ROWS:
                break
            for column, cell in enumerate(row):
                if cell:
                    page.write_string(number, column, fitted(cell), None if number else bold)
        page.freeze_panes(1, 0)
        book.close()
        file.seek(0)
        while part := file.read(_PART):
            yield part


def fitted(cell: str) -> str:
    """The text as a cell takes it: of its length, and without what XML has no place for."""
    plain = cell.encode("utf-8", "replace").decode()
    if len(plain.encode("utf-16-le")) // 2 <= _LONGEST_CELL:
        return plain
    room = 2 * (_LONGEST_CELL - len(_CUT))
    return plain.encode("utf-16-le")[:room].decode("utf-16-le", "ignore") + _CUT
