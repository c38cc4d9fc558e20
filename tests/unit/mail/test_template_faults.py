"""The site owner's templates: where a fault is, and what no mail is made of."""

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
templates = "mails"
[forms.contact]
managers = ["office@garden.jp"]
[forms.order]
managers = ["office@garden.jp"]
"""


def told(folder: Path, templates: dict[str, str | bytes]) -> list[str]:
    """What check says of these templates, as `severity file:line message hint`."""
    for name, text in templates.items():
        path = folder / "mails" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
    path = folder / "todoke.toml"
    path.write_text(FILE)
    found = check(path, SECRET)
    assert all(f.key == "mail.templates" for f in found)
    mails = folder / "mails"
    return [
        f"{f.severity} {Path(f.file).relative_to(mails)}:{f.line} {f.message} {f.hint}".strip()
        for f in found
    ]


UNDEFINED = "'nmae' is undefined. docs/mail.md lists what there is."


@pytest.mark.parametrize(
    ("templates", "fault"),
    [
        ({"confirmation.txt": "{{ nmae }}"}, f"error confirmation.txt:1 {UNDEFINED}"),
        ({"alert.txt": "a\n\n{{ aletr.why }}"}, "error alert.txt:3 'aletr' is undefined. Did you mean 'alert'?"),
        ({"alert.html": "<p>\n{% if language %}\n{{ nmae }}{% endif %}"}, f"error alert.html:3 {UNDEFINED}"),
        ({"alert.txt": "a\n{{ form.titel }}"}, "error alert.txt:2 form has no 'titel': it has name, title, page_url"),
        ({"alert.txt": "a\n{% if %}"}, "error alert.txt:2 Expected an expression, got 'end of statement block'."),
        ({"alert.txt": "a\n{% if x %}\n"}, "error alert.txt:2 Unexpected end of template."),
        ({"alert.txt": "a\n{{ 1/0 }}"}, "error alert.txt:2 ZeroDivisionError."),
        ({"alert.txt": "\n{% include 'no.txt' %}"}, "error alert.txt:2 there is no template 'no.txt' in the folder."),
        ({"alert.txt": "\n{% include ['no.txt', 'none.txt'] %}"}, "error alert.txt:2 there is none of the templates"),
        ({"alert.txt": "a{% include 'foot.txt' %}", "foot.txt": "\n{{ nmae }}"}, f"error foot.txt:2 {UNDEFINED}"),
        ({"alert.txt": "a{% include 'foot.txt' %}", "foot.txt": "\n{% if %}"}, "error foot.txt:2 Expected an"),
        ({"alert.txt": "{% extends 'base.txt' %}\n{% block a %}\n{{ nmae }}{% endblock %}",
          "base.txt": "{% block a %}{% endblock %}"}, f"error alert.txt:3 {UNDEFINED}"),
        ({"alert.txt": "{% extends 'base.txt' %}", "base.txt": "\n{{ nmae }}"}, f"error base.txt:2 {UNDEFINED}"),
        ({"alert.txt": "{% block subject %}\n{{ nmae }}{% endblock %}"}, f"error alert.txt:2 {UNDEFINED}"),
        ({"alert.txt": "{% import 'm.txt' as m %}\n{{ m.a() }}", "m.txt": "{% macro a() %}\n{{ nmae }}{% endmacro %}"},
         f"error m.txt:2 {UNDEFINED}"),
        ({"contact/alert.txt": "\n{{ nmae }}"}, f"error contact/alert.txt:2 {UNDEFINED}"),
        ({"alert.txt": '{% extends "todoke/alert.txt" %}\n{% block subject %}{{ nmae }}{% endblock %}'},
         f"error alert.txt:2 {UNDEFINED}"),
        ({"alert.txt": "Grüße".encode("cp1252")}, "error alert.txt:0 is not UTF-8: line 1 has bytes"),
        ({"alert.txt": "Hello".encode("utf-16")}, "error alert.txt:0 is saved as UTF-16"),
        ({"alert.txt": "{% include 'x.tpl' %}", "x.tpl": b"\xff"}, "error alert.txt:1 UnicodeDecodeError."),
    ],
)  # fmt: skip
def test_a_fault_is_told_at_its_own_line(
    tmp_path: Path, templates: dict[str, str | bytes], fault: str
) -> None:
    """Of the file that has it, also where another includes, extends or calls it; once."""
    (found,) = told(tmp_path, templates)
    assert found.startswith(fault)


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("confirmaton.txt", "of a template of this name, confirmaton.txt. Did you mean confirmation.txt?"),
        ("Confirmation.txt", "Did you mean confirmation.txt?"),
        ("notification.html.j2", "Did you mean notification.html?"),
        ("alert.jinja", "Did you mean alert.txt?"),
        ("alert.htm", "Did you mean alert.html?"),
        ("alerts.txt", "Did you mean alert.txt?"),
        ("contact/notifcation.html", "no mail is made of a template of this name, notifcation.html. Did you mean no"),
        ("receipt.txt", "Read are confirmation.txt, confirmation.html, notification.txt"),
        ("contcat/alert.txt", "'contcat' is the name of no form, so no mail is made of what is in this folder. Did"),
        ("Order/alert.txt", "Did you mean order?"),
        ("parts/foot.txt", "The forms are contact, order."),
    ],
)  # fmt: skip
def test_a_file_that_no_mail_is_made_of_is_told_with_the_nearest_name(
    tmp_path: Path, name: str, fault: str
) -> None:
    """It would be ours that goes out, without a word."""
    (found,) = told(tmp_path, {name: "Hello"})
    place = name if name.startswith("contact/") or "/" not in name else name.partition("/")[0]
    assert found.startswith(f"warning {place}:0 ")
    assert fault in found


def test_what_is_read_or_is_no_template_is_let_be(tmp_path: Path) -> None:
    """What templates include, extend or import, wherever it lies, and what lies beside."""
    templates: dict[str, str | bytes] = {
        "confirmation.txt": "{% extends 'parts/base.txt' %}{% import 'macros.html' as m %}",
        "parts/base.txt": "\ufeffHello{% include 'parts/foot.txt' %}",
        "parts/foot.txt": "Bye",
        "parts/unused.txt": "",
        "macros.html": "",
        "contact/notification.html": "<p>Hello</p>",
        "README.md": "{{ how }}",
        "readme.txt": "",
        "logo.png": b"\x89PNG",
        ".git/alert.txt": "",
        "alert.txt~": "",
    }
    assert told(tmp_path, templates) == []


def test_a_template_that_makes_up_names_may_mean_any(tmp_path: Path) -> None:
    """Then nothing is said of files that seem to be unused."""
    assert told(tmp_path, {"alert.txt": "{% include language ~ '.txt' %}", "en.txt": "Hello"}) == []


def test_a_form_s_html_hides_the_text_for_all_forms(tmp_path: Path) -> None:
    """Two parts of one mail that say different things, since a form's own files go before those for all."""
    (found,) = told(tmp_path, {"confirmation.txt": "Hello", "contact/confirmation.html": "<p>Hi"})
    assert found.startswith("warning contact/confirmation.html:0 it has no text beside it")
    assert found.endswith("Write contact/confirmation.txt, too.")
