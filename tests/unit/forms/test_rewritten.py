"""What a browser had to rewrite in the page's encoding is what the page has."""

from __future__ import annotations

from todoke.forms.rewritten import find_rewritten, restore
from todoke.model.form import Field, Form
from todoke.model.submission import Entry, File


def form(charset: str, *fields: Field) -> Form:
    return Form(name="a", charset=charset, fields=fields)


def options(*values: str) -> Field:
    return Field(name="fee", kind="select", options=tuple((v, v) for v in values))


def test_an_option_that_arrives_otherwise_is_the_option() -> None:
    """So are names of fields and what buttons and hidden controls add; what was typed stays."""
    fields = (
        options("¥5,000", "free"),
        Field(name="a−b", sent_anyway=("‾",)),
        Field(name="c", value="−1"),
    )
    rewritten = find_rewritten(form("shift_jis", *fields))
    assert rewritten == {"\\5,000": "¥5,000", "a－b": "a−b", "~": "‾", "－1": "−1"}
    sent = (Entry("fee", "\\5,000"), Entry("a－b", "\\6"), Entry("a－b", "~", b"~"))
    assert restore(sent, rewritten) == (
        Entry("fee", "¥5,000"),
        Entry("a−b", "\\6"),
        Entry("a−b", "‾", b"~"),
    )


def test_a_file_keeps_its_content() -> None:
    """Only the name of its field may be another."""
    file = File(name="a", media_type="text/plain", content=b"a")
    assert restore((Entry("－", file),), {"－": "−"}) == (Entry("−", file),)


def test_what_two_texts_arrive_as_stays() -> None:
    """Nobody can tell which of them it was."""
    assert find_rewritten(form("shift_jis", options("¥5", "\\5"))) == {}
    assert find_rewritten(form("iso-2022-jp", options("ｱ", "ア"))) == {}


def test_most_forms_have_none() -> None:
    """Nothing is rewritten in UTF-8, and a form without fields has nothing to know."""
    assert find_rewritten(form("utf-8", options("¥5", "ｱ"))) == {}
    assert find_rewritten(Form(name="a", charset="shift_jis")) == {}
