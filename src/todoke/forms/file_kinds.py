"""Whether a file control's `accept` takes a file, by its name and its content (WHATWG HTML 4.10.5.1.17).

A file is refused when its content contradicts what its name says or `accept` asks for, not when nobody here knows the
content: the extension is what the manager's computer opens a download by, so it has the word. What a browser declared
is ignored. What runs when it is opened (ACTIVE, PROGRAMS) is taken only where `accept` names it, never by a wildcard,
and never under the name of something else.
"""

from __future__ import annotations

import re

from todoke.forms.accept import is_wildcard, takes, takes_unheard_of, types_named, types_of
from todoke.forms.media_types import ACTIVE, ALSO, KNOWN, OLE, PROGRAM, PROGRAMS, TEXT, TEXTUAL, ZIP
from todoke.forms.sniff import sniff
from todoke.model.submission import File

# No extension has white space: "Report no. 5 of May" has none.
EXTENSION = re.compile(r"\.[^\s.]+$")
GENERIC = frozenset({TEXT, ZIP, OLE})


def is_accepted(file: File, accept: tuple[str, ...]) -> bool:
    """True when neither the extension nor the content of `file` is of another kind than `accept` lists.

    Of a file whose content nobody has seen yet, the extension alone is judged.
    """
    if not accept:
        return True
    name = file.name.strip().rstrip(". ").lower()
    found = EXTENSION.search(name)
    extension = found[0] if found else ""
    if not _takes_name(name, extension, accept):
        return False
    sample = file.content if file.source is None else file.source.sample
    if sample is None:
        return True
    kinds = sniff(sample)
    if types_of(extension) or _is_named(name, accept):
        return _takes_named(name, extension, kinds, accept) or _takes_disguised(kinds, accept)
    return _takes_unnamed(kinds, accept)


def _is_named(name: str, accept: tuple[str, ...]) -> bool:
    """True when `accept` has the very extension, were it ".tar.gz"."""
    return any(token.startswith(".") and name.endswith(token) for token in accept)


def _takes_name(name: str, extension: str, accept: tuple[str, ...]) -> bool:
    """False when the extension says that the file is something else than what is accepted."""
    if not extension or _is_named(name, accept):
        return True
    types = types_of(extension)
    if extension in PROGRAMS:
        return any(_takes_any(accept, kind, by_name=True) for kind in types)
    if any(_takes_any(accept, kind) for kind in types):
        return True
    if extension in KNOWN:
        return False
    if types:
        return any(takes_unheard_of(token) for token in accept)
    return any(not token.startswith(".") for token in accept)


def _takes_named(name: str, extension: str, kinds: frozenset[str], accept: tuple[str, ...]) -> bool:
    """A file whose extension says what it is: taken unless its content says otherwise."""
    meant = _meant(extension, kinds)
    if meant is None:
        return False
    if _is_named(name, accept) or any(_takes_any(accept, kind) for kind in meant):
        return True
    return extension not in KNOWN and any(takes_unheard_of(token) for token in accept)


def _meant(extension: str, kinds: frozenset[str]) -> frozenset[str] | None:
    """The types that a file of this extension and content may be of; None when the two contradict each other."""
    types = frozenset(types_of(extension))
    if extension not in KNOWN:
        is_harmless = PROGRAM not in kinds and kinds.isdisjoint(ACTIVE)
        return types if is_harmless or extension in PROGRAMS else None
    also = ALSO.get(extension, set())
    if not kinds.isdisjoint(also) or (not kinds and "" in also):
        return types
    agreed = types & kinds
    if TEXT in kinds:
        agreed |= {kind for kind in types if _is_textual(kind)}
    return agreed or None


def _takes_disguised(kinds: frozenset[str], accept: tuple[str, ...]) -> bool:
    """A file of one accepted kind under the extension of another, as a WebP image under .jpg: viewers go by content."""
    sure = kinds - ACTIVE - {TEXT, PROGRAM}
    return bool(kinds) and sure == kinds and all(_takes_any(accept, kind) for kind in kinds)


def _takes_unnamed(kinds: frozenset[str], accept: tuple[str, ...]) -> bool:
    """A file whose extension says nothing: its content must be of a kind that is asked for, or of no known kind."""
    if any(_takes_any(accept, kind) for kind in kinds):
        return True
    if TEXT in kinds and any(_is_textual(kind) for token in accept for kind in types_named(token)):
        return True
    is_sure = bool(kinds) and kinds.isdisjoint(GENERIC)
    return not is_sure and any(takes_unheard_of(token) for token in accept)


def _takes_any(accept: tuple[str, ...], kind: str, *, by_name: bool = False) -> bool:
    return any(takes(t, kind) for t in accept if not (by_name and is_wildcard(t)))


def _is_textual(kind: str) -> bool:
    return kind.startswith("text/") or kind in TEXTUAL or kind.endswith(("+xml", "+json"))
