"""What a visitor wrote, as the desk shows it: the message first, the other answers compact, the files, and who it was.

Pure. Which answers are secrets is told to it.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from todoke.model.form import ControlKind, Field, Form
from todoke.model.show import show_address, show_size
from todoke.model.submission import Entry, File, Submission

LEADS_FROM = 40
"""Characters from which an answer is a message where no field says that it is one."""
_BESIDE = re.compile(r"[\W_]+")
_TICKS = frozenset({"on", "yes", "true", "1", "checked", "agree", "ok"})
"""Values that boxes have because they need one."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """One answer with the form's field of it, a bare one where the form names none."""

    entry: Entry
    position: int
    field: Field
    is_secret: bool

    @property
    def text(self) -> str:
        """What was typed or chosen; "" for a file."""
        return self.entry.value if isinstance(self.entry.value, str) else ""


def shown_answers(
    submission: Submission,
    form: Form | None,
    secret: Collection[str] = (),
    *,
    name: str = "",
    telephone: str = "",
) -> dict[str, Any]:
    """{visitor: {name, address, bare, telephone}, message, answers, files}; the answers to `secret` fields say so.
    `name` and `telephone` are the visitor's, as far as the answers tell (forms/visitor.py).

    `message` is the longest text, None where there is none to speak of. What is said elsewhere is not among `answers`.
    """
    fields = {field.name: field for field in (form.fields if form else None) or ()}
    answers = [
        _Answer(
            entry, position, fields.get(entry.name) or Field(name=entry.name), entry.name in secret
        )
        for position, entry in enumerate(submission.entries)
    ]
    message = _message(answers, str(submission.visitor))
    known = {text for text in (name, str(submission.visitor), telephone) if text}
    return {
        "visitor": {
            "name": name,
            "address": show_address(submission.visitor),
            "bare": str(submission.visitor) if submission.visitor.is_readable else "",
            "telephone": telephone,
            "dial": dialled(telephone),
        },
        "message": _row(message) if message else None,
        "answers": [_row(a) for a in answers if a is not message and not _is_said(a, known)],
        "files": [_file(a, a.entry.value) for a in answers if isinstance(a.entry.value, File)],
    }


def dialled(telephone: str) -> str:
    """The number for a tel: link (RFC 3966): digits, and a plus at the beginning; "" where it is no number."""
    plain = "".join(str(int(c)) if c.isdecimal() else c for c in telephone.strip())
    digits = re.sub(r"\D", "", plain)
    if not 3 <= len(digits) <= 15 or re.search(
        r"[^\d\s()+.\-\u2010-\u2015\u2212\uff0d\uff08\uff09\uff0b\u30fc]", plain
    ):
        return ""
    return ("+" if plain.startswith(("+", "\uff0b")) else "") + digits


def option_words(field: Field, value: str) -> str:
    """What was chosen: the option's label, with the value beside it only where that says something else."""
    label = dict(field.options).get(value, "")
    if not label:
        return value
    plain = _plain(value)
    if not plain or plain in _plain(label) or plain in _TICKS:
        return label
    return f"{label} ({value})"


def _message(answers: list[_Answer], address: str) -> _Answer | None:
    texts = [a for a in answers if _may_lead(a) and a.text.strip() not in {"", address}]
    return max(
        texts, key=lambda a: (a.field.kind == ControlKind.TEXTAREA, len(a.text)), default=None
    )


def _may_lead(answer: _Answer) -> bool:
    field = answer.field
    if answer.is_secret or field.options or field.kind == ControlKind.HIDDEN:
        return False
    is_long = len(answer.text) >= LEADS_FROM or "\n" in answer.text.strip()
    return field.kind == ControlKind.TEXTAREA or is_long


def _row(answer: _Answer) -> dict[str, Any]:
    label = answer.field.label or answer.entry.name
    said = option_words(answer.field, answer.text)
    return {
        "name": answer.entry.name,
        "label": label,
        "value": said if said.strip() else "",
        "ticked": _is_tick(answer, label, said),
        "position": answer.position,
        "undecoded": answer.entry.raw is not None,
        "secret": answer.is_secret,
    }


def _is_tick(answer: _Answer, label: str, said: str) -> bool:
    """Whether the answer is the label once more: a box that was ticked."""
    if answer.field.kind != ControlKind.CHECKBOX:
        return False
    return _plain(said) == _plain(label) or (
        not answer.field.options and _plain(answer.text) in _TICKS
    )


def _is_said(answer: _Answer, known: Collection[str]) -> bool:
    """Whether it stands elsewhere on the page: a file, or what is `known` of the visitor."""
    is_known = answer.text.strip() in known and answer.entry.raw is None and not answer.is_secret
    return is_known or isinstance(answer.entry.value, File)


def _file(answer: _Answer, file: File) -> dict[str, Any]:
    return {
        "label": answer.field.label or answer.entry.name,
        "position": answer.position,
        "name": file.name,
        "media_type": file.media_type,
        "size": show_size(file.size),
        "undecoded": answer.entry.raw is not None,
    }


def _plain(text: str) -> str:
    return _BESIDE.sub("", text).casefold()
