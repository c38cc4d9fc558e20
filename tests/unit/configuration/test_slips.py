"""What people write who do it for the first time: each slip is told with what to write."""

from __future__ import annotations

from pathlib import Path

import pytest

from todoke.configuration import check

SECRET = {"TODOKE_SECRET": "ab" * 32}
FILE = """\
[site]
name = "Garden"
url = "https://www.garden.jp"
door_url = "https://forms.garden.jp"
[mail]
service = "smtp"
from = "Garden <forms@garden.jp>"
[forms.contact]
page = "contact.html"
managers = ["office@garden.jp"]
"""
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Contact</title>
<form action="https://forms.garden.jp/f/contact" method="post" id="ask">
<label>Name <input name="name"></label>
<label>Address <input name="address"></label>
<label>Mail <input name="email" type="email" required></label>
<button>Send</button></form>"""


def told(folder: Path, file: str = FILE, page: str = PAGE) -> list[str]:
    """What check says, as `severity file:line key: message hint`."""
    (folder / "contact.html").write_text(page, "utf-8")
    path = folder / "todoke.toml"
    path.write_text(file, "utf-8")
    return [
        f"{f.severity} {Path(f.file).name}:{f.line} {f.key}: {f.message} {f.hint}".strip()
        for f in check(path, SECRET)
    ]


def test_without_a_slip_nothing_is_told(tmp_path: Path) -> None:
    """The file and the page that the others begin with are good."""
    assert told(tmp_path) == []


@pytest.mark.parametrize(
    ("right", "wrong", "fault"),
    [
        ('["office@garden.jp"]', '"office@garden.jp, boss@garden.jp"',
         'Write each in quotes of its own: "office@garden.jp", "boss@garden.jp".'),
        ('"https://forms.garden.jp"', '"forms.garden.jp"', 'Write `door_url = "https://forms.garden.jp"`.'),
        ('"https://forms.garden.jp"', '"https://forms.garden.jp/f"', "todoke.toml:4 site.door_url: ends in /f, and"),
        ('"https://forms.garden.jp"', '"https://forms.garden.jp/f/contact"',
         'Write `door_url = "https://forms.garden.jp"`, if that is where todoke answers.'),
        ('"https://www.garden.jp"', '"https://www.garden.jp/en/index.html"', 'Write `url = "https://www.garden.jp/en"`;'),
        ("[forms.contact]", "[forms]", "todoke.toml:8 forms: has page, managers itself, and they belong to a form"),
        ("[forms.contact]", "[forms.Contact]", "`title` is what people see. Write [forms.contact]."),
        ("[forms.contact]", '[forms."連絡"]', "Use a-z, 0-9, - and _; `title` is what people see."),
        ('"smtp"', '"SMTP"', "Did you mean 'smtp'?"),
        ("page =", "retention = 90\npage =", "forms.contact.retention: is 90. A span of time is written like"),
        ("page =", 'confirmation = "name"\npage =', 'Write `confirmation = {field = "name"}`, or'),
        ("page =", 'select = "ask"\npage =', 'Write `select = "#ask"`.'),
        ("page =", 'fields = [{name = "adress"}]\npage =', "has no such control. Did you mean 'address'?"),
        ("page =", 'fields = [{name = "token", required = true}]\npage =', "without it all are refused."),
        ('["office@garden.jp"]', '{field = "topic", by_value = {a = "a@b.jp"}}', "It has name, address, email."),
        ('["office@garden.jp"]', '{field = "email", directory = "people.xlsx"}',
         "error people.xlsx:0 forms.contact.managers.directory: is no text but an archive"),
        ("page =", 'fields = ["name"]\npage =', 'fields[1]: must be a table, not text. Write {name = "name"}.'),
        ("page =", 'fields.name = "name"\npage =', "Write [[forms.contact.fields]] above each."),
        ("page =", 'fields = [{name = "name", options = "a, b"}]\npage =', 'Write ["a", "b"] for several.'),
        ("[forms", 'concurrency = "8"\n[forms', "must be a whole number, not text. Write it without quotes."),
        ("[forms", 'templates = "contact.html"\n[forms', "a file, and the folder that it is in is meant."),
    ],
)  # fmt: skip
def test_a_slip_in_the_file_is_told_with_what_to_write(
    tmp_path: Path, right: str, wrong: str, fault: str
) -> None:
    """Once, and nothing beside it that only follows from it."""
    assert right in FILE
    (tmp_path / "people.xlsx").write_bytes(b"PK\x03\x04\x14\x00\x06\x00")
    (found,) = told(tmp_path, FILE.replace(right, wrong, 1))
    assert fault in found


@pytest.mark.parametrize(
    ("text", "language"),
    [('{"site": {}}', "JSON"), ("<html>", "HTML or XML"), ("site:\n  name: x\n", "YAML")],
)
def test_a_file_in_another_language_is_told_as_such(
    tmp_path: Path, text: str, language: str
) -> None:
    """With where an example stands."""
    (found,) = told(tmp_path, text)
    assert f"is {language}, and TOML is read. docs/configuration.md begins" in found


@pytest.mark.parametrize(
    ("right", "wrong", "fault"),
    [
        ("required", "reqired", "5 forms.contact.page: There is no attribute reqired, so it is no rule. Did you"),
        ('name="name"', 'name="name" max-length="9"', "Did you mean maxlength?"),
        ('type="email"', 'type="e-mail"', 'There is no type="e-mail": browsers take it for text. Did you mean'),
        ('name="name"', 'name="name" type="phone"', 'Did you mean type="tel"?'),
        ('name="name"', 'name="name" type="qqq"', 'There is no type="qqq": browsers take it for text.'),
        ('name="name"', 'id="name"', '3 forms.contact.page: "Name" has no name, so browsers do not send what'),
        ('name="name"', 'name="name" pattern="/[a-z]+/"', "stands between slashes, which would have to be typed, too"),
    ],
)  # fmt: skip
def test_a_slip_in_the_page_is_told_at_its_line(
    tmp_path: Path, right: str, wrong: str, fault: str
) -> None:
    """Browsers pass it over in silence, and so did the rule that was meant."""
    found = told(tmp_path, page=PAGE.replace(right, wrong, 1))
    assert any(fault in line and line.startswith("warning contact.html:") for line in found), found
    assert len([line for line in found if "contact.html" in line]) == 1


@pytest.mark.parametrize(
    "control",
    [
        '<input name=a data-require x-model="a" @input="b" :disabled="c" x-required=a inputmode=numeric>',
        '<input name=a autocapitalize=off autocorrect=off spellcheck=false list=l size=9 min=1 max=2 step=1 dirname=d>',
        '<input type="TEXT " name=a aria-required=true aria-placeholder=x alt=x formnovalidate onreset=x>',
        '<input id=all><label><input type=checkbox> All</label><button id=x type=button>Add</button>',
        '<select name=a data-placeholder=x></select><textarea name=b wrap=hard cols=9 rows=9></textarea>',
    ],
)  # fmt: skip
def test_attributes_of_libraries_and_controls_of_scripts_are_no_slips(
    tmp_path: Path, control: str
) -> None:
    """What HTML knows, what begins as scripts' attributes do, and what nobody is asked by a label."""
    assert told(tmp_path, page=PAGE.replace("<button>", f"{control}<button>")) == []


def test_an_answer_that_is_none_is_told_those_that_are(tmp_path: Path) -> None:
    """The nearest of the field's options."""
    select = "<select name=topic><option value=visit>Visit<option value=plants>Plants</select>"
    managers = '{field = "topic", by_value = {visits = "a@b.jp"}, fallback = "c@b.jp"}'
    file = FILE.replace('["office@garden.jp"]', managers)
    (found,) = told(tmp_path, file, PAGE.replace("<button>", f"{select}<button>"))
    assert found.endswith("is no answer that 'topic' can have. Did you mean 'visit'?")


def test_where_a_server_listens_is_no_address(tmp_path: Path) -> None:
    """Nothing leads from a browser there."""
    found = told(tmp_path, FILE.replace("https://forms.garden.jp", "http://0.0.0.0:8025"))
    assert found[0].startswith("warning todoke.toml:4 site.door_url: is where a server listens")


def test_a_missing_file_is_told_with_where_it_is_looked_for(tmp_path: Path) -> None:
    """A folder is none either."""
    for path in (tmp_path, tmp_path / "todoke.toml"):
        (found,) = check(path, SECRET)
        assert "say with --config where the file is" in found.hint
