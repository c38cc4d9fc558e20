"""The accent and the logo of [site]: what they are, and which are refused with words."""

from __future__ import annotations

from pathlib import Path

import pytest

from todoke.configuration import check, read
from todoke.configuration.logo import MOST_BYTES
from todoke.model.form import ACCENT
from todoke.model.logo import SVG

SECRET = {"TODOKE_SECRET": "ab" * 32}
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\6\0\0\0\x1f\x15\xc4\x89"
DRAWING = (
    '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" '
    'xmlns:xlink="http://www.w3.org/1999/xlink">{}</svg>'
)


def written(folder: Path, line: str) -> Path:
    """A configuration that is good but for `line` of [site]."""
    path = folder / "todoke.toml"
    path.write_text(
        f"""\
[site]
name = "Example"
door_url = "https://forms.example.jp"
{line}

[mail]
service = "smtp"
from = "Example <forms@example.jp>"

[forms.contact]
managers = ["manager@example.jp"]
""",
        "utf-8",
    )
    return path


def told(path: Path, key: str) -> list[str]:
    """What `check` says of a key."""
    found = check(path, SECRET, notes=True)
    return [f"{f.severity} {f.line}: {f.message} {f.hint}" for f in found if f.key == key]


@pytest.mark.parametrize(
    ("line", "accent", "words"),
    [
        ('accent = "#0a6b4e"', "#0a6b4e", None),
        ("", ACCENT, None),
        ('accent = "#fc0"', "#ffcc00", "is too light for text on white, which is #"),
        ('accent = "gold"', None, "no colour"),
    ],
)
def test_an_accent(tmp_path: Path, line: str, accent: str | None, words: str | None) -> None:
    """A light one is taken, and the check says which colour its text has; what is no colour is refused."""
    path = written(tmp_path, line)
    said = told(path, "site.accent")
    assert (words is None) == (said == [])
    assert all((words or "") in one for one in said)
    if accent:
        assert read(path, SECRET).site.accent == accent


@pytest.mark.parametrize(
    ("name", "content", "media_type"),
    [
        ("logo.svg", DRAWING.format('<use xlink:href="#a"/>').encode(), SVG),
        ("logo.jpg", PNG, "image/png"),
        ("looks/logo", PNG, "image/png"),
    ],
)
def test_a_logo_is_what_its_content_says(
    tmp_path: Path, name: str, content: bytes, media_type: str
) -> None:
    """Whatever its name ends in."""
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_bytes(content)
    path = written(tmp_path, f'logo = "{name}"')
    assert told(path, "site.logo") == []
    logo = read(path, SECRET).site.logo
    assert logo
    assert (logo.media_type, logo.content) == (media_type, content)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"GIF89a" + bytes(MOST_BYTES), "larger than 32 kB"),
        (b"plain text", "no picture"),
        (b"<html><p>page", "no picture"),
        (b"%PDF-1.7", "no picture"),
        (b"", "no picture"),
        (DRAWING.format("<script>x</script>").encode(), "holds <script>"),
        (DRAWING.format('<g onclick="x"/>').encode(), "holds onclick"),
        (DRAWING.format("<foreignObject/>").encode(), "holds <foreignObject>"),
        (DRAWING.format('<image xlink:href="https://x.example/a"/>').encode(), "holds xlink:href"),
        (DRAWING.format('<a href="javascript:x"/>').encode(), "holds href"),
        (
            b'<!DOCTYPE svg [<!ENTITY a "b">]><svg xmlns="http://www.w3.org/2000/svg">&a;</svg>',
            "holds <!ENTITY>",
        ),
        (b'<svg xmlns="http://www.w3.org/2000/svg"><g></svg>', "no well-formed SVG"),
    ],
)
def test_what_is_no_logo_is_said(tmp_path: Path, content: bytes, words: str) -> None:
    """With what to do, at its line; nothing of it is served."""
    (tmp_path / "logo.svg").write_bytes(content)
    [said] = told(written(tmp_path, 'logo = "logo.svg"'), "site.logo")
    assert said.startswith("error 4:")
    assert words in said
    assert "PNG" in said


@pytest.mark.parametrize("name", ["nothing.svg", ".", "a\\u0000b"])
def test_a_logo_that_cannot_be_read(tmp_path: Path, name: str) -> None:
    """Is named, with where to put it."""
    [said] = told(written(tmp_path, f'logo = "{name}"'), "site.logo")
    assert "error" in said
