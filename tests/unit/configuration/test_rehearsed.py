"""The forms of a file are rehearsed by `check`: those without an error of their own, whatever else is wrong."""

from __future__ import annotations

from pathlib import Path

from todoke.configuration import check
from todoke.model.form import Form
from todoke.toml.findings import ERROR, Finding
from todoke.web.door.rehearse import rehearse

FILE = """\
[site]
name = "Garden"
url = "https://www.garden.jp"
door_url = "https://www.garden.jp"
[mail]
service = "smtp"
from = "Garden <forms@garden.jp>"
[forms.good]
page = "good.html"
managers = ["office@garden.jp"]
confirmation = false
[forms.own]
managers = ["office@garden.jp"]
confirmation = false
[[forms.own.fields]]
name = "size"
type = "number"
required = true
min = 5
max = 3
[forms.bad]
managers = ["nobody"]
confirmation = false
"""
PAGE = """<!doctype html><meta charset=utf-8><title>Order</title>
<form method=post action=/f/good>
<select name=size required><option value="">Choose</select></form>"""


def found_in(folder: Path, environ: dict[str, str]) -> list[Finding]:
    (folder / "good.html").write_text(PAGE, "utf-8")
    (folder / "todoke.toml").write_text(FILE, "utf-8")
    return check(folder / "todoke.toml", environ, rehearse=rehearse)


def test_what_can_never_be_sent_is_found_with_its_file_and_line(tmp_path: Path) -> None:
    """The page's, or that of the fields in todoke.toml; also where the environment has a fault."""
    found = found_in(tmp_path, {"TODOKE_SECRET": "short"})
    at = [(Path(f.file).name, f.line, f.key) for f in found if "no visitor can send" in f.message]
    assert at == [("todoke.toml", 15, "forms.own.fields"), ("good.html", 3, "forms.good.page")]
    assert any("TODOKE_SECRET" in f.message for f in found)


def test_a_form_that_has_an_error_is_not_rehearsed_yet(tmp_path: Path) -> None:
    """What is made of it would mislead."""
    asked: list[str] = []

    def note(form: Form) -> list[Finding]:
        asked.append(form.name)
        return []

    found_in(tmp_path, {})
    found = check(tmp_path / "todoke.toml", {}, rehearse=note)
    assert asked == ["good", "own"]
    assert [f.severity for f in found if f.key.startswith("forms.bad")] == [ERROR]
