"""The subject of a notification, by a template with placeholders: `{form}: {name}, {message}`. Pure.

Placeholders without a value go with the separators before them, and long values are cut so that a list of mails shows
the whole: a subject is about 70 columns wide, of which a letter of Chinese or Japanese takes two. What strangers wrote
is inert here as everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from unicodedata import combining, east_asian_width

from todoke.forms.secret import is_secret, looks_secret, secret_names
from todoke.mail.inert import clean_line, inert, inert_line
from todoke.mail.views import VisitorView
from todoke.model.form import ControlKind, Field, Form
from todoke.model.submission import EntryList, texts

ROOM = 70
"""Columns of a subject, which most programs show whole."""
_LEAST = 8  # columns of a value that must give way to others
_FORM_ROOM = 36  # columns of the form's title
_NAME_ROOM = 24  # columns of a value that others follow
_PLACE = re.compile(r"\{([^{}]*)\}")
_SEPARATORS = ",;:、，；：・|/–—- \u3000"
_OPENERS, _CLOSERS = "([{（［｛「『【〈《", ")]}）］｝」』】〉》"
OURS = ("form", "site", "number", "name", "topic", "message", "reference")
"""The placeholders that every form has. Any other is a field's name."""


@dataclass(frozen=True, slots=True)
class _Value:
    """What takes a placeholder's place. `strange`: a stranger wrote it, and it gives way where room is short."""

    text: str
    strange: bool = True


def subject_line(
    template: str, form: Form, entries: EntryList, visitor: VisitorView, own: Mapping[str, str]
) -> str:
    """Fill in `template`; one line, without what could steer or be clicked.

    `own` are the site's own words by their placeholders, `visitor` is read of `entries`.
    """
    own = {"form": _cut(form.shown, _FORM_ROOM), **own}
    strange = {"name": visitor.name, "topic": visitor.topic, "message": visitor.message[:120]}
    hidden = secret_names(form, entries)
    pieces: list[str | _Value] = []
    for literal, name in _parsed(template):
        pieces.append(literal)
        if name in own:
            pieces.append(_Value(own[name], strange=False))
        elif name in strange:
            pieces.append(_Value(strange[name]))
        elif name and name not in hidden:
            pieces.append(_Value(inert_line(_in_words(form, entries, name), 120)))
        elif name:
            pieces.append(_Value(""))
    line = _fitted(_without_gaps(pieces))
    return clean_line(line, 200).strip(_SEPARATORS) or own["form"]


def template_fault(template: str, fields: tuple[Field, ...] | None) -> tuple[str, str] | None:
    """What is wrong with a template for a form of these fields, in words with a hint; None if nothing is."""
    rest = _PLACE.sub("", template)
    if "{" in rest or "}" in rest:
        return "has a brace that belongs to no placeholder.", "Write placeholders as {name}."
    known = {field.name: field for field in fields or ()}
    listed = ", ".join((*OURS, *(n for n, f in known.items() if _may_show(f) and n not in OURS)))
    for name in _PLACE.findall(template):
        field = known.get(name)
        if name in OURS:
            continue
        if (field and is_secret(field)) or (field is None and looks_secret(name)):
            return f"holds {{{name}}}, which is a secret and in no mail.", f"There are {listed}."
        if field and not _may_show(field):
            return f"holds {{{name}}}, which is a file.", f"There are {listed}."
        if not name or (fields is not None and field is None):
            return f"holds {{{name}}}, and the form has no such field.", f"There are {listed}."
    return None


def _may_show(field: Field) -> bool:
    return field.kind != ControlKind.FILE and not is_secret(field)


def _parsed(template: str) -> Iterator[tuple[str, str]]:
    """Each literal with the placeholder after it, "" after the last."""
    parts = _PLACE.split(template)
    yield from zip(parts[::2], [*parts[1::2], ""], strict=True)


def _in_words(form: Form, entries: EntryList, name: str) -> str:
    labels = dict(field.options) if (field := form.field(name)) else {}
    return ", ".join(labels.get(text) or text for text in texts(entries, name) if text.strip())


def _without_gaps(pieces: list[str | _Value]) -> list[str | _Value]:
    """The same without empty values, and without the separators and brackets that were there for them."""
    kept: list[str | _Value] = []
    for at, piece in enumerate(pieces):
        if isinstance(piece, _Value):
            if piece.text:
                kept.append(piece)
        elif kept and isinstance(kept[-1], str):
            kept[-1] = _merged(kept[-1], piece, first=len(kept) == 1, last=at == len(pieces) - 1)
        else:
            kept.append(piece)
    return kept


def _merged(before: str, after: str, *, first: bool, last: bool) -> str:
    """One literal of the two around a value that is empty."""
    opened, closed = before.rstrip(), after.lstrip()
    if opened[-1:] and closed[:1] and _OPENERS.find(opened[-1]) == _CLOSERS.find(closed[0]) >= 0:
        before, after = opened[:-1].rstrip(_SEPARATORS), closed[1:]
    if before.strip(_SEPARATORS):
        return before.rstrip() + after
    if first:
        return before + after.lstrip(_SEPARATORS)
    if last or after.strip(_SEPARATORS):
        return after
    return before if before.strip() else after


def _fitted(pieces: list[str | _Value]) -> str:
    """All in one that has room, or in which strangers' values are as short as they may be."""
    room = ROOM
    while True:
        line = _joined(_shortened(pieces, room))
        over = _columns(line) - ROOM  # more may be broken by what stands beside it than alone
        if over <= 0 or room <= 0:
            return line
        room -= over


def _shortened(pieces: list[str | _Value], room: int) -> list[str | _Value]:
    """The same with strangers' values cut to `room` columns in all: what one leaves, the next may take."""
    room -= sum(_columns(p if isinstance(p, str) else p.text) for p in pieces if _is_own(p))
    waiting = sum(not _is_own(piece) for piece in pieces)
    shortened: list[str | _Value] = []
    for piece in pieces:
        if isinstance(piece, str) or not piece.strange:
            shortened.append(piece)
            continue
        share = room if waiting == 1 else max(room // waiting, min(room * 2 // 3, _NAME_ROOM))
        text = _cut(piece.text, max(share, _LEAST))
        shortened.append(_Value(text))
        room -= _columns(text)
        waiting -= 1
    return shortened


def _is_own(piece: str | _Value) -> bool:
    return isinstance(piece, str) or not piece.strange


def _joined(pieces: list[str | _Value]) -> str:
    """All in one, where no stranger's word can be made a link by what the template writes beside it."""
    made: list[str] = []
    run, is_strange = "", False
    for piece in pieces:
        parts = re.split(r"(\s+)", piece) if isinstance(piece, str) else [piece.text]
        for part in parts:
            if isinstance(piece, str) and part.isspace():
                made += [inert(run) if is_strange else run, part]
                run, is_strange = "", False
            else:
                run += part
                is_strange = is_strange or not _is_own(piece)
    return "".join([*made, inert(run) if is_strange else run])


def _cut(text: str, room: int) -> str:
    """`text`, or its beginning with an ellipsis in so many columns: whole words where there are any, whole letters."""
    if _columns(text) <= room:
        return text
    import regex  # noqa: PLC0415 - 18 ms, of the first subject that is too long

    kept, left = "", room - 1
    for cluster in regex.findall(r"\X", text):
        left -= _columns(cluster)
        if left < 0:
            break
        kept += cluster
    after = text[len(kept) :]
    is_inside = kept[-1:].isalnum() and after[:1].isalnum() and kept[-1:].isascii()
    words, space, _ = kept.rpartition(" ")
    if is_inside and space and _columns(words) * 2 >= room:
        kept = words
    return kept.rstrip(_SEPARATORS + _OPENERS) + "…"


def _columns(text: str) -> int:
    """How wide a text is where a letter of Chinese, Japanese or Korean takes two columns (Unicode UAX 11)."""
    if text.isascii():
        return len(text)
    return sum(
        0 if combining(c) or c in "\u200d\ufe0f" else 2 if east_asian_width(c) in "WF" else 1
        for c in text
    )
