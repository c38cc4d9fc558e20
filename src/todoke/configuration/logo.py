"""`logo` of [site]: a picture beside todoke.toml. What it is, its content says, not its name."""

from __future__ import annotations

from pathlib import Path
from xml.parsers import expat

from todoke.forms.sniff import sniff
from todoke.model.logo import SVG, Logo
from todoke.toml.table import Table

MOST_BYTES = 32_768
"""A page of ours is 60 kB at most, with all that it loads; a logo in SVG has 2 to 10."""
_KINDS = (SVG, "image/png", "image/webp", "image/jpeg", "image/gif", "image/avif")
_ALIVE = frozenset({"script", "foreignobject", "iframe", "embed", "object"})
_SMALLER = "Save it as SVG, or 80 pixels high as PNG or WebP."
_PLAIN = "Export the drawing as plain SVG (Inkscape has it), or as PNG."


def read_logo(table: Table, folder: Path) -> Logo | None:
    """The logo, relative to the file's own folder; None where there is none, or a fault, which is noted."""
    name = table.text("logo")
    if not name:
        return None
    try:
        with (folder / name).open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is no path"
        hint = 'Put the picture beside todoke.toml, and write `logo = "logo.svg"`.'
        table.error("logo", f"is {name!r}, which cannot be read: {why}.", hint)
        return None
    kind = next((kind for kind in _KINDS if kind in sniff(content)), "")
    if fault := _fault(content, kind):
        table.error("logo", f"is {name!r}, {fault[0]}", fault[1])
        return None
    return Logo(kind, content)


def _fault(content: bytes, kind: str) -> tuple[str, str] | None:
    if len(content) > MOST_BYTES:
        return f"and larger than {MOST_BYTES // 1024} kB, which every page would load.", _SMALLER
    if not kind:
        return "which is no picture that browsers show (SVG, PNG, WebP, JPEG, GIF, AVIF).", _SMALLER
    return _svg_fault(content) if kind == SVG else None


def _svg_fault(content: bytes) -> tuple[str, str] | None:
    """Why a drawing is not taken.

    Browsers run nothing in an <img>, and load nothing; whoever opens its address alone is under a policy that forbids
    both. So this is the second lock, and it says why a drawing that counts on either would look wrong.
    """
    found: list[str] = []

    def look(name: str, attributes: dict[str, str]) -> None:
        if name.rpartition(":")[2].lower() in _ALIVE:
            found.append(f"<{name}>")
        found.extend(key for key in attributes if key.lower().startswith("on"))
        for key, value in attributes.items():
            if key.rpartition(":")[2] == "href" and not value.startswith(("#", "data:image/")):
                found.append(f'{key}="{value[:40]}"')

    def refuse_entity(*_: object) -> None:
        found.append("<!ENTITY>")

    parser = expat.ParserCreate()
    parser.StartElementHandler = look
    parser.EntityDeclHandler = refuse_entity
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        return f"which is no well-formed SVG: {error}.", _PLAIN
    return (
        (f"which holds {found[0]}, and a picture runs and loads nothing.", _PLAIN)
        if found
        else None
    )
