"""A table as a workbook for Excel (Office Open XML: ECMA-376), written while it is sent. Pure.

Every cell is text and of the format that Excel calls text, so nothing in it is read as a formula, a link or a number,
also when somebody edits it, and telephone numbers keep their zeros.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Iterator
from functools import cache
from xml.sax.saxutils import escape

from todoke.report.zip_stream import ZipStream

MOST_ROWS = 1_048_576
"""Rows of a sheet, by Excel's own limit."""
MOST_BYTES = 2_000_000_000
"""Of a sheet's XML: what is larger needs ZIP64, which some readers of a ZIP that is written as a stream do not take."""
_LONGEST_CELL = 32_767
"""Characters, by Excel's own limit; it counts in UTF-16."""
_CUT = "… (cut here; CSV and JSON have all of it)"
_ENDED = "… (a sheet has no room for more; CSV and JSON have all of it)"
_LEVEL = 3
"""Of compression: a tenth larger than by zlib's own choice, in half the time."""

_NOT_IN_XML = r"\x00-\x08\x0b-\x1f\ufffe\uffff"
_ESCAPED = re.compile(rf"[{_NOT_IN_XML}]|_(?=x[0-9A-Fa-f]{{4}}[_{_NOT_IN_XML}])")
"""What is written as _xHHHH_ (ECMA-376-1, 22.9.2.19): what XML has no place for, and "_" where it would begin such an
escape, or the escape of what follows would end it."""
_LINE_END = re.compile("\r\n?")
"""Excel's own is a line feed."""

_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
    f'<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}.worksheet+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}">'
    '<sheets><sheet name="todoke" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_RELATIONS}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{_RELATIONS}/styles" Target="styles.xml"/></Relationships>',
    # Format 49 is text.
    "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}">'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="3"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="49" fontId="1" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1"/>'
    '</cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>',
}
_TEXT, _HEADING = 1, 2
"""Which of the cells' formats in the styles."""
_SHEET_BEGINS = (
    f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2"'
    ' activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><sheetData>'
)
_SHEET_ENDS = (
    '</sheetData><ignoredErrors><ignoredError sqref="A1:XFD1048576" numberStoredAsText="1"/>'
    "</ignoredErrors></worksheet>"
)


def workbook(
    rows: Iterable[list[str]], *, most_rows: int = MOST_ROWS, most_bytes: int = MOST_BYTES
) -> Iterator[bytes]:
    """The workbook in parts; the first of the rows is its heading. The last row says so where there were more."""
    sink = ZipStream()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as packed:
        for name, content in _PARTS.items():
            with packed.open(name, "w") as part:
                part.write((_HEAD + content).encode())
        yield sink.take()
        with packed.open("xl/worksheets/sheet1.xml", "w") as part:
            for xml in _sheet(iter(rows), most_rows, most_bytes):
                part.write(xml.encode())
                yield sink.take()
    yield sink.take()


def fitted(cell: str) -> str:
    """The text as a cell takes it: of its length, without halves of characters, and with Excel's ends of lines."""
    plain = _LINE_END.sub("\n", cell.encode("utf-8", "replace").decode())
    if len(plain) <= _LONGEST_CELL // 2 or len(plain.encode("utf-16-le")) // 2 <= _LONGEST_CELL:
        return plain
    room = 2 * (_LONGEST_CELL - len(_CUT))
    return plain.encode("utf-16-le")[:room].decode("utf-16-le", "ignore") + _CUT


def _sheet(rows: Iterator[list[str]], most_rows: int, most_bytes: int) -> Iterator[str]:
    yield _SHEET_BEGINS
    written = 0
    for number, row in enumerate(rows, 1):
        xml = _row(number, row)
        written += len(xml.encode())
        if written > most_bytes or (number == most_rows and next(rows, None) is not None):
            yield _row(number, [_ENDED])
            break
        yield xml
    yield _SHEET_ENDS


def _row(number: int, row: list[str]) -> str:
    style = _TEXT if number > 1 else _HEADING
    cells = [
        f'<c r="{_letters(column)}{number}" s="{style}" t="inlineStr"><is>{_text(fitted(cell))}</is></c>'
        for column, cell in enumerate(row)
        if cell
    ]
    return f'<row r="{number}">{"".join(cells)}</row>'


def _text(text: str) -> str:
    xml = escape(_ESCAPED.sub(lambda odd: f"_x{ord(odd[0]):04X}_", text))
    # Else Excel takes off what stands around.
    return f"<t>{xml}</t>" if text == text.strip() else f'<t xml:space="preserve">{xml}</t>'


@cache
def _letters(column: int) -> str:
    """A column as Excel names it: A to Z, then AA."""
    before, last = divmod(column, 26)
    return (_letters(before - 1) if before else "") + chr(ord("A") + last)
