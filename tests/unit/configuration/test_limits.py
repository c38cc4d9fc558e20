"""What one request may hold: by the file, else by what the form's own page may send."""

from __future__ import annotations

from pathlib import Path

import pytest

from todoke.configuration import check, read
from todoke.model.form import Limits

SECRET = {"TODOKE_SECRET": "ab" * 32}
SITE = """\
[site]
name = "Example"
url = "https://www.example.jp"
door_url = "https://forms.example.jp"
[mail]
service = "smtp"
from = "Example <forms@example.jp>"
[forms.contact]
managers = ["manager@example.jp"]
confirmation = false
page = "contact.html"
"""


def write(
    folder: Path, controls: str, limits: str = "", head: str = "<meta charset=utf-8>"
) -> Path:
    form = 'method=post enctype=multipart/form-data action="https://forms.example.jp/f/contact"'
    page = f"{head}<form {form}>{controls}"
    (folder / "contact.html").write_text(page, "utf-8")
    path = folder / "todoke.toml"
    path.write_text(f"{SITE}{limits}\n", "utf-8")
    return path


def limits_of(
    folder: Path, controls: str, limits: str = "", head: str = "<meta charset=utf-8>"
) -> Limits:
    path = write(folder, controls, limits, head)
    return read(path, SECRET).forms["contact"].limits


def test_a_page_of_many_controls_fits(tmp_path: Path) -> None:
    """Each control, box and option counts, and room is left for what scripts add; small pages have the usual room."""
    many = "".join(f"<input name=q{n}>" for n in range(220))
    assert limits_of(tmp_path, many).fields == 320
    rows = "<input name=q>" * 150 + "<input type=hidden name=q value=0>"
    assert limits_of(tmp_path, rows).fields == 251
    boxes = "".join(f"<input type=checkbox name=x value={n}>" for n in range(300))
    assert limits_of(tmp_path, boxes).fields == 400
    options = "<select multiple name=x>" + "".join(f"<option>{n}" for n in range(300))
    assert limits_of(tmp_path, options).fields == 400
    assert limits_of(tmp_path, "<select name=x>" + "<option>a" * 300).fields == 200


def test_a_page_of_many_files_fits(tmp_path: Path) -> None:
    """Each file control sends one; one that takes several as many as any form, or as todoke.toml says."""
    papers = "".join(f"<input type=file name=p{n} required>" for n in range(6))
    assert limits_of(tmp_path, papers).files == 6
    assert limits_of(tmp_path, "<input type=file name=a multiple>" + papers).files == 11
    assert limits_of(tmp_path, "<input type=file name=a>").files == 5


@pytest.mark.parametrize(
    ("head", "field_bytes", "body_bytes"),
    [
        ("<meta charset=utf-8>", 360_000, 1_080_000),
        ("<meta charset=shift_jis>", 960_000, 1_680_000),
    ],
)
def test_the_longest_text_fits(
    tmp_path: Path, head: str, field_bytes: int, body_bytes: int
) -> None:
    """As many characters as `maxlength` allows, whichever they are and however they are encoded."""
    limits = limits_of(tmp_path, "<textarea name=x maxlength=120000></textarea>", head=head)
    assert (limits.field_bytes, limits.body_bytes) == (
        field_bytes,
        max(1_048_576, body_bytes),
    )


def test_a_maxlength_beyond_all_reason_does_not_open_the_door(tmp_path: Path) -> None:
    """A body is held in memory, so a page alone may ask for 25 MB; what is beyond is told."""
    huge = "<textarea name=x maxlength=900000000></textarea>"
    limits = limits_of(tmp_path, huge)
    assert limits.field_bytes == limits.body_bytes == 25 * 1024 * 1024
    (finding,) = check(write(tmp_path, huge), SECRET)
    assert "the longest `maxlength` may need" in finding.message


@pytest.mark.parametrize(
    ("controls", "limits", "said"),
    [
        ("<input name=a><input name=b>", "limits = {fields = 1}", "may send 2"),
        ("<input type=file name=a required>", "limits = {files = 0}", "1 file fields are required"),
        ("<input name=a maxlength=9>", "limits = {field = '20B'}", "may need 27"),
    ],
)
def test_a_limit_below_what_the_page_sends_is_told(
    tmp_path: Path, controls: str, limits: str, said: str
) -> None:
    """The file has the word, and its owner learns what it refuses."""
    (finding,) = check(write(tmp_path, controls, limits), SECRET)
    assert (finding.severity, said in finding.message) == ("warning", True)
