"""The workbook for Excel: cells are text, whatever is in them, and readers that are not ours get it back."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from collections.abc import Iterator
from xml.etree import ElementTree as ET

import openpyxl
from hypothesis import given
from hypothesis import strategies as st

from todoke.report.sheet import fitted, workbook

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
PACKAGE = "{http://schemas.openxmlformats.org/package/2006/"
RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
FORMULA = "=HYPERLINK(1)"


def made(*rows: list[str], **most: int) -> bytes:
    """The workbook of some rows."""
    return b"".join(workbook(iter(rows), **most))


def read_back(content: bytes) -> list[list[str]]:
    """The sheet by openpyxl, whose own types of cells must all be text; "" where there is no cell."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        book = openpyxl.load_workbook(io.BytesIO(content))
    assert book.sheetnames == ["todoke"]
    for row in book["todoke"].iter_rows():
        for cell in row:
            assert cell.data_type == ("n" if cell.value is None else "s"), cell.coordinate
            assert cell.number_format == ("General" if cell.value is None else "@")
    return [
        [unescaped(c.value) if c.value else "" for c in row] for row in book["todoke"].iter_rows()
    ]


def unescaped(text: str) -> str:
    """A text (ST_Xstring) as Excel reads it: openpyxl leaves the escapes of ECMA-376-1, 22.9.2.19 as they are."""
    return re.sub("_x([0-9A-Fa-f]{4})_", lambda found: chr(int(found[1], 16)), text)


def test_everything_is_text() -> None:
    """Formulas, links and numbers as they were typed; an empty cell is none."""
    row = [FORMULA, "http://x.example", "0312345678", "", "+81", " a\nb ", "<b>&\x00\x1b\ufffe"]
    content = made(["h"] * 7, row)
    assert read_back(content) == [["h"] * 7, row]
    sheet = zipfile.ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet1.xml").decode()
    assert 'r="D2"' not in sheet
    assert "<f>" not in sheet
    assert "hyperlink>" not in sheet


TEXTS = st.text() | st.text(alphabet="_x005FfD\x00\x01\x1f\n\t &<>'\"=")


@given(st.lists(st.lists(TEXTS, min_size=1, max_size=4), min_size=1, max_size=4))
def test_any_texts_come_back(rows: list[list[str]]) -> None:
    """As they were typed, whatever looks like an escape in them; a line ends as Excel's do."""
    width = max(map(len, rows))
    whole = [[*row, *[""] * (width - len(row))] for row in rows]
    rows_meant = [[re.sub("\r\n?", "\n", cell) for cell in row] for row in whole]
    found = read_back(made(*whole))
    # What is empty to the right of all and below all is no part of a sheet.
    wide = [[*row, *[""] * (width - len(row))] for row in found]
    assert wide + [[""] * width] * (len(rows_meant) - len(wide)) == rows_meant


def test_what_looks_like_an_escape_is_none() -> None:
    """`_x000D_` typed is those seven characters, also where only the escape of what follows would end it."""
    for text in ("_x000D_", "_x005F_", "_x0041_x0042_", "_x0041\x01", "__x00e9_", "_x0041_\x00"):
        content = made(["h"], [text])
        assert read_back(content)[1] == [text]
    assert b"_x005F_x000D_" in zipfile.ZipFile(io.BytesIO(made(["_x000D_"]))).read(
        "xl/worksheets/sheet1.xml"
    )


def test_blanks_around_a_text_stay() -> None:
    """Excel takes them off where XML does not say that they are meant."""
    content = made(["h"], [" a"], ["a\n"], ["a b"])
    sheet = zipfile.ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet1.xml").decode()
    assert re.findall("<t(.*?)>", sheet)[1:] == [*[' xml:space="preserve"'] * 2, ""]


def test_the_heading_is_bold_and_stays() -> None:
    """Above the rows, wherever one scrolls to; the rows are not bold."""
    book = openpyxl.load_workbook(io.BytesIO(made(["name", "mail"], ["山田", "y@example.jp"])))
    sheet = book["todoke"]
    assert sheet.freeze_panes == "A2"
    assert [cell.font.b for row in sheet.iter_rows() for cell in row] == [True, True, False, False]


def test_columns_beyond_z() -> None:
    """AA follows Z, AAA follows ZZ."""
    row = ["", *map(str, range(1, 800))]
    assert read_back(made(row)) == [row]
    sheet = openpyxl.load_workbook(io.BytesIO(made(row)))["todoke"]
    assert [sheet[f"{name}1"].value for name in ("Z", "AA", "ZZ", "AAA")] == [
        *("25", "26", "701", "702")
    ]


def test_parts_are_found_as_the_standard_has_it() -> None:
    """Each part has a content type; relationships lead from the package to the workbook, the sheet and its styles."""
    packed = zipfile.ZipFile(io.BytesIO(made(["a"], ["b"])))
    assert packed.testzip() is None
    assert packed.namelist()[0] == "[Content_Types].xml"
    xml = {name: ET.fromstring(packed.read(name)) for name in packed.namelist()}
    types = {e.get("PartName"): e.get("ContentType") for e in xml["[Content_Types].xml"]}
    main = "application/vnd.openxmlformats-officedocument.spreadsheetml."
    assert types["/xl/workbook.xml"] == f"{main}sheet.main+xml"
    assert types["/xl/worksheets/sheet1.xml"] == f"{main}worksheet+xml"
    parts = {f"/{name}" for name in xml if not name.endswith(".rels")} - {"/[Content_Types].xml"}
    assert parts == set(types) - {None}, "the others go by their ending"

    def targets(rels: str) -> dict[str, str]:
        return {str(e.get("Id")): str(e.get("Target")) for e in xml[rels]}

    assert targets("_rels/.rels") == {"rId1": "xl/workbook.xml"}
    of_book = targets("xl/_rels/workbook.xml.rels")
    assert all(f"xl/{target}" in xml for target in of_book.values())
    [named] = xml["xl/workbook.xml"].iter(f"{MAIN}sheet")
    assert of_book[str(named.get(RELATION))] == "worksheets/sheet1.xml"
    order = [child.tag.removeprefix(MAIN) for child in xml["xl/worksheets/sheet1.xml"]]
    assert order == ["sheetViews", "sheetData", "ignoredErrors"]
    formats = len(xml["xl/styles.xml"].find(f"{MAIN}cellXfs") or ())
    cells = xml["xl/worksheets/sheet1.xml"].iter(f"{MAIN}c")
    assert {int(cell.get("s") or 0) for cell in cells} <= set(range(formats))


def test_no_part_needs_zip64() -> None:
    """Some readers do not take it in a ZIP that was written as a stream: versions and sizes are the old ones."""
    packed = zipfile.ZipFile(io.BytesIO(made(["a"], ["b"])))
    assert {info.extract_version for info in packed.infolist()} == {20}


def test_a_full_sheet_says_so() -> None:
    """In its last row, where Excel has no more rows or the part no more bytes; what fits exactly is whole."""
    four = [["h"], ["1"], ["2"], ["3"]]
    assert read_back(made(*four, most_rows=4)) == four
    [*some, [last]] = read_back(made(*four, ["4"], most_rows=4))
    assert some == four[:3]
    assert "no room for more" in last
    [*some, [last]] = read_back(made(*[["x" * 1000]] * 9, most_bytes=5_000))
    assert len(some) == 4
    assert "no room for more" in last


def test_it_is_written_while_it_is_read() -> None:
    """The first bytes are there before the first row is, and a part goes before the next row is read."""
    read = 0

    def rows() -> Iterator[list[str]]:
        nonlocal read
        for number in range(1_000):
            read += 1
            yield [str(number**99)]

    parts = workbook(rows())
    assert next(parts).startswith(b"PK")
    assert read == 0
    begun = b"".join(next(parts) for _ in range(901))
    assert read == 900
    assert len(begun) > 10_000


def test_long_cells_say_that_they_were_cut() -> None:
    """Excel takes 32,767 of UTF-16; what is longer is cut at a character."""
    for text in ("x" * 40_000, "😀" * 20_000):
        cut = fitted(text)
        assert cut.endswith("have all of it)")
        assert len(cut.encode("utf-16-le")) // 2 <= 32_767
    assert fitted("x" * 32_767) == "x" * 32_767
    assert fitted("half \ud800") == "half ?"
