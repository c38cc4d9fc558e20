"""The section of todoke.toml for a form that was written for another product, and the line of its page to change."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from todoke.cli.output import clean, clean_line, print_json, print_line, print_notice
from todoke.cli.page_source import read_source
from todoke.forms.page.charset import read_text
from todoke.model.charset import UTF_8
from todoke.model.language import LANGUAGES
from todoke.web.dialects.page import Foreign, Left, read_foreign

_DOOR = "https://forms.example.org"
_MANAGER = "you@example.org"


def import_form(page: str, *, door: str, local: bool, as_json: bool, config: Path) -> int:
    """Print a section for each form of the page; 1 when there is none, else 0. Raises PageUnread."""
    source = read_source(page, local=local)
    html, charset = read_text(source.raw, source.charset)
    door = (door or _own_door(config) or _DOOR).rstrip("/")
    count = 0
    for found in read_foreign(html, charset or UTF_8):
        count += isinstance(found, Foreign)
        if as_json:
            print_json(_as_json(found, source.where, door))
        elif isinstance(found, Left):
            _print_left(found, source.where)
        else:
            _print_foreign(found, source.where, door)
    if not count:
        print_notice(_NONE)
    return 0 if count else 1


_NONE = (
    "there is no form of another product here. One that a script makes or sends is not seen: "
    "set `dialect` and `keys` by hand (docs/from-other-products.md)."
)


def _own_door(config: Path) -> str:
    """The door of the configuration, as far as there is one; what is wrong with it `todoke check` tells."""
    if stated := os.environ.get("TODOKE_DOOR_URL", ""):
        return stated
    try:
        site: Any = tomllib.loads(config.read_text("utf-8")).get("site")
    except (OSError, ValueError):
        return ""
    own = site.get("door_url") if isinstance(site, dict) else ""
    return own if isinstance(own, str) else ""


def section_of(form: Foreign, where: str) -> str:
    """The section of todoke.toml."""
    is_file = "://" not in where
    language = form.language.partition("-")[0].lower()
    is_address = "@" in form.key
    keys = [form.key] if form.key and form.key != form.name else []
    rows: list[tuple[str, Any]] = [
        ("dialect", form.dialect.name),
        ("keys", keys),
        ("page" if is_file else "page_url", where),
        ("select", form.select if is_file else ""),
        ("language", language if language in LANGUAGES else ""),
        ("managers", [form.key if is_address else _MANAGER]),
        ("redirect", form.next),
        ("honeypot", list(form.honeypot)),
    ]
    lines = [f"{key} = {_toml(value)}" for key, value in rows if value]
    at = next(n for n, line in enumerate(lines) if line.startswith("managers"))
    lines[at] += "  # who receives it" + ("" if is_address else ": fill this in")
    return "\n".join([f"[forms.{form.name}]", *lines]) + "\n"


def notes_of(form: Foreign) -> Iterator[str]:
    """What is not obeyed, and what else to know."""
    for name, value, line in form.not_obeyed:
        yield f'line {line}: "{name}" is not obeyed{_shown(value)}.{_instead(name)}'
    if form.subject:
        yield (
            f"The subject{_shown(form.subject)} stands as the topic in the managers' mail; "
            "`subject` of the section says another."
        )
    if form.next:
        yield f"After the form browsers go to{_shown(form.next)}, if that is on the site."
    if form.lacks_key:
        name = form.dialect.keys[0]
        yield f'Add to the form: <input type="hidden" name="{name}" value="{form.key or form.name}">'


def _shown(value: str) -> str:
    return f" ({json.dumps(value[:80], ensure_ascii=False)})" if value else ""


def _instead(name: str) -> str:
    if "cc" in name or name in {"_to", "_emailTo"}:
        return " Add the address to `managers` if it shall receive."
    if name == "_autoresponse":
        return " The visitor gets a confirmation: see `confirmation`."
    return ""


def _change(form: Foreign, door: str) -> tuple[str, str]:
    before = f'action="{form.action}"' if form.action else "no action, or one in a script"
    return before, f'action="{door}{form.path}"'


def _print_foreign(form: Foreign, where: str, door: str) -> None:
    before, after = _change(form, door)
    print_line(clean_line(f"# {where}, line {form.line}: a form of {form.dialect.title}"))
    print_line(clean(section_of(form, where)))
    print_line(clean_line(f"# Change line {form.line} of the page: {before}"))
    print_line(clean_line(f"#                      becomes: {after}"))
    for note in notes_of(form):
        print_line(clean_line(f"# {note}"))
    print_line()


def _print_left(left: Left, where: str) -> None:
    print_line(clean_line(f"# {where}, line {left.line}: a form is left out. {left.why}"))
    print_line()


def _as_json(found: Foreign | Left, where: str, door: str) -> dict[str, Any]:
    if isinstance(found, Left):
        return {"page": where, "line": found.line, "left_out": found.why}
    before, after = _change(found, door)
    return {
        "page": where,
        "line": found.line,
        "form": found.name,
        "product": found.dialect.title,
        "dialect": found.dialect.name,
        "key": found.key,
        "toml": section_of(found, where),
        "before": before,
        "after": after,
        "not_obeyed": [
            {"name": name, "value": value, "line": line} for name, value, line in found.not_obeyed
        ],
        "notes": list(notes_of(found)),
    }


def _toml(value: str | list[str]) -> str:
    """A value as TOML writes it: its basic strings are those of JSON, but for DEL."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
