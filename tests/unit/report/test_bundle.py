"""Files as one ZIP: names that are safe to unpack anywhere, and a stream that any program reads."""

from __future__ import annotations

import io
import unicodedata
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.web.stories import NOW, make_timeline, stored
from todoke.model.submission import Entry, File
from todoke.model.zone import UTC_ZONE
from todoke.report.bundle import NamesTaken, bundle, safe_name
from todoke.testing import MemoryStore


def file(name: str, content: bytes = b"x") -> Entry:
    """An entry with a file."""
    return Entry("f", File(name=name, media_type="", content=content))


def unpacked(
    *entries: Entry, folders: bool = False, store: MemoryStore | None = None
) -> dict[str, bytes]:
    """What is in the ZIP of a submission's files."""
    timeline = make_timeline(entries=entries)
    parts = bundle([timeline], store or stored(timeline), UTC_ZONE, folders=folders)
    with zipfile.ZipFile(io.BytesIO(b"".join(parts))) as packed:
        assert packed.testzip() is None
        return {info.filename: packed.read(info) for info in packed.infolist()}


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("wall.jpg", "wall.jpg"),
        ("履歴書.pdf", "履歴書.pdf"),
        ("../../etc/passwd", "_._etc_passwd"),
        ("..\\..\\boot.ini", "_.._boot.ini"),
        ("/etc/passwd", "_etc_passwd"),
        ("C:\\x.exe", "C__x.exe"),
        ("", "file"),
        (".", "file"),
        ("..", "file"),
        ("///", "file"),
        ("a\x00b\r\nc", "a_b__c"),
        ("gpj.\u202eexe", "gpj._exe"),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("com1.tar.gz", "_com1.tar.gz"),
        ("con .txt", "_con.txt"),
        ("COM1. .pdf", "_COM1.pdf"),
        ("aux" + " " * 200 + ".pdf", "_aux.pdf"),
        ("console.txt", "console.txt"),
        ("x. . .", "x"),
        ('a"<>|?*:b', "a_______b"),
        ("half \ud800", "half _"),
    ],
)
def test_names(name: str, safe: str) -> None:
    """No path, no device, nothing unseen."""
    assert safe_name(name) == safe


def test_long_names_keep_their_ending() -> None:
    """And are cut at a character."""
    cut = safe_name("あ" * 300 + ".jpeg")
    assert len(cut.encode()) <= 150
    assert cut.endswith("あ.jpeg")
    assert len(safe_name("a." + "b" * 300).encode()) <= 150


def test_one_name_composed_in_two_ways_is_one() -> None:
    """A Mac would write the second over the first."""
    names = NamesTaken()
    assert names.unused("", "caf\u00e9.pdf") == "caf\u00e9.pdf"
    assert names.unused("", "cafe\u0301.pdf") == "cafe\u0301 (2).pdf"


def test_what_is_called_alike_is_numbered() -> None:
    """Whatever the case, for there are systems that do not tell it; endings stay."""
    names = NamesTaken()
    found = [names.unused("", n) for n in ("a.jpg", "A.JPG", "a.jpg", "a (2).jpg", "b", "b")]
    assert found == ["a.jpg", "A (2).JPG", "a (3).jpg", "a (2) (2).jpg", "b", "b (2)"]
    assert names.unused("other/", "a.jpg") == "other/a.jpg"


def test_a_hundred_thousand_of_one_name() -> None:
    """Each is numbered at once: to try all numbers for each would take hours."""
    names = NamesTaken()
    found = [names.unused("", "cv.pdf") for _ in range(100_000)]
    assert found[1:3] == ["cv (2).pdf", "cv (3).pdf"]
    assert found[-1] == "cv (100000).pdf"


@given(
    st.lists(
        st.sampled_from(["a.b", "A.b", "a (2).b", "a (3).b", "a (2) (2).b", "\u00e9", "e\u0301"])
    )
)
def test_no_two_are_alike(asked: list[str]) -> None:
    """Whatever was called like the number of another; the first of a name keeps it."""
    names = NamesTaken()
    found = [names.unused("d/", name) for name in asked]
    assert len({unicodedata.normalize("NFC", name.casefold()) for name in found}) == len(asked)
    assert found[:1] == [f"d/{name}" for name in asked[:1]]


def test_a_zip_of_one() -> None:
    """Each file once, with its content, an empty one too."""
    found = unpacked(
        file("a.txt", b"one"), Entry("x", "text"), file("a.txt", b"two"), file("e", b"")
    )
    assert found == {"a.txt": b"one", "a (2).txt": b"two", "e": b""}


def test_a_folder_for_each() -> None:
    """Named by its day and its number, so that two of one name lie apart."""
    assert list(unpacked(file("a.txt"), folders=True)) == ["2026-11-23 s1/a.txt"]


def test_what_is_gone_meanwhile_is_left_out() -> None:
    """An erasure does not break the file."""
    timeline = make_timeline(entries=(file("a.txt"),))
    store = stored(timeline)
    store.erase(submission_id="s1")
    assert unpacked(file("a.txt"), store=store) == {}


def test_it_is_written_while_it_is_read() -> None:
    """The first file is out before the second is read."""
    timeline = make_timeline(entries=(file("a", b"a" * 1000), file("b", b"b" * 1000)))
    parts = bundle([timeline], stored(timeline), UTC_ZONE)
    first = next(parts)
    assert b"a" * 1000 in first
    assert b"b" * 1000 not in first


def test_files_are_of_their_submissions_time() -> None:
    """What a file manager sorts by."""
    timeline = make_timeline(entries=(file("a"),), received_at=NOW)
    with zipfile.ZipFile(
        io.BytesIO(b"".join(bundle([timeline], stored(timeline), UTC_ZONE)))
    ) as packed:
        assert packed.infolist()[0].date_time == (2026, 11, 23, 6, 34, 0)
