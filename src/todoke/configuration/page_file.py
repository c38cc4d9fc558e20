"""What is wrong with the path of a form's page, and which file may be meant."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

_ADDRESS = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?//|[a-z0-9.-]+\.[a-z]{2,}/", re.IGNORECASE)
_ENDS = (".html", ".htm", ".xhtml")
_LOOKED_AT = 2_000
"""Files, at most, beside todoke.toml and below."""
_NEVER = frozenset({"node_modules", "data", "__pycache__"})


def path_fault(folder: Path, name: str) -> tuple[str, str] | None:
    """Why `name` is no file below `folder`, and what to write; None where it is one, or one that cannot be opened."""
    path = folder / name
    if path.is_file():
        return None
    hint = _hint(folder, name)
    if _ADDRESS.match(name):
        said = "is an address of the web, and a file beside todoke.toml is meant: todoke reads the fields from it."
        return said, f"{hint} The page's address is for `page_url`."
    if path.is_dir():
        return f"is {name!r}, a folder, and the file of one page is meant.", hint
    if "\\" in name:
        return f"is {name!r}, and there is no such file: folders are parted by /.", hint
    if any(letter in name for letter in "*?["):
        return f"is {name!r}, and the file of one page is meant, not several.", hint
    if name.startswith("/"):
        return (
            f"is {name!r}, which begins at the root of this machine's disk, not of the site.",
            hint,
        )
    try:
        path.open("rb").close()
    except OSError as error:
        return f"is {name!r}, which cannot be read: {error.strerror}.", hint
    return None


def _hint(folder: Path, name: str) -> str:
    """The line to write, with the nearest page that lies beside the file or below."""
    import difflib  # noqa: PLC0415 only a fault needs it

    pages = list(islice(_pages(folder), _LOOKED_AT))
    wanted = Path(re.split(r"[/\\]", name.partition("?")[0].rstrip("/\\"))[-1]).stem or "index"
    near = difflib.get_close_matches(wanted, [Path(page).stem for page in pages], n=1, cutoff=0.6)
    same = [page for page in pages if near and Path(page).stem == near[0]]
    inside = [page for page in pages if page.startswith(f"{name.strip('./')}/")]
    if found := same or inside or pages[:1]:
        return f'Write for instance `page = "{found[0]}"`.'
    return 'Copy the page as it is published beside todoke.toml, and write `page = "contact.html"`.'


def _pages(folder: Path) -> Iterator[str]:
    for where, folders, files in os.walk(folder):
        folders[:] = sorted(n for n in folders if not n.startswith(".") and n not in _NEVER)
        for file in sorted(files):
            if file.lower().endswith(_ENDS):
                yield (Path(where) / file).relative_to(folder).as_posix()
