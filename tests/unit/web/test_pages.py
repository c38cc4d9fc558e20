"""The pages any room may show: the form with its errors, errors, static files; and the catalog behind them."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po

import todoke
from support.variants import replace
from support.web.stories import ANSWERS, CONTACT
from todoke.forms.page.page import read_page
from todoke.model.form import Field, Form
from todoke.model.language import LOCALE, translator
from todoke.model.submission import Entry, FieldError, FieldErrors, File
from todoke.web.pages import pages
from todoke.web.pages.controls import controls

SOURCE = Path(todoke.__file__).parent
ERRORS = (
    FieldError("email", "typeMismatch", "Enter a mail address."),
    FieldError("reply", "valueMissing", "Choose one."),
    FieldError("terms", "valueMissing", "Tick this box."),
    FieldError("", "too_many", "Too many files."),
    FieldError("source", "badInput", "Hidden and wrong."),
)


class Controls(HTMLParser):
    """Collects start tags, and the value that each text control would send."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.tags.append((tag, dict(attrs)))

    def named(self, name: str) -> list[dict[str, str | None]]:
        """The attributes of the controls of this name."""
        return [a | {"tag": tag} for tag, a in self.tags if a.get("name") == name]


def text_of(
    form: Form = CONTACT, entries: tuple[Entry, ...] = ANSWERS, errors: FieldErrors = ERRORS
) -> str:
    """The page as text."""
    return pages.answers_page(form, entries, errors, "en", 422).body.decode()


def test_every_field_is_a_control_with_its_label() -> None:
    """Each field of the form is there as its own kind of control, labelled, with its rules as attributes."""
    page = Controls(text_of())
    kinds = {
        f.name: {"textarea": "textarea", "select": "select"}.get(f.kind, f.kind)
        for f in CONTACT.fields or ()
    }
    for name, kind in kinds.items():
        found = page.named(name)
        assert found
        assert all(kind in {c["tag"], c.get("type")} for c in found)
    labelled = {a.get("for") for tag, a in page.tags if tag == "label"}
    ids = {a["id"] for tag, a in page.tags if tag in {"input", "select", "textarea"} and "id" in a}
    assert ids == labelled
    [email] = page.named("email")
    assert "required" in email
    assert email["autocomplete"] == "email"
    assert page.named("name")[0]["maxlength"] == "100"


def test_what_was_typed_is_kept() -> None:
    """Every text, choice and hidden value comes back as it was; files cannot, and the page says so."""
    entries = (
        *ANSWERS,
        Entry("reply", "phone"),
        Entry("likes", "cards"),
        Entry("source", "header"),
        Entry("_next", "/thanks"),
        Entry("_charset_", "shift_jis"),
    )
    text = text_of(entries=entries)
    page = Controls(text)
    assert page.named("name")[0]["value"] == "Hana Suzuki"
    assert [("checked" in c) for c in page.named("reply")] == [False, True]
    assert [("checked" in c) for c in page.named("likes")] == [False, True]
    assert page.named("source")[0]["value"] == "header"
    assert page.named("_next")[0]["value"] == "/thanks"
    assert not page.named("_charset_")
    assert '<option value="paper" selected>' in text
    assert ">\nDo you have kozo paper?\nIn large sheets, please.</textarea>" in text
    assert "Please choose them again" in text


def test_a_file_that_nobody_chose_is_not_asked_for_again() -> None:
    """A browser sends an empty file for a control where none was chosen: nothing is lost there."""
    none = File(name="", media_type="application/octet-stream", content=b"")
    entries = tuple(Entry(e.name, none) if isinstance(e.value, File) else e for e in ANSWERS)
    assert entries != ANSWERS
    assert "choose them again" not in text_of(entries=entries)


@pytest.mark.parametrize(
    "typed",
    ['"><script>alert(1)</script>', "\n\nfirst", "</textarea>", "a\u200eb", "&amp;", "{{ 7*7 }}"],
)
def test_what_was_typed_stays_text(typed: str) -> None:
    """Whatever was typed comes back as the same text: a parser of HTML reads it from the control unchanged."""

    class Values(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.input = self.area = ""
            self.inside = False

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            if dict(attrs).get("name") == "name":
                self.input = dict(attrs)["value"] or ""
            self.inside = tag == "textarea"

        def handle_data(self, data: str) -> None:
            if self.inside:
                self.area += data

        def handle_endtag(self, tag: str) -> None:
            self.inside = False

    seen = Values()
    seen.feed(text_of(entries=(Entry("name", typed), Entry("message", typed))))
    assert seen.input == typed
    assert (
        seen.area.removeprefix("\n") == typed
    )  # WHATWG HTML 13.2.6.4.7: the first line end is dropped


def test_errors_are_tied_to_their_controls() -> None:
    """The summary has the focus and links to each wrong control, which names its message; the rest is said as well."""
    text = text_of()
    page = Controls(text)
    ids = {a.get("id"): (tag, a) for tag, a in page.tags if a.get("id")}
    [summary] = [a for _, a in page.tags if a.get("role") == "alert"]
    assert "autofocus" in summary
    links = [a["href"].removeprefix("#") for tag, a in page.tags if tag == "a" and a.get("href")]
    assert [ids[i][1]["name"] for i in links] == ["email", "reply", "terms"]
    [email] = page.named("email")
    assert email["aria-invalid"] == "true"
    for id_ in (email["aria-describedby"] or "").split():
        assert id_ in ids
    for error in ERRORS:
        assert error.message in text
    assert page.named("name")[0].get("aria-invalid") is None


def test_hosted_form_is_empty() -> None:
    """Without entries and errors it is the form itself: preset values, nothing chosen, no summary."""
    answer = pages.answers_page(CONTACT, (), (), "en", 200)
    text = answer.body.decode()
    page = Controls(text)
    assert answer.status_code == 200
    assert 'role="alert"' not in text
    assert page.named("source")[0]["value"] == "footer"
    [form] = [a for tag, a in page.tags if tag == "form"]
    assert (form["action"], form["method"]) == ("/f/contact", "post")
    assert form["enctype"] == "multipart/form-data"


def test_form_without_fields_shows_what_was_sent() -> None:
    """A form that takes anything shows a control for each name that came; one that got nothing says where to go."""
    form = Form(name="any")
    entries = (
        Entry("a", "x"),
        Entry("b", "one\ntwo"),
        Entry("a", "y"),
        Entry("_next", "/"),
        Entry("f", File(name="n", media_type="", content=b"")),
    )
    page = Controls(text_of(form, entries, ()))
    assert [c["value"] for c in page.named("a")] == ["x", "y"]
    assert page.named("b")[0]["tag"] == "textarea"
    assert page.named("f")[0]["type"] == "file"
    assert page.named("_next")[0]["type"] == "hidden"
    assert "This form has no page here" in text_of(form, (), ())


def test_select_never_chooses_for_anyone() -> None:
    """A select whose options are all real gets an empty first one while nothing valid is chosen."""
    field = Field(name="s", kind="select", options=(("a", "A"), ("b", "B")))
    form = Form(name="f", fields=(field,))
    assert '<option value="">' in text_of(form, (), ())
    assert '<option value="">' in text_of(form, (Entry("s", "c"),), ())
    assert '<option value="">' not in text_of(form, (Entry("s", "b"),), ())


def test_legacy_charset_is_stated() -> None:
    """A form that is read as Shift_JIS is told that our page, in UTF-8, sends UTF-8."""
    form = Form(name="f", charset="shift_jis", fields=(Field(name="a"),))
    assert '<input type="hidden" name="_charset_">' in text_of(form, (), ())
    assert "_charset_" not in text_of(CONTACT, (), ())


def test_passwords_are_not_repeated() -> None:
    """A password is never written into a page."""
    form = Form(name="f", fields=(Field(name="p", kind="password"),))
    assert "hunter2" not in text_of(form, (Entry("p", "hunter2"),), ())


def test_a_form_may_end_at_its_redirect() -> None:
    """Browsers apply form-action to the redirect after the form too, so the form's own targets are allowed."""
    form = Form(name="f", redirect="https://shop.example/thanks", page_url="https://www.example/c")
    answer = pages.answers_page(form, (), (), "en", action="http://door.example/f/f")
    policy = answer.headers["content-security-policy"]
    expected = "form-action 'self' http://door.example https://shop.example https://www.example;"
    assert expected in policy


def test_fields_of_one_control() -> None:
    """A group links to its first option, a single box to itself."""
    found = {c.name: c for c in controls(CONTACT, (), ())}
    assert found["reply"].focus_id == found["reply"].options[0].id
    assert found["terms"].focus_id == found["terms"].options[0].id
    assert found["name"].focus_id == found["name"].id


def test_a_trap_is_seen_by_nobody() -> None:
    """It goes along as it came, filled in or not, and has no control that a person could fill in."""
    form = Form(name="f", fields=(Field(name="a"), Field(name="_gotcha", label="Leave this empty")))
    assert "Leave this empty" not in text_of(form, (), ())
    text = text_of(form, (Entry("a", "1"), Entry("_gotcha", "spam")), ())
    (trap,) = Controls(text).named("_gotcha")
    assert (trap["type"], trap["value"]) == ("hidden", "spam")


def test_added_rows_can_be_corrected() -> None:
    """What a script added beside a control of the page, with another number, has one after it; the rest goes along."""
    fields = (
        Field(name="guests[0][name]", label="Name", required=True),
        Field(name="guests[0][age]", label="Age", kind="number"),
        Field(name="guests[0][meal]", kind="select", options=(("a", "A"),)),
        Field(name="email", label="Mail"),
    )
    names = ("guests[0][name]", "guests[1][name]", "guests[1][age]", "guests[1][meal]", "utm_1")
    sent = tuple(Entry(name, f"value {n}") for n, name in enumerate(names))
    form = Form(name="f", fields=fields)
    shown = [(c.name, c.label, c.kind, c.value) for c in controls(form, sent, ())]
    assert shown[:2] == [
        ("guests[0][name]", "Name", "text", "value 0"),
        ("guests[0][age]", "Age", "number", ""),
    ]
    assert shown[3:5] == [
        ("guests[1][name]", "Name", "text", "value 1"),
        ("guests[1][age]", "Age", "text", "value 2"),
    ]
    assert [name for name, *_ in shown[5:]] == ["email"]
    page = Controls(text_of(form, sent, ()))
    assert [len(page.named(name)) for name in names] == [1] * len(names)
    assert page.named("guests[1][meal]")[0]["type"] == "hidden"
    assert page.named("utm_1")[0]["type"] == "hidden"


def test_an_error_page_speaks_as_the_form_does() -> None:
    """What was typed stands below the labels of the form, a choice in its words; what was left empty is left out."""
    fields = (
        Field(name="pref", kind="select", label="都道府県", options=(("13", "東京都"),)),
        Field(name="tel", label="電話番号"),
    )
    sent = (Entry("pref", "13"), Entry("tel", ""), Entry("other", "x"), Entry("_gotcha", "y"))
    text = pages.error_page(
        403,
        "No",
        "Not from here.",
        "ja",
        form=Form(name="f", language="ja", fields=fields),
        entries=sent,
    ).body.decode()
    assert '<dt>都道府県</dt><dd class="typed">東京都 (13)</dd>' in text
    assert "<dt>other</dt>" in text
    assert "電話番号" not in text


def test_error_page_keeps_what_was_typed() -> None:
    """An error page shows what was typed, and can post it again."""
    answer = pages.error_page(
        503,
        "Later",
        "Not now.",
        "en",
        entries=ANSWERS,
        action="/f/contact",
        headers={"retry-after": "5"},
    )
    text = answer.body.decode()
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    page = Controls(text)
    assert page.named("name")[0]["value"] == "Hana Suzuki"
    assert "In large sheets, please." in text
    assert "choose them again" in text
    plain = pages.error_page(404, "Nothing", "There is nothing.", "ja").body.decode()
    assert '<html lang="ja">' in plain
    assert "<form" not in plain


def test_words_of_another_language_say_so() -> None:
    """An English form in a Japanese frame: its title, labels, choices and hints are marked, and nothing else is."""
    form = replace(CONTACT, language="en")
    page = pages.answers_page(form, ANSWERS, ERRORS, "ja", 422).body.decode()
    for words in (
        form.shown,
        "Your name",
        "How shall we answer?",
        "By mail",
        "I agree to the terms",
    ):
        assert f'<span lang="en">{words}</span>' in page
    assert 'lang="en" selected>Our paper</option>' in page
    assert '<h2 id="summary">入力内容をご確認ください</h2>' in page
    assert 'lang="en"' not in pages.answers_page(form, ANSWERS, ERRORS, "en").body.decode()[40:]
    kept = pages.error_page(503, "T", "x", "ja", entries=ANSWERS, form=form).body.decode()
    assert '<dt><span lang="en">Your name</span></dt>' in kept


def texts_shown() -> set[str]:
    """Every text that code and templates mark for the catalog."""
    found: set[str] = set()
    for path in (
        *(SOURCE / "report").glob("*.py"),
        SOURCE / "web" / "disown.py",
        SOURCE / "web" / "receipt.py",
        SOURCE / "model" / "signal.py",
        SOURCE / "walk" / "notices" / "sentences.py",
        *(SOURCE / "web" / "desk").glob("*.py"),
        *(SOURCE / "services").glob("*/service.py"),
    ):
        found |= {
            m[1] for m in extract_from_file("python", path, keywords={"N_": None, "say": None})
        }
    for path in sorted((SOURCE / "web" / "pages" / "templates").glob("*.html")):
        options = {"trim_blocks": "true"}
        rows = extract_from_file(
            "jinja2.ext:babel_extract", path, keywords={"_": None}, options=options
        )
        found |= {m[1] for m in rows}
    return found


def test_japanese_is_complete() -> None:
    """Each text has its Japanese, compiled, with the same blanks to fill, and the catalog has nothing else."""
    with (LOCALE / "ja" / "LC_MESSAGES" / "pages.po").open("rb") as file:
        catalog = {m.id: m.string for m in read_po(file) if m.id}
    shown = texts_shown()
    assert shown == catalog.keys()
    say = translator("pages", "ja").gettext
    for text in shown:
        assert say(text) == catalog[text] != ""
        blanks = (set(re.findall(r"%\(\w+\)s", one)) for one in (text, catalog[text]))
        assert len(set(map(frozenset, blanks))) == 1, text


def test_templates_hold_nothing_inline() -> None:
    """No template has an inline script, style or handler, which the policy would refuse.

    But for the style of the accounts, a file that nobody serves: its own policy allows that alone.
    """
    for path in (SOURCE / "web" / "pages" / "templates").glob("*.html"):
        text = path.read_text("utf-8")
        if path.name == "accounts.html":
            text = text.replace("<style>\n{{ style }}\n</style>", "", 1)
        assert not re.search(
            r"<style|\sstyle=|\son\w+=|javascript:|<script(?![^>]*\ssrc=)", text
        ), path.name


def test_sample_site_names_everything_it_uses() -> None:
    """The sample site's pages link to files that are there, and post to its forms, in both languages."""
    site, home = SOURCE / "demo" / "site", SOURCE / "demo" / "home.html"
    actions = []
    for path in (*site.rglob("*.html"), home):
        page = Controls(path.read_text("utf-8"))
        for tag, attributes in page.tags:
            for name in ("href", "src"):
                if attributes.get(name) and tag != "use":
                    folder = site if path == home else path.parent
                    linked = (folder / str(attributes[name])).resolve()
                    assert linked.is_file() or linked == site / "index.html", (path, linked)
            if tag == "form":
                actions.append((path.name, attributes["action"]))
    assert sorted(actions) == [
        ("contact.html", "/f/contact"),
        ("contact.html", "/f/contact-ja"),
        ("home.html", "/demo/off/contact"),
        ("home.html", "/demo/on/contact"),
        ("home.html", "/demo/webhook"),
        ("leave.html", "/f/leave"),
        ("leave.html", "/f/leave-ja"),
    ]
    header, *people = (site / "people.csv").read_text("utf-8").splitlines()
    assert header == "email,manager"
    assert people


def test_sample_forms_state_their_rules() -> None:
    """The sample site's forms can be read as schemas, and every control in them has its label."""
    site = SOURCE / "demo" / "site"
    contact = read_page((site / "contact.html").read_text("utf-8"))
    assert {f.name: (f.kind, f.required) for f in contact.fields} == {
        "name": ("text", True),
        "email": ("email", True),
        "topic": ("select", True),
        "order": ("text", False),
        "message": ("textarea", True),
    }
    for name in ("contact.html", "leave.html"):
        english, japanese = (
            read_page((site / folder / name).read_text("utf-8")) for folder in (".", "ja")
        )
        assert [(f.name, f.kind, f.required, f.pattern) for f in japanese.fields] == [
            (f.name, f.kind, f.required, f.pattern) for f in english.fields
        ]
        assert japanese.language == "ja"
    leave = read_page((site / "leave.html").read_text("utf-8"))
    assert [f.name for f in leave.fields] == ["email", "from", "to", "kind", "days", "reason"]
    assert all(f.label and f.label != f.name for f in (*contact.fields, *leave.fields))
