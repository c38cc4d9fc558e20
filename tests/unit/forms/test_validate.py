"""A form's rules, applied to what was sent."""

from __future__ import annotations

import ast
import dataclasses
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import todoke.forms.control_kind
import todoke.forms.fault_words
import todoke.walk.accept
from support.places import CORPORA
from todoke.forms.constraints import sanitise, text_length
from todoke.forms.control_kind import TRAITS
from todoke.forms.email import is_email
from todoke.forms.fault_words import show_value
from todoke.forms.number import on_step, show_number, valid_number
from todoke.forms.url import is_absolute_url
from todoke.forms.validate import validate
from todoke.model.form import Confirmation, ControlKind, Field, Form, Limits, Managers
from todoke.model.language import translator
from todoke.model.show import show_size
from todoke.model.submission import Entry, File

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 50
NO_FILE = File(name="", media_type="application/octet-stream", content=b"")


def form(*fields: Field, **given: Any) -> Form:
    return Form(name="f", fields=fields, **given)


def entries(*values: Any, name: str = "x") -> tuple[Entry, ...]:
    return tuple(Entry(name, value) for value in values)


def codes(field: Field | None, *values: Any, **given: Any) -> list[str]:
    one = form(field, **given) if field else Form(name="f", **given)
    return [error.code for error in validate(one, entries(*values), "en")]


def message(field: Field, *values: Any, language: str = "en") -> str:
    (error,) = validate(form(field), entries(*values), language)
    return error.message


def png(name: str = "a.png", size: int = 0) -> File:
    return File(name=name, media_type="", content=PNG + b"\0" * size)


def test_a_good_form_has_no_errors() -> None:
    """Answers within the rules, in any order, with fields that no rule names, are all well."""
    leave = form(
        Field(name="email", kind="email", required=True),
        Field(name="from", kind="date", required=True, min="2026-01-01"),
        Field(name="why", kind="textarea", maxlength=10),
        Field(name="kind", kind="select", required=True, options=(("a", "A"), ("b", "B"))),
    )
    sent = (
        Entry("kind", "b"),
        Entry("email", "taro@example.jp"),
        Entry("from", "2026-04-01"),
        Entry("utm", "anything"),
        Entry("utm", "twice"),
    )
    assert validate(leave, sent, "en") == ()


def test_errors_come_in_the_order_of_the_form_one_for_each_field() -> None:
    """A field's first fault is told, as browsers do; strays come after the form's own."""
    two = form(
        Field(name="a", kind="email", minlength=9, pattern="b"), Field(name="b", required=True)
    )
    sent = (Entry("stray", png()), Entry("a", "x"))
    found = [(e.field, e.code) for e in validate(two, sent, "en")]
    assert found == [("a", "typeMismatch"), ("b", "valueMissing"), ("stray", "no_files_here")]


def test_a_form_without_fields_takes_any_text_and_no_files() -> None:
    """Without a schema only files and the deciding addresses are judged."""
    assert codes(None, "a", "b") == []
    assert codes(None, png()) == ["no_files_here"]
    assert codes(None, NO_FILE) == []


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        (Field(name="x", required=True), "\r\n", "valueMissing"),
        (Field(name="x", kind="textarea", required=True), "\r\n", ""),
        (Field(name="x", kind="textarea", maxlength=3), "a\r\nb", ""),
        (Field(name="x", kind="textarea", maxlength=3), "a\r\nb\r", "tooLong"),
        (Field(name="x", maxlength=2), "a\r\nb", ""),
        (Field(name="x", maxlength=1), "𠮷", "tooLong"),
        (Field(name="x", maxlength=0), "a", "tooLong"),
        (Field(name="x", kind="number", required=True), "", "valueMissing"),
        (Field(name="x", kind="number"), "１２", "badInput"),
        (Field(name="x", kind="number", step="0.1"), "0.3", ""),
        (Field(name="x", kind="number", step="1e-300", max="1e308"), "1e308", ""),
        (Field(name="x", kind="number"), "1e309", "badInput"),
        (Field(name="x", kind="number", min="1", max="3"), "4", "rangeOverflow"),
        (Field(name="x", kind="color"), "red", "badInput"),
        (Field(name="x", kind="color"), "#00ff00", ""),
        (Field(name="x", kind="url"), " https://例え.jp/ ", ""),
        (Field(name="x", kind="url"), "example.jp", "typeMismatch"),
        (Field(name="x", kind="hidden"), "anything", ""),
        (Field(name="x", kind="time", min="22:00", max="06:00"), "12:00", "rangeUnderflow"),
        (Field(name="x", kind="tel", pattern=r"\d+"), "", ""),
    ],
)
def test_values_are_judged_as_a_browser_would(field: Field, value: str, code: str) -> None:
    """The value is what the control would hold, and an empty one is only ever missing."""
    assert codes(field, value) == ([code] if code else [])


@pytest.mark.parametrize("kind", sorted(ControlKind))
def test_what_is_not_required_may_be_left_out(kind: str) -> None:
    """Left out or empty is no fault of any kind of field that is not required."""
    field = Field(name="x", kind=kind, min="1", minlength=3, pattern="a", options=(("a", "a"),))
    assert codes(field) == []
    assert codes(field, "") == []


@pytest.mark.parametrize("kind", sorted({*ControlKind} - {ControlKind.HIDDEN}))
def test_what_is_required_is_missed_when_left_out(kind: str) -> None:
    """Left out and empty are the same fault."""
    field = Field(name="x", kind=kind, required=True, options=(("a", "a"),))
    assert codes(field) == ["valueMissing"]
    assert codes(field, "") == ["valueMissing"]


def test_choices_are_only_those_offered() -> None:
    """A select, radio or checkbox answer that the page did not offer is refused."""
    for kind in ("select", "radio", "checkbox"):
        field = Field(name="x", kind=kind, options=(("a", "A"), ("行\n二", "B")))
        assert codes(field, "c") == ["unknown_option"]
        assert codes(field, "A") == ["unknown_option"]
        assert codes(field, "行\r\n二") == []
    assert codes(Field(name="x", kind="checkbox"), "on") == []


def test_an_empty_first_option_is_no_answer_to_a_required_select() -> None:
    """The placeholder of a list that todoke.toml writes down is missed like one on a page."""
    field = Field(name="x", kind="select", required=True, options=(("", "choose"), ("a", "A")))
    assert codes(field, "") == ["valueMissing"]
    assert codes(field, "a") == []
    last = Field(name="x", kind="select", required=True, options=(("a", "A"), ("", "none")))
    assert codes(last, "") == []
    radio = Field(name="x", kind="radio", required=True, options=(("", "none"), ("a", "A")))
    assert codes(radio, "") == []


def test_a_required_box_must_be_ticked_itself() -> None:
    """In a group of checkboxes, another box does not stand in for a required one."""
    field = Field(
        name="x",
        kind="checkbox",
        required=True,
        required_values=("a",),
        options=(("a", "Terms"), ("b", "News")),
    )
    assert codes(field, "a") == []
    assert codes(field, "a", "b") == []
    assert codes(field, "b") == ["valueMissing"]
    assert message(field, "b") == "Please tick “Terms” to go on."
    relaxed = dataclasses.replace(field, required=False)  # as todoke.toml may say on top of a page
    assert codes(relaxed) == []
    assert codes(dataclasses.replace(field, options=(("c", "C"),)), "c") == []
    any_one = Field(name="x", kind="checkbox", required=True, options=(("a", "A"), ("b", "B")))
    assert codes(any_one, "b") == []


def test_a_single_value_sent_twice_with_different_answers_is_refused() -> None:
    """Parameter pollution: what the first and the last reader see must be the same."""
    for kind in ("text", "select", "radio", "email", "date"):
        field = Field(name="x", kind=kind, options=(("a", "A"), ("b", "B")))
        assert codes(field, "a@b.jp", "b@b.jp") == ["repeated"]
    assert codes(Field(name="x"), "a", "a") == []
    assert codes(Field(name="x", multiple=True), "a", "b") == []
    assert codes(Field(name="x", sent_anyway=("0",)), "0", "b") == []


def test_who_gets_mail_is_never_ambiguous() -> None:
    """The fields that name a recipient may not be sent twice, with or without a schema."""
    confirmed = {"confirmation": Confirmation(field="x")}
    managed = {"managers": Managers(field="x", directory={})}
    twice = ("a@example.jp", "b@example.jp")
    assert codes(None, *twice, **confirmed) == ["repeated"]
    assert codes(None, *twice, **managed) == ["repeated"]
    several = Field(name="x", kind="email", multiple=True)
    assert codes(several, *twice, **confirmed) == ["repeated"]
    assert codes(several, ",".join(twice), **confirmed) == ["address"]


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("taro@example.jp", ""),
        (" taro@example.jp\r\n", ""),
        ("o'brien@example.com", ""),
        ("taro@例え.jp", ""),
        ("", ""),
        ("a@localhost", "address"),
        ("a@b", "address"),
        ("a..b@example.jp", "address"),
        (".a@example.jp", "address"),
        ("a" * 65 + "@example.jp", "address"),
        ("a@" + "b" * 250 + ".jp", "typeMismatch"),
        ("a@example.jp,b@example.jp", "typeMismatch"),
        ("a@example.jp\r\nBcc: b@example.jp", "typeMismatch"),
        ("太郎@example.jp", "typeMismatch"),
        ("aya..h@docomo.ne.jp", ""),
        ("aya.@docomo.ne.jp", ""),
        (".aya@ezweb.ne.jp", ""),
        ('"aya."@docomo.ne.jp', "typeMismatch"),
        ("=?utf-8?q?a?=@example.jp", "address"),
        ("taro＠example.jp", "typeMismatch"),
        ("taro@example。jp", "typeMismatch"),
        ("taro@example.jp\u3000", "typeMismatch"),
    ],
)
def test_the_confirmation_needs_an_address_that_mail_can_reach(value: str, code: str) -> None:
    """More than type=email asks: one address, in a public domain, within SMTP's limits."""
    field = Field(name="x", kind="email")
    expected = [code] if code else []
    assert codes(field, value, confirmation=Confirmation(field="x")) == expected


MEANT = "taro@example.jp"


@pytest.mark.parametrize(
    "typed", ["ｔａｒｏ＠example.jp", "taro@example。jp", "Taro <taro@example.jp>"]
)
@pytest.mark.parametrize("field", [Field(name="x", kind="email"), Field(name="x"), None])
def test_what_may_be_meant_is_asked_and_never_put_in_its_place(
    field: Field | None, typed: str
) -> None:
    """The message ends with the question, in the reader's language; the answer is refused all the same."""
    confirmed = Confirmation(field="x")
    one = form(field, confirmation=confirmed) if field else Form(name="f", confirmation=confirmed)
    [error] = validate(one, entries(typed), "en")
    assert error.message.endswith(f" Did you mean {MEANT}?")
    [error] = validate(one, entries(typed), "ja")
    assert error.message.endswith(f"。{MEANT} ではありませんか？")


def test_a_hint_is_for_what_a_list_means_as_well() -> None:
    """Each of several addresses is read alone; one that is beyond telling leaves the message without a hint."""
    one = form(Field(name="x", kind="email", multiple=True))
    [error] = validate(one, entries("a@example.jp,ｂ＠example.jp"), "en")
    assert error.message.endswith(" Did you mean a@example.jp, b@example.jp?")
    [error] = validate(one, entries("a,ｂ＠example.jp"), "en")
    assert "?" not in error.message
    [error] = validate(one, entries(",".join(["ｂ＠example.jp"] * 1000)), "en")
    assert "?" not in error.message
    url = form(Field(name="x", kind="url"))
    [error] = validate(url, entries("ｈｔｔｐ"), "en")
    assert "?" not in error.message


def test_the_confirmation_address_is_checked_without_a_schema() -> None:
    """A form that takes any fields still refuses an address that mail cannot reach, and takes one in Unicode."""
    confirmed = {"confirmation": Confirmation(field="x")}
    assert codes(None, "nobody", **confirmed) == ["address"]
    assert codes(None, "", **confirmed) == []
    assert codes(Field(name="x"), "太郎@example.jp", **confirmed) == []


def test_bytes_that_could_not_be_decoded_are_kept() -> None:
    """Such an answer counts as an answer and breaks no rule, except that no mail can go to it."""
    raw = (Entry("x", "\ufffd\ufffd", b"\x82\xff"),)
    for kind in ("text", "number", "select", "radio", "date", "url", "textarea"):
        strict = Field(
            name="x", kind=kind, required=True, maxlength=1, pattern="a", options=(("a", "A"),)
        )
        assert validate(form(strict), raw, "ja") == ()
    confirmed = form(Field(name="x"), confirmation=Confirmation(field="x"))
    assert [e.code for e in validate(confirmed, raw, "ja")] == ["address"]


class TestFiles:
    """File fields."""

    one = Field(name="x", kind="file", accept=("image/*",), max_file_bytes=100)

    def test_a_file_within_the_limits_is_taken(self) -> None:
        """Kind, size and count within the rules are no fault."""
        assert codes(self.one, png()) == []
        assert codes(self.one, NO_FILE) == []
        assert codes(self.one) == []

    def test_each_limit_has_its_code(self) -> None:
        """Size, kind and count are told apart."""
        assert codes(self.one, png(size=100)) == ["file_too_big"]
        text = File(name="a.png", media_type="image/png", content=b"hello")
        assert codes(self.one, text) == ["file_type"]
        assert codes(self.one, png(), png("b.png")) == ["too_many_files"]

    def test_counts_come_from_the_field_then_the_form(self) -> None:
        """`multiple` allows as many as max_files says, or the form's limits."""
        several = Field(name="x", kind="file", multiple=True, max_files=2)
        assert codes(several, png(), png()) == []
        assert codes(several, png(), png(), png()) == ["too_many_files"]
        free = Field(name="x", kind="file", multiple=True)
        assert codes(free, *[png()] * 6, limits=Limits(files=6)) == []
        assert codes(free, *[png()] * 7, limits=Limits(files=6)) == ["too_many_files"]

    def test_the_form_counts_over_all_its_fields(self) -> None:
        """The form's own limit is told at the last file."""
        both = form(
            Field(name="a", kind="file"), Field(name="b", kind="file"), limits=Limits(files=1)
        )
        sent = (Entry("a", png()), Entry("b", png()))
        assert [(e.field, e.code) for e in validate(both, sent, "en")] == [("b", "too_many_files")]

    def test_a_required_file_must_be_chosen(self) -> None:
        """The empty part that browsers send for no file is no file."""
        required = Field(name="x", kind="file", required=True)
        assert codes(required, NO_FILE) == ["valueMissing"]

    def test_a_file_name_alone_is_no_file(self) -> None:
        """A form without multipart sends only the name: the visitor learns that the file did not arrive."""
        assert codes(self.one, "a.png") == ["badInput"]

    def test_a_file_in_another_field_is_refused(self) -> None:
        """Text fields and fields that the form does not have take no files."""
        assert codes(Field(name="x"), png()) == ["no_files_here"]
        assert codes(Field(name="y"), png()) == ["no_files_here"]


SAMPLES: list[tuple[Field, list[Any]]] = [
    (Field(name="x", required=True), []),
    *[
        (Field(name="x", kind=kind, required=True, options=(("a", "A"),)), [])
        for kind in ("checkbox", "radio", "select", "file")
    ],
    (Field(name="x", kind="checkbox", required=True, options=(("a", "A"), ("b", "B"))), []),
    (Field(name="x", kind="email"), ["a"]),
    (Field(name="x", kind="email", multiple=True), ["a,"]),
    (Field(name="x", kind="url"), ["a"]),
    (Field(name="x", pattern="b"), ["a"]),
    (Field(name="x", pattern="b", title="小文字の「b」"), ["a"]),
    (Field(name="x", maxlength=1), ["abc"]),
    (Field(name="x", minlength=2), ["a"]),
    (Field(name="x", kind="number", min="5"), ["4"]),
    (Field(name="x", kind="number", max="5"), ["6"]),
    (Field(name="x", kind="number", max="5"), ["4.5"]),
    (Field(name="x", kind="number", min="5", max="5.5", step="2"), ["5.1"]),
    (Field(name="x", kind="number", min="5", max="5", step="0"), ["5.5"]),
    (Field(name="x", kind="date", min="2026-04-01"), ["2026-01-01"]),
    (Field(name="x", kind="date", max="2026-04-01"), ["2027-01-01"]),
    (Field(name="x", kind="time", min="22:00", max="06:00"), ["12:00"]),
    (Field(name="x", kind="color"), ["a"]),
    *[(Field(name="x", kind=kind), ["a"]) for kind in ControlKind if TRAITS[kind].scale],
    (Field(name="x", kind="select", options=(("a", "A"),)), ["b"]),
    (Field(name="x"), ["a", "b"]),
    (Field(name="x"), [png()]),
    (Field(name="x", kind="file"), ["a.png"]),
    (Field(name="x", kind="file"), [png(), png()]),
    (Field(name="x", kind="file", max_file_bytes=9), [png()]),
    (Field(name="x", kind="file", accept=(".pdf", "video/*")), [png()]),
]


@pytest.mark.parametrize(("field", "values"), SAMPLES)
def test_every_message_is_said_in_both_languages(field: Field, values: list[Any]) -> None:
    """Each code has an English and a Japanese message, with every placeholder filled."""
    english, japanese = message(field, *values), message(field, *values, language="ja")
    assert english.isascii() or "“" in english or "「" in english
    assert any("\u3040" <= c <= "\u30ff" for c in japanese)
    assert "%" not in english + japanese


def test_messages_name_the_limit() -> None:
    """People learn how far they may go."""
    assert message(Field(name="x", maxlength=3), "abcd") == (
        "Please shorten this to 3 characters or fewer (it has 4)."
    )
    date = Field(name="x", kind="date", min="2026-04-01")
    assert message(date, "2026-01-01") == "Please choose 1 April 2026 or later."
    assert message(date, "2026-01-01", language="ja") == "2026年4月1日以降を指定してください。"
    step = Field(name="x", kind="number", step="0.5")
    assert message(step, "0.3").endswith("the nearest ones are 0 and 0.5.")
    big = Field(name="x", kind="file", max_file_bytes=9)
    assert message(big, png()) == "“a.png” is too big. Please send a file of at most 9 B."


def test_no_message_lacks_its_japanese() -> None:
    """Every text of this room is in the catalog."""
    known = translator("forms", "ja")
    for module in (todoke.forms.control_kind, todoke.forms.fault_words, todoke.walk.accept):
        tree = ast.parse(Path(module.__file__ or "").read_text("utf-8"))
        texts = [
            argument.value
            for call in ast.walk(tree)
            if isinstance(call, ast.Call)
            and getattr(call.func, "id", getattr(call.func, "attr", ""))
            in ("N_", "say", "gettext", "ngettext")
            for argument in call.args[:1]
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
        ]
        assert texts
        missing = [t for t in texts if t not in known._catalog and (t, 0) not in known._catalog]  # type: ignore[attr-defined]
        assert missing == []


@pytest.mark.parametrize(
    ("kind", "text", "english", "japanese"),
    [
        ("date", "2026-04-01", "1 April 2026", "2026年4月1日"),
        ("month", "2026-04", "April 2026", "2026年4月"),
        ("week", "2026-W05", "week 5 of 2026", "2026年第5週"),
        ("time", "09:30", "09:30", "09:30"),
        ("datetime-local", "2026-04-01T09:30", "1 April 2026, 09:30", "2026年4月1日 09:30"),
        ("number", "5", "5", "5"),
    ],
)
def test_values_are_shown_as_people_write_them(
    kind: str, text: str, english: str, japanese: str
) -> None:
    """A limit is told in the reader's own way of writing dates."""
    assert show_value(kind, text, "en") == english
    assert show_value(kind, text, "ja") == japanese


def test_sizes_are_shown_in_round_units() -> None:
    """Bytes are told in the largest unit that keeps them short."""
    shown = [show_size(n) for n in (9, 1024, 1536, 5_242_880)]
    assert shown == ["9 B", "1 kB", "1.5 kB", "5 MB"]


def test_lengths_are_counted_in_utf_16() -> None:
    """As maxlength counts: an emoji is two, a lone surrogate one."""
    assert [text_length(t) for t in ("a", "あ", "😀", "\ud800", "か\u3099")] == [1, 1, 2, 1, 2]


@given(
    st.text(max_size=50),
    st.sampled_from(sorted({*ControlKind} - {ControlKind.SELECT})),
    st.booleans(),
)
def test_sanitising_twice_is_sanitising_once(text: str, kind: str, multiple: bool) -> None:
    """A control's own value is left as it is."""
    once = sanitise(kind, text, multiple=multiple)
    assert sanitise(kind, once, multiple=multiple) == once


DATED = [kind for kind, traits in TRAITS.items() if traits.scale and traits.scale.is_dated]


@given(st.sampled_from(DATED), st.integers(-10_000_000, 10_000_000))
def test_moments_are_read_as_they_are_written(kind: ControlKind, number: int) -> None:
    """Writing a moment and reading it gives the same moment."""
    unit = {"date": 86_400_000, "week": 604_800_000, "month": 1}.get(kind, 1)
    base = -259_200_000 if kind == "week" else 0
    span = 20_000 if kind != "week" else 2_000
    moment = Decimal(base + (number % (2 * span) - span) * unit)
    if kind == "time":
        moment = Decimal(number % 86_400_000)
    scale = TRAITS[kind].scale
    assert scale is not None
    assert scale.number(scale.text(moment)) == moment


@given(
    st.decimals(
        allow_nan=False, allow_infinity=False, places=6, min_value=-(10**6), max_value=10**6
    )
)
def test_numbers_lie_on_their_own_step(number: Decimal) -> None:
    """A multiple of a step is on it, whatever binary fractions make of it."""
    assert valid_number(show_number(number)) == number
    assert on_step(number * 7, Decimal(0), Decimal("0.000001"))
    assert on_step(number, number, Decimal("0.3"))
    assert not on_step(number * 7 + Decimal("0.0000005"), number, Decimal("0.000001"))


@given(st.text(max_size=40))
def test_any_text_is_a_url_or_not(text: str) -> None:
    """Whatever is sent, there is a verdict."""
    assert is_absolute_url(text) in (True, False)
    assert is_absolute_url("https://" + text) in (True, False)


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        (" https://例え.jp/ ", True),
        ("http://ex_ample.com", True),
        ("http://a%41.com", True),
        ("http://0x7f.1", True),
        ("http://[::1]:8080/", True),
        ("http:/a", True),
        ("mailto:a", True),
        ("x:", True),
        ("http://a{b}", True),
        ("http://a/\ud800", True),
        ("http://\ud800/", False),
        ("", False),
        ("//a", False),
        ("http://", False),
        ("http://a b", False),
        ("http://a:65536", False),
        ("http://1.2.3.4.5", False),
        ("http://256.1.1.1", False),
        ("http://[::1", False),
        ("http://xn--a", False),
        ("http://a\u200db", False),
        ("http://%", False),
    ],
)
def test_absolute_urls_are_those_of_browsers(text: str, is_one: bool) -> None:
    """Hosts that the URL Standard refuses are refused, and no others."""
    assert is_absolute_url(text) is is_one


LONG = 100_000
NASTY = [
    "a" * LONG,
    "@" * LONG,
    "a@" + "b." * (LONG // 2),
    "a@" + "b-" * (LONG // 2),
    "a@" + "é." * (LONG // 2),
    "a@" + "xn--" * (LONG // 4),
    "," * LONG,
    "a@b.jp," * (LONG // 7),
    "1" * LONG,
    "-" * LONG,
    "0." + "1" * LONG,
    "1e" + "9" * LONG,
    "9" * LONG + "-01-01",
    "0" * LONG + "-01-01",
    "https://" + "a." * (LONG // 2),
    "https://" + "%" * LONG,
    "https://" + "1." * (LONG // 2),
    "https://[" + ":" * LONG + "]",
    "https://a:" + "9" * LONG,
    "&#1;" * (LONG // 4),
    " " * LONG + "x",
    "\r\n" * (LONG // 2),
    "😀" * (LONG // 4),
    "\udfff" * LONG,
]


@pytest.mark.timeout(60)  # all of it takes a second; what is not linear takes minutes
@pytest.mark.parametrize("kind", sorted(ControlKind))
def test_long_values_end_soon(kind: str) -> None:
    """100 kB of anything, against every kind of field at once, is judged before the time limit."""
    field = Field(
        name="x",
        kind=kind,
        multiple=True,
        maxlength=10,
        pattern=r"([a-z0-9.]+)+@x",
        min="1",
        max="2",
        step="0.1",
        options=(("a", "A"),),
    )
    judged = form(field, charset="shift_jis", confirmation=Confirmation(field="x"))
    for value in NASTY:
        assert isinstance(validate(judged, entries(value), "ja"), tuple)


def corpus(*path: str) -> Path:
    found = CORPORA.joinpath(*path)
    if not found.exists():
        pytest.skip(f"{'/'.join(path)} is not here; TODOKE_CORPORA names its folder")
    return found


def test_no_wrong_address_gets_a_confirmation() -> None:
    """Every address that isemail calls an error is refused."""
    lines = corpus("address-syntax", "isemail.jsonl").read_text("utf-8").splitlines()
    wrong = [
        case["address"] for case in map(json.loads, lines) if case["category"] == "ISEMAIL_ERR"
    ]
    assert len(wrong) > 50
    confirmed = form(
        Field(name="x", kind="email", required=True), confirmation=Confirmation(field="x")
    )
    taken = [a for a in wrong if not validate(confirmed, entries(a), "en")]
    # Those that are errors only around the address are trimmed to a good one, as in a browser.
    assert [a for a in taken if a == sanitise("email", a)] == []


def test_good_addresses_get_a_confirmation() -> None:
    """What email-validator takes without options, and type=email takes too, is taken."""
    lines = corpus("address-syntax", "email_validator_calls.jsonl").read_text("utf-8").splitlines()
    plain = [c for c in map(json.loads, lines) if c["valid"] and not c["input_is_bytes"]]
    addresses = {c["email"] for c in plain if is_email(c["email"]) and is_public(c["email"])}
    assert len(addresses) > 10
    confirmed = form(Field(name="x", kind="email"), confirmation=Confirmation(field="x"))
    assert [a for a in sorted(addresses) if validate(confirmed, entries(a), "en")] == []


def is_public(address: str) -> bool:
    local, _, domain = address.rpartition("@")
    return (
        len(local) <= 64
        and "." in domain
        and not domain.endswith((".local", ".localhost", ".invalid"))
        and "=?" not in local  # which begins an encoded word in a header field
    )


def test_type_email_means_what_the_platform_tests_say() -> None:
    """The cases of web-platform-tests' typeMismatch."""
    cases = json.loads(corpus("form-wpt", "typemismatch_email.json").read_text("utf-8"))
    for case in cases:
        field = Field(name="x", kind="email", multiple=case["multiple"])
        assert (codes(field, case["value"]) == ["typeMismatch"]) == case["typeMismatch"], case


def test_what_stands_in_the_page_may_be_of_any_length() -> None:
    """Too long and too short are faults of what a person has edited; all other rules hold."""
    field = Field(name="x", maxlength=3, minlength=2, pattern="[a-z]+", presets=("abcd", "a", "A"))
    assert codes(field, "abcd") == codes(field, "a") == []
    assert codes(field, "abcde") == ["tooLong"]
    assert codes(field, "b") == ["tooShort"]
    assert codes(field, "A") == ["patternMismatch"]
    assert codes(Field(name="x", kind="textarea", maxlength=1, presets=("a\nb",)), "a\r\nb") == []


def test_rows_that_a_script_adds_are_checked_each() -> None:
    """Several entries of one name where the page says so, each by the rules; without that they are refused."""
    rows = Field(name="x", kind="email", repeats=True)
    assert codes(rows, "a@b", "c@d") == []
    assert codes(rows, "a@b", "c") == ["typeMismatch"]
    assert codes(rows, "a@b,c@d") == ["typeMismatch"]
    chosen = Field(name="x", kind="select", repeats=True, options=(("a", "A"), ("b", "B")))
    assert codes(chosen, "a", "b") == []
    assert codes(chosen, "a", "c") == ["unknown_option"]
    assert codes(Field(name="x"), "a", "b") == ["repeated"]
    assert codes(rows, "a@b", "c@d", confirmation=Confirmation(field="x")) == ["repeated"]


def test_a_button_may_send_a_draft() -> None:
    """What browsers do not check for it, nobody does; what only a server can find is found."""
    fields = (
        Field(name="x", kind="email", required=True),
        Field(name="topic", kind="select", options=(("a", "A"),)),
        Field(name="photo", kind="file", required=True),
    )
    draft = form(*fields, unchecked=(("act", "draft"), ("later", None)))
    given = (Entry("x", "nobody"), Entry("topic", "b"))
    for button in (Entry("act", "draft"), Entry("later", "保存")):
        assert [e.code for e in validate(draft, (*given, button), "en")] == ["unknown_option"]
    sent = validate(draft, (*given, Entry("act", "send")), "en")
    assert [e.code for e in sent] == ["typeMismatch", "unknown_option", "valueMissing"]
