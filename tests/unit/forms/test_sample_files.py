"""Sample files: of every kind that the tables know, and taken where a page asks for just that kind."""

from __future__ import annotations

import pytest

from todoke.forms.accept import types_of
from todoke.forms.file_kinds import is_accepted
from todoke.forms.media_types import KNOWN, OTHER, PROGRAMS, SAME, TEXT
from todoke.forms.sample_files import sample_file
from todoke.forms.sniff import sniff
from todoke.model.submission import File

TYPES = sorted({kind for kinds in (*KNOWN.values(), *OTHER.values()) for kind in kinds} | set(SAME))
TOKENS = sorted({*KNOWN, *OTHER, *PROGRAMS, *TYPES, ".tar.gz", "application/x-own"})
WILD = ["image/*", "audio/*", "video/*", "text/*", "application/*", "*/*"]


@pytest.mark.parametrize("token", [*TOKENS, *WILD])
def test_a_sample_is_taken_where_it_is_asked_for(token: str) -> None:
    """Each token alone takes the file that it means."""
    file, _ = sample_file(token)
    assert is_accepted(file, (token,))


@pytest.mark.parametrize("extension", KNOWN)
def test_a_sample_of_a_known_kind_is_of_that_kind(extension: str) -> None:
    """By its content, whatever it is called."""
    file, is_known = sample_file(extension)
    kinds = sniff(file.content)
    assert is_known
    assert file.name == f"sample{extension}"
    assert kinds & set(types_of(extension)) or kinds & {TEXT, "text/html"}


def test_a_sample_of_another_kind_is_refused() -> None:
    """Else they would prove nothing."""
    for asked, sent in (
        (".pdf", ".png"),
        ("image/*", ".pdf"),
        (".docx", ".xlsx"),
        (".txt", ".jpg"),
    ):
        assert not is_accepted(sample_file(sent)[0], (asked,))
    exe = File(name="a.pdf", media_type="", content=b"MZ\0\0")
    assert not is_accepted(exe, (".pdf",))


def test_what_nobody_knows_is_said() -> None:
    """No content is made up for a kind without a signature here."""
    assert sample_file("application/x-own")[1] is False
    assert sample_file(".dwg")[1] is False
