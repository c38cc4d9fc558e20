"""The workbook for Excel: cells are text, whatever is in them."""

from __future__ import annotations

import io
import re
import zipfile
from xml.etree import ElementTree as ET

from todoke.report.sheet import fitted, workbook

NAMES = {"x": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}


def cells(*rows: list[str]) -> list[tuple[str, str, str]]:
    """Each cell of the sheet: its place, its type, its text."""
    packed = zipfile.ZipFile(io.BytesIO(b"".join(workbook(iter(rows)))))
    sheet = ET.fromstring(packed.read("xl/worksheets/sheet1.xml"))
    found = [
        (
            c.get("r") or "",
            c.get("t") or "",
            "".join(t.text or "" for t in c.iterfind(".//x:t", NAMES)),
        )
        for c in sheet.iterfind(".//x:c", NAMES)
    ]
    assert sheet.find(".//x:f", NAMES) is None
    assert sheet.find(".//x:hyperlink", NAMES) is None
    return found


def test_everything_is_text() -> None:
    """Formulas, links and numbers as they were typed; an empty cell is none."""
    row = ["=1+1", "http://x.example", "0312345678", "", "+81", "a\nb", "<b>&\x00\x1b"]
    found = cells(["h"] * 7, row)
    assert {kind for _, kind, _ in found} == {"inlineStr"}
    texts = {place: text for place, _, text in found}
    assert [texts.get(f"{c}2", "") for c in "ABCDEF"] == row[:6]
    assert re.fullmatch(r"<b>&(_x00..._?|.)*", texts["G2"], re.DOTALL)


def test_long_cells_say_that_they_were_cut() -> None:
    """Excel takes 32,767 of UTF-16; what is longer is cut at a character."""
    for text in ("x" * 40_000, "😀" * 20_000):
        cut = fitted(text)
        assert cut.endswith("have all of it)")
        assert len(cut.encode("utf-16-le")) // 2 <= 32_767
    assert fitted("x" * 32_767) == "x" * 32_767
    assert fitted("half \ud800") == "half ?"
