"""What of a form could never pass is named, with the page's line; and nothing else is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from todoke.forms.page.page import read_page
from todoke.model.address import parse_address
from todoke.model.charset import find_charset
from todoke.model.form import (
    Confirmation,
    ControlKind,
    Field,
    Form,
    Limits,
    Managers,
    SubmitAttributes,
)
from todoke.toml.findings import Finding
from todoke.web.door.rehearse import rehearse

SALES = (parse_address("sales@example.com"),)
FILES = "enctype=multipart/form-data"
QUIET = Form(name="a", page="a.html", confirmation=Confirmation(field=""))
SCRIPT = "<script src=a.js></script>"


def form_of(
    controls: str, attributes: str = "method=post", charset: str = "utf-8", **given: Any
) -> Form:
    """The form of a page whose first control is in line 3."""
    page = read_page(
        f"<!doctype html>\n<form {attributes}>\n{controls}</form>", charset=find_charset(charset)
    )
    form = replace(QUIET, fields=page.fields, submit=page.submit, charset=page.charset)
    return replace(form, **given)


def said(form: Form) -> list[str]:
    return [f"{f.severity} {f.line} {f.message}" for f in rehearse(form)]


ERRORS = [
    (
        "<select name=x required><option value=''>-</select>",
        "can never be filled in: it has no answer",
    ),
    (
        "<select name=x required><option disabled>-<option disabled>b</select>",
        "can never be filled in",
    ),
    (
        "<input name=x required minlength=5 maxlength=3>",
        "it must have 5 characters, and its maxlength is 3",
    ),
    ("<input name=x type=number required min=5 max=3>", "no value lies between min 5 and max 3"),
    ("<input name=x type=date required min=2026-02-01 max=2026-01-01>", "no value lies between"),
    (
        "<input name=x type=range value=-3 step=9 max=4>",
        "no value lies between min 0 and max 4, on step 9",
    ),
    ("<input name=x type=file required>", "is refused: The file did not arrive."),
    ("<select name=x required><option>{{ o }}</select>", "has '{{ o }}', a template's source"),
    (
        "<select name=x required><option value='<%= o %>'>b</select>",
        "has '<%= o %>', a template's source",
    ),
    ("<input name='${name}' required>", "has '${name}', a template's source"),
]


@pytest.mark.parametrize(("control", "why"), ERRORS)
def test_a_required_control_that_can_never_pass_is_an_error(control: str, why: str) -> None:
    """Then no visitor can send the form."""
    (found,) = said(form_of(f"<input name=a>\n{control}"))
    assert found.startswith("error 4 ")
    assert why in found


WARNINGS = [
    ("<input name=x minlength=5 maxlength=3>", "can never be filled in"),
    ("<input name=x type=number min=5 max=3>", "can never be filled in"),
    (
        "<input name=x type=url value='http://'>",
        "need not be filled in, and left as it is it is refused",
    ),
    (
        "<input name=x type=file>",
        "is refused when everything is filled in: The file did not arrive.",
    ),
    ("<select name=x><option>{% o %}</select>", "a template's source"),
    (
        r"<input name=x pattern='\d{3}-\d{4}' title='例: 1234567'>",
        "example that its own pattern refuses",
    ),
]


@pytest.mark.parametrize(("control", "why"), WARNINGS)
def test_an_optional_control_that_can_never_pass_is_a_warning(control: str, why: str) -> None:
    """It can be left out."""
    (found,) = said(form_of(f"<input name=a>\n{control}"))
    assert found.startswith("warning 4 ")
    assert why in found


@pytest.mark.parametrize(
    "controls",
    [
        "<input name=x required><textarea name=y required></textarea><input type=hidden name=z value=1>",
        "<input name=x type=email multiple required><input name=y type=number min=1 max=2 step=5 value=0 required>",
        "<select name=x><option value=''>-<option>b</select><select name=y multiple required><option>a</select>",
        "<select name=x></select><input name=x2 list=l><datalist id=l><option>a</datalist>",
        "<input type=checkbox name=x required><input type=checkbox name=y value=a required>",
        "<input type=checkbox name=y value=a required><input type=checkbox name=y value=b required>",
        "<input type=radio name=z required disabled><input type=radio name=z>",
        "<input name=x maxlength=3 value=abcdef><input name=y type=range min=9 max=3><input type=color name=z>",
        "<input type=hidden name=x value=0><input type=checkbox name=x value=1><input name=_next type=hidden value=/a>",
        "<input name=x required pattern='['><noscript><input name=y required></noscript>",
        "<input name=x[] required><input name=x[] required><button name=go value=1>Go</button>",
        "<input name=x value='{{ a }}'><input type=hidden name=token value='${t}'>",
        "<input name=x readonly required value=''>",
        "<input name=y type=password required pattern='(?=.*[a-z])(?=.*[A-Z])(?=.*\\d).{8,}'>",
    ],
)  # fmt: skip
def test_a_form_that_passes_is_passed_over(controls: str) -> None:
    """Whatever is in it."""
    assert said(form_of(controls)) == []


@pytest.mark.parametrize("charset", ["shift_jis", "euc-jp", "iso-2022-jp", "windows-1252", "big5"])
@pytest.mark.parametrize(
    "attributes", [f"method=post {FILES}", "method=post", "method=post enctype=text/plain"]
)
def test_answers_pass_in_any_encoding(charset: str, attributes: str) -> None:
    """Also those that the encoding lacks, and that browsers write as references."""
    options = "".join(
        f"<option>{text}"
        for text in ("～－￡", "①㈱髙", "😀", "ｱｲｳ", "é", "¥5,000", "&amp;#128512;x")
    )
    assert (
        said(form_of(f"<select name=選択 required>{options}</select>", attributes, charset)) == []
    )


def test_two_answers_that_arrive_as_one_are_named() -> None:
    """Shift_JIS has no yen sign beside its backslash."""
    (found,) = said(form_of("<select name=x><option>\\5<option>¥5</select>", charset="shift_jis"))
    assert 'warning 3 "x" loses "¥5": in shift_jis it arrives as another answer.' in found


def test_an_answer_that_nobody_receives_is_named() -> None:
    """One option is a warning; an optional choice that is left out too; where nothing is heard, no visitor can send."""
    options = "<option>a<option>sales<option>b<option>c<option>d<option>e<option>f</select>"
    rule = Managers(field="x", by_value={"sales": SALES})
    (found,) = said(form_of(f"<select name=x required><option value=''>-{options}", managers=rule))
    assert found.startswith(
        'warning 3 "x" is refused with "a", "b", "c", "d", "e" and 1 more: Nobody receives'
    )
    (found,) = said(form_of(f"<select name=x><option value=''>-{options}", managers=rule))
    assert "need not be filled in, and left as it is it is refused: Nobody receives" in found
    other = Managers(field="x", by_value={"none": SALES})
    (found,) = said(form_of(f"<select name=x required>{options}", managers=other))
    assert found.startswith('error 3 "x" is refused: Nobody receives')
    assert (
        said(form_of(f"<select name=x required>{options}", managers=replace(rule, fallback=SALES)))
        == []
    )


@pytest.mark.parametrize(
    ("control", "severity"),
    [
        ("<input name=x type=number required>", "error"),
        ("<input name=x type=date>", "warning"),
        ("<select name=x required><option>a<option>b</select>", "error"),
        ("<input name=x type=hidden value=nobody>", "error"),
    ],
)
def test_a_confirmation_that_can_go_nowhere_is_named(control: str, severity: str) -> None:
    """A field of a kind that never holds an address."""
    (found,) = said(form_of(control, confirmation=Confirmation(field="x")))
    assert found.startswith(f'{severity} 3 "x"')
    assert "Mail cannot reach this address" in found


def test_limits_below_what_the_page_sends_are_named() -> None:
    """The control that alone is too much; else the form."""
    long = f"<input type=hidden name=x value={'a' * 3000}>"
    (found,) = said(form_of(long, limits=Limits(field_bytes=2000)))
    assert (
        'error 3 "x" sends more than the door takes: A field may hold 2000 bytes at most.' in found
    )
    many = "".join(f"<input name=x{n}>" for n in range(9))
    (found,) = said(form_of(many, limits=Limits(fields=8)))
    assert "error 2 no visitor can send this form: A form may hold 8 fields at most." in found
    boxes = "".join(f"<input type=checkbox name=x value={n}>" for n in range(9))
    (found,) = said(form_of(boxes, limits=Limits(fields=8)))
    assert "warning 2 with everything filled in, the door refuses this form" in found
    files = "<input type=file name=x required><input type=file name=y required>"
    (found,) = said(form_of(files, f"method=post {FILES}", limits=Limits(files=1)))
    assert "Please send no more than 1 file." in found


def test_kinds_of_files_that_are_refused_are_named() -> None:
    """By their content and name; what no sample is known of is a note."""
    small = replace(form_of("<input type=file name=x accept='.pdf,.docx'>", f"method=post {FILES}"))
    few = replace(small, limits=Limits(file_bytes=100))
    (found,) = said(few)
    assert 'warning 3 "x" asks for ".docx", and the door refuses it' in found
    assert said(small) == []
    (found,) = said(form_of("<input type=file name=x accept=font/*>", f"method=post {FILES}"))
    assert found.startswith('note 3 "x" asks for "font/*"')


@pytest.mark.parametrize(
    ("controls", "attributes"),
    [
        ("<input name=x>", ""),
        ("<select name=x required></select>", "method=post"),
        ("<input name=x type=file required>", "method=post"),
    ],
)
def test_what_a_script_may_mend_is_a_warning(controls: str, attributes: str) -> None:
    """Options that it puts in, and how it sends the form; without one it is an error."""
    (plain,) = said(form_of(controls, attributes))
    (scripted,) = said(form_of(controls + SCRIPT, attributes))
    assert plain.startswith("error")
    assert scripted.startswith("warning")


def test_a_button_may_ask_for_no_validation() -> None:
    """Then some visitor can send the form."""
    page = form_of(
        "<select name=x required></select><button>Send</button><button name=d value=1 formnovalidate>"
    )
    found = said(replace(page, unchecked=(("d", "1"),)))
    assert found[0].startswith('warning 3 "x" can never be filled in')
    assert "formnovalidate" in found[0]


def test_of_a_pattern_for_addresses_nothing_is_claimed() -> None:
    """That no text was found that is an address as well proves nothing."""
    page = form_of(
        "<input name=x required pattern='(^[a-z0-9]+) @([a-z0-9])+'>",
        confirmation=Confirmation(field="x"),
    )
    (found,) = said(page)
    assert found.startswith('note 3 "x" was not tried')


def test_what_cannot_be_tried_is_a_note() -> None:
    """Of a pattern for which no text is known nothing is claimed."""
    (found,) = said(form_of("<input name=x required pattern='(?=RFD)(?=.*Z)[A-Z]{6}'>"))
    assert found.startswith('note 3 "x" was not tried')


def test_a_finding_says_where() -> None:
    """The page, or no file for a form without one."""
    field = Field(name="x", minlength=2, maxlength=1)
    (found,) = rehearse(replace(QUIET, fields=(field,)))
    assert (found.file, found.key) == ("a.html", "forms.a.page")
    (found,) = rehearse(replace(QUIET, page="", fields=(field,)))
    assert (found.file, found.key) == ("", "forms.a.fields")
    assert rehearse(replace(QUIET, fields=None)) == []


TEXTS = st.builds(
    lambda kind, least, more, required: Field(
        name="", kind=kind, minlength=least, maxlength=max(3, least) + more, required=required
    ),
    st.sampled_from(["text", "search", "tel", "textarea", "password", "email", "url"]).map(ControlKind),
    st.integers(0, 60), st.integers(0, 60), st.booleans(),
)  # fmt: skip
NUMBERS = st.builds(
    lambda kind, least, size, step, required: Field(
        name="", kind=kind, min=str(least), max=str(least + size), step=str(step), required=required
    ),
    st.sampled_from(["number", "range"]).map(ControlKind),
    st.integers(-99, 99), st.integers(0, 9), st.integers(1, 20), st.booleans(),
)  # fmt: skip
VALUES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=9)
CHOICES = st.builds(
    lambda kind, values, required: Field(
        name="", kind=kind, options=tuple((v, v) for v in values), required=required
    ),
    st.sampled_from(["select", "radio", "checkbox"]).map(ControlKind),
    st.lists(VALUES, min_size=1, max_size=4, unique=True), st.booleans(),
)  # fmt: skip
PATTERNS = st.builds(
    lambda pattern, required: Field(name="", pattern=pattern, required=required),
    st.sampled_from(
        [r"\d{3}-\d{4}", "[A-Z]{2,}", "[ァ-ヶー]+", "https?://.+", "(a|b)+c?", r"\S+@\S+"]
    ),
    st.booleans(),
)
OTHERS = st.sampled_from(["date", "month", "week", "time", "datetime-local", "color", "hidden"])
PLAIN = st.builds(lambda kind: Field(name="", kind=ControlKind(kind)), OTHERS)
ASKED = st.builds(
    lambda accept: Field(name="", kind=ControlKind.FILE, accept=accept, required=True),
    st.sampled_from([(), (".pdf",), ("image/*", ".docx"), ("text/csv",)]),
)
GOOD = st.lists(st.one_of(TEXTS, NUMBERS, CHOICES, PATTERNS, PLAIN, ASKED), min_size=1, max_size=8)
BAD = st.sampled_from(
    [
        Field(name="bad", kind=ControlKind.SELECT, required=True),
        Field(name="bad", minlength=4, maxlength=2, required=True),
        Field(name="bad", kind=ControlKind.NUMBER, min="4", max="2", required=True),
        Field(name="bad", kind=ControlKind.WEEK, min="2026-W09", max="2026-W05", required=True),
        Field(name="bad", kind=ControlKind.RADIO, required=True),
    ]
)  # fmt: skip


def named(fields: list[Field]) -> tuple[Field, ...]:
    return tuple(replace(field, name=f"項目{n}") for n, field in enumerate(fields))


@given(GOOD, st.sampled_from(["utf-8", "shift_jis", "iso-2022-jp", "gbk"]))
def test_a_form_that_can_be_filled_in_raises_no_alarm(fields: list[Field], charset: str) -> None:
    """In whatever encoding; two answers may become one in an old one, which is told."""
    found = rehearse(replace(QUIET, fields=named(fields), charset=charset, limits=Limits(files=9)))
    assert [f for f in found if "arrives as another answer" not in f.message] == []


@given(GOOD, BAD, st.integers(0, 8))
def test_a_control_that_nobody_can_fill_in_is_always_named(
    fields: list[Field], bad: Field, at: int
) -> None:
    """Beside whatever else."""
    controls = (*named(fields[:at]), bad, *named(fields[at:]))
    form = replace(
        QUIET,
        fields=tuple(dict.fromkeys(controls)),
        limits=Limits(files=9),
        submit=SubmitAttributes(),
    )
    found: list[Finding] = rehearse(form)
    assert [f.severity for f in found if f.message.startswith('"bad" ')] == ["error"]
