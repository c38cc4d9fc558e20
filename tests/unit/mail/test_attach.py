"""Which files a notification carries, and how they are called and typed there."""

from __future__ import annotations

from email import message_from_bytes, policy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.mail.mails import CONTACT, claim, mail, settings
from support.variants import replace
from todoke.mail.attach import (
    NAME_LIMIT,
    attachable,
    attachment,
    encoded_size,
    runs,
    safe_name,
)
from todoke.mail.compose import compose
from todoke.mail.mime import serialise
from todoke.model.mail import Attachment
from todoke.model.message import Role
from todoke.model.settings import Room
from todoke.model.submission import Entry, File


def file(name: str, size: int = 9) -> File:
    """A file of so many octets."""
    return File(name=name, media_type="image/png", content=b"x" * size)


def chosen(*files: File, attach: int = 100, room: Room | None = None) -> tuple[int, ...]:
    """Which of them are attached; before them stands a text."""
    entries = (Entry("name", "Aoi"), *(Entry("f", f) for f in files))
    submission = claim(entries=entries).submission
    return attachable(submission, replace(CONTACT, attach=attach), room or Room())


def test_as_many_as_have_room() -> None:
    """In their order; what is too large lets a smaller one pass, and nothing is attached by default."""
    files = (file("a", 60), file("b", 60), file("c", 40), file("d", 1))
    assert chosen(*files) == (1, 3)
    assert chosen(*files, attach=0) == ()
    assert chosen(*files, attach=1000, room=Room(files=2)) == (1, 2)
    octets = encoded_size(60) + encoded_size(40)
    assert chosen(*files, attach=1000, room=Room(octets=octets)) == (1, 3)
    assert chosen(file("empty", 0)) == ()


@pytest.mark.parametrize("size", [0, 1, 2, 3, 57, 58, 5_000, 999_999])
def test_room_is_counted_after_base64(size: int) -> None:
    """What a file adds to a mail is never more than it was counted for."""
    with_file = mail(
        attachments=(
            Attachment(name="𠮷" * NAME_LIMIT, media_type="a/" + "b" * 90, content=b"x" * size),
        )
    )
    bare = len(serialise(mail()))
    assert len(serialise(with_file)) - bare <= encoded_size(size)


@pytest.mark.parametrize(
    "name",
    ["a.exe", "a.pdf.EXE", "a.exe. ", "a.ex\u200be", "\u202efdp.exe", "a.svg", "a.html", "a.jar"],
)
def test_what_runs_is_not_attached(name: str) -> None:
    """By its last extension, as a double click reads it: mail servers refuse a whole mail for such a file."""
    assert runs(name)
    assert chosen(file(name), file("a.pdf")) == (2,)


@pytest.mark.parametrize(
    ("name", "safe", "media_type"),
    [
        ("photo.jpg", "photo.jpg", "image/jpeg"),
        ("報告書 2.PDF", "報告書 2.PDF", "application/pdf"),
        ("a.exe.jpg", "a.exe.jpg", "image/jpeg"),
        ("archive.tar.gz", "archive.tar.gz", "application/gzip"),
        ("../../etc/passwd", "passwd", "application/octet-stream"),
        ("C:\\Users\\x\\plan.docx", "plan.docx", ""),
        ("a\r\nBcc: x@y.jpg", "aBcc_ x@y.jpg", "image/jpeg"),
        ("a\u202egpj.png", "agpj.png", "image/png"),
        ('"q";x=".png', "_q_;x=_.png", "image/png"),
        ("", "file-3", "application/octet-stream"),
        ("...", "file-3", "application/octet-stream"),
        (".png", "file-3.png", "image/png"),
        ("con.txt", "_con.txt", "text/plain"),
        ("LPT1", "_LPT1", "application/octet-stream"),
        ("x" * 300 + ".pdf", "x" * (NAME_LIMIT - 4) + ".pdf", "application/pdf"),
        ("a.mhtml2", "a.mhtml2", "application/octet-stream"),
    ],
)
def test_names_and_types(name: str, safe: str, media_type: str) -> None:
    """No path, nothing hidden, a type by the extension and never what the browser said."""
    made = attachment(file(name), 3)
    assert made.name == safe
    if media_type:
        assert made.media_type == media_type
    assert made.content == b"x" * 9


@given(st.text(max_size=200), st.binary(max_size=500), st.sampled_from(["<p>x</p>", ""]))
def test_any_name_stays_in_its_place(name: str, content: bytes, html: str) -> None:
    """Whatever a file is called: one part more, with that safe name, and no header but those meant."""
    made = attachment(File(name=name, media_type=name, content=content), 1)
    octets = serialise(mail(html=html, attachments=(made, made)))
    assert max(map(len, octets.split(b"\r\n"))) <= 998
    read = message_from_bytes(octets, policy=policy.default)
    assert read.get_content_type() == "multipart/mixed"
    texts, *files = read.iter_parts()
    assert texts.get_content_type() == ("multipart/alternative" if html else "text/plain")
    assert [part.keys() for part in files] == [
        ["Content-Type", "Content-Disposition", "Content-Transfer-Encoding"]
    ] * 2
    for part in files:
        assert part.get_content_disposition() == "attachment"
        assert part.get_filename() == made.name
        assert part.get_payload(decode=True) == content
    assert not read.defects
    assert safe_name(made.name, 1) == made.name


def test_a_notification_says_what_it_carries() -> None:
    """Attached or at the desk; no other mail carries anything."""
    files = (file("a.pdf"), file("b.exe"))
    entries = tuple(Entry("f", f) for f in files)
    made = claim(entries=entries)
    both = compose(made, settings(), None, dict(enumerate(files)))
    one = compose(made, settings(), None, {0: files[0]})
    none = compose(made, settings())
    for sent, count, words in (
        (both, 2, "Open them with the care due"),
        (one, 1, "The others are at the desk."),
        (none, 0, "They are not in this mail"),
    ):
        assert len(sent.attachments) == count
        for part in (sent.text, sent.html):
            assert words in part
            assert part.count("– attached") == count
    assert len({sent.message_id for sent in (both, one, none)}) == 3
    for role in (Role.CONFIRMATION, Role.ALERT):
        other = compose(claim(role, entries), settings(), None, dict(enumerate(files)))
        assert other.attachments == ()
        assert "attached" not in other.text
