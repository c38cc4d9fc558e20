"""The subject of a notification: what stands in it, how it is cut, and that no visitor can do more with it."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.mail.linkers import links
from support.mail.mails import CONTACT, claim, settings
from support.variants import replace
from todoke.mail.compose import compose
from todoke.mail.mime import header_names, serialise
from todoke.mail.subject import ROOM, template_fault
from todoke.model.form import Field, Form
from todoke.model.submission import Entry, File

CANARY = "CANARY-7f3a"
FIELDS = (*(CONTACT.fields or ()), Field(name="cv", kind="file"), Field(name="n.a-1"))


def subject(template: str = "", language: str = "en", title: str = "Contact", **typed: str) -> str:
    """The subject for these answers."""
    form = replace(CONTACT, subject=template, title=title)
    entries = tuple(Entry(name, value) for name, value in typed.items())
    made = claim(entries=entries, language=language)
    return compose(made, settings(forms={"contact": form})).subject


def columns(text: str) -> int:
    """As a terminal counts: two for a wide letter, none for what joins or combines."""
    seen = [c for c in text if not unicodedata.combining(c) and c not in "\u200d\ufe0f"]
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in seen)


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        (
            {"name": "Aoi", "topic": "h", "message": "Hello"},
            "Contact: Aoi, Help, Hello (i9jabc)",
        ),
        ({"topic": "h", "message": "Hello"}, "Contact: Help, Hello (i9jabc)"),
        ({"message": " \n Hello\n\nyou "}, "Contact: Hello you (i9jabc)"),
        ({"name": "Aoi"}, "Contact: Aoi (i9jabc)"),
        ({}, "Contact (i9jabc)"),
        (
            {"message": "I would like to know when the garden is open at the weekend, please"},
            "Contact: I would like to know when the garden is open at the… (i9jabc)",
        ),
        (
            {"message": "夏休みの間の営業時間と、駐車場の有無を教えていただけますでしょうか。"},
            "Contact: 夏休みの間の営業時間と、駐車場の有無を教えていただ… (i9jabc)",
        ),
        ({"message": "e\u0301" * 80}, "Contact: " + "e\u0301" * 51 + "… (i9jabc)"),
        ({"name": "👩‍👩‍👧" * 80}, "Contact: " + "👩‍👩‍👧" * 8 + "… (i9jabc)"),
    ],
)
def test_ours_says_whose_and_what(typed: dict[str, str], shown: str) -> None:
    """Form, name, topic, and the first words; what there is none of leaves no trace. Whole words and letters alone."""
    assert subject(**typed) == shown


def test_a_numbered_one_says_which_it_is() -> None:
    """In the subject, the heading and the text; without a number nothing stands there."""
    for language, shown in (
        ("en", "Contact 42: Aoi (i9jabc)"),
        ("ja", "Contact 42：Aoi（i9jabc）"),
    ):
        made = claim(entries=(Entry("name", "Aoi"),), language=language)
        mail = compose(replace(made, ordinal=42), settings())
        assert mail.subject == shown
        assert ">Contact 42</h1>" in mail.html
        assert ("Number: 42" if language == "en" else "通し番号：42") in mail.text
        assert "42" not in compose(made, settings()).text


def test_ours_is_japanese_in_japanese() -> None:
    """With its own punctuation."""
    said = subject(language="ja", title="お問い合わせ", name="山田 葵", message="見本をください")
    assert said == "お問い合わせ：山田 葵、見本をください（i9jabc）"


@pytest.mark.parametrize(
    ("template", "shown"),
    [
        ("[Web] {name}: {topic}", "[Web] Aoi: Help"),
        ("[Web] {absent}: {topic}", "[Web]: Help"),
        ("{form}: {absent} – {topic} ({reference})", "Contact: Help (i9jabc)"),
        ("{form} ({absent}) {name}", "Contact Aoi"),
        ("{form} [{absent}]", "Contact"),
        ("{absent}, {name}", "Aoi"),
        ("{absent}{name}", "Aoi"),
        ("{absent}", "Contact"),
        ("New: {site} {email}", "New: Example Site aoi[@]example[.]net"),
        ("{name} from {absent}", "Aoi from"),
        ("Message from {absent}: {topic}", "Message from: Help"),
        ("plain", "plain"),
    ],
)
def test_a_sites_own_template(template: str, shown: str) -> None:
    """Separators and brackets go with the value that is empty; the site's words stay."""
    said = subject(template, name="Aoi", topic="h", email="aoi@example.net", absent="")
    assert said == shown


@pytest.mark.parametrize(
    ("template", "fields", "words"),
    [
        ("{form} {n.a-1}", FIELDS, ""),
        ("{anything}", None, ""),
        ("{nmae}", FIELDS, "the form has no such field"),
        ("{}", None, "the form has no such field"),
        ("{secret}", FIELDS, "a secret"),
        ("{password}", None, "a secret"),
        ("{cv}", FIELDS, "a file"),
        ("{name", FIELDS, "brace"),
        ("name}", FIELDS, "brace"),
        ("{{name}}", FIELDS, "brace"),
    ],
)
def test_a_template_is_checked(template: str, fields: tuple[Field, ...] | None, words: str) -> None:
    """Before any mail is written by it."""
    fault = template_fault(template, fields)
    assert (words in fault[0] and fault[1]) if words and fault else fault is None
    assert bool(words) == (fault is not None)


def test_a_secret_never_stands_in_it() -> None:
    """Even where a template that nobody checked names it."""
    for fields, name in ((CONTACT.fields, "secret"), (None, "password")):
        form = Form(name="contact", subject=f"{{form}} {{{name}}}", fields=fields)
        made = claim(entries=(Entry(name, CANARY),))
        assert compose(made, settings(forms={"contact": form})).subject == "contact"


VALUES = st.one_of(
    st.text(max_size=120),
    st.lists(
        st.sampled_from(
            (
                *("evil", ".", "com", "https://", "www", "@", "a@b.com", "//", "рф", ":", "/"),
                *("\u200b", "\u202e", "\r\nBcc: x@y.test", "=?utf-8?b?YQ==?=", "語", "👩‍👩‍👧", " "),
            )
        ),
        max_size=12,
    ).map("".join),
)
TEMPLATES = st.lists(
    st.sampled_from(
        (
            *("{name}", "{topic}", "{message}", "{email}", "{absent}"),
            *(" {form} ", " {site} ", " {reference} ", ".", ":", "/", "@", " ", "(", ")"),
        )
    ),
    max_size=6,
).map("".join)


@given(TEMPLATES, VALUES, VALUES, VALUES, st.sampled_from(["en", "ja"]))
def test_no_value_does_more_than_stand_in_it(
    template: str, name: str, message: str, email: str, language: str
) -> None:
    """One line, no further header field, no link, nothing that steers, and about as wide as a list of mails shows."""
    entries = (
        Entry("name", name),
        Entry("message", message),
        Entry("email", email),
        Entry("f", File(name=name, media_type=email, content=b"")),
    )
    plain = compose(claim(language=language), settings())
    form = replace(CONTACT, subject=template)
    mail = compose(claim(entries=entries, language=language), settings(forms={"contact": form}))
    heads = [header_names(serialise(m).partition(b"\r\n\r\n")[0] + b"\r\n") for m in (plain, mail)]
    assert heads[0] == heads[1]
    assert links(mail.subject) == []
    assert not any(unicodedata.category(c) in ("Cc", "Zl", "Zp", "Cs") for c in mail.subject)
    assert not set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b").intersection(
        mail.subject
    )
    assert len(mail.subject) <= 200
    if not template:
        assert columns(mail.subject) <= ROOM
