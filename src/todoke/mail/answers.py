"""What templates see of a submission's answers and files: inert, in the language of the mail, and never too much.

A mail's HTML stays below the 102 kB at which Gmail cuts it: short answers are whole, and long ones share what is left.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from markupsafe import escape

from todoke.forms.secret import secret_names
from todoke.forms.visitor import Said
from todoke.mail.inert import Inert, inert, inert_address, inert_line
from todoke.mail.views import AnswerView, FileView
from todoke.model.form import ControlKind, Field, Form
from todoke.model.language import N_, translator
from todoke.model.show import show_size
from todoke.model.submission import Entry, EntryList, Submission, files

ANSWER_LIMIT = 20_000
"""Characters of one field's answer."""
ANSWERS_LIMIT = 72_000
"""Octets of all answers in HTML."""
FIELDS_LIMIT = 200
FILES_LIMIT = 100
_ROW = 160  # octets of HTML around an answer
_LONG = 60  # characters of what is more than a name or a number
_SHORTENED = N_("shortened; the whole answer is at the desk")


@dataclass(frozen=True, slots=True)
class Answers:
    """All of them as they came, `more` fields that had no room, and which of them is the message (None: none is)."""

    views: tuple[AnswerView, ...] = ()
    more: int = 0
    lead: AnswerView | None = None

    @property
    def rest(self) -> tuple[AnswerView, ...]:
        """All but the message."""
        return tuple(view for view in self.views if view is not self.lead)


def read_answers(submission: Submission, form: Form, said: Said, language: str) -> Answers:
    """The answers in the order they came, those of one name together. `said` is read of them."""
    fields = {field.name: field for field in form.fields or ()}
    secret = secret_names(form, submission.entries)
    grouped: dict[str, list[Entry]] = {}
    for entry in submission.entries:
        if isinstance(entry.value, str):
            grouped.setdefault(entry.name, []).append(entry)
    shown = list(grouped.items())[:FIELDS_LIMIT]
    whole = [
        _answer(name, () if name in secret else group, fields.get(name), form, language)
        for name, group in shown
    ]
    address = inert(submission.visitor)
    whole = [
        dataclasses.replace(view, text=inert_address(submission.visitor))
        if view.text == address
        else view
        for view in whole
    ]
    share = _share([_octets(view.text) for view in whole], ANSWERS_LIMIT - _frames(whole))
    views = tuple(_shortened(view, share, language) for view in whole)
    lead = _lead_name(submission.entries, form, said.message)
    leads = (view for view, (name, _) in zip(views, shown, strict=True) if name == lead)
    return Answers(views, len(grouped) - len(views), next(leads, None))


def read_files(
    entries: EntryList, attached: Collection[int], language: str
) -> tuple[tuple[FileView, ...], int]:
    """The files, and how many more there are. `attached` are the positions of those that the mail carries."""
    say = translator("mail", language).gettext
    found = list(files(entries))
    views = []
    for position, _entry, file in found[:FILES_LIMIT]:
        media_type = inert_line(file.media_type, 80) or say("unknown type")
        name = inert_line(file.name, 120) or Inert(say("without a name"))
        facts = Inert(f"{media_type}, {show_size(file.size)}")
        views.append(FileView(name=name, facts=facts, attached=position in attached))
    return tuple(views), len(found) - len(views)


def files_note(shown: Sequence[FileView], more: int, language: str) -> str:
    """Where the files are, and that they are strangers'."""
    say = translator("mail", language).gettext
    if not any(file.attached for file in shown):
        return say(
            "They are not in this mail; open them at the desk, with the care due to files from strangers."
        )
    if more or not all(file.attached for file in shown):
        return say(
            "The others are at the desk. Open all with the care due to files from strangers."
        )
    return say("Open them with the care due to files from strangers.")


def other_language(form: Form, language: str) -> str:
    """The language tag of a form's labels where it is another language than that of a mail; "" where it is the same."""
    tag = form.label_language
    return "" if tag.partition("-")[0].lower() == language else tag


def _answer(
    name: str, group: Sequence[Entry], field: Field | None, form: Form, language: str
) -> AnswerView:
    say = translator("mail", language).gettext
    label = inert_line((field.label if field else "") or name, 300) or Inert("?")
    known = Inert(name) if field else inert_line(name, 300)  # a field's name is the site's own word
    lang = other_language(form, language) if field and field.label else ""
    if not group:
        text = Inert(say("(not shown in mails)"))
        return AnswerView(name=known, label=label, text=text, note="", lang=lang)
    texts = [entry.value for entry in group if isinstance(entry.value, str)]
    whole = "\n".join([_in_words(field, text) for text in texts] if field else texts)
    notes = []
    if len(whole) > ANSWER_LIMIT:
        whole = whole[:ANSWER_LIMIT] + "…"
        notes.append(say(_SHORTENED))
    if any(entry.raw is not None for entry in group):
        notes.append(say("some characters could not be read; the original bytes are kept"))
    text = Inert(inert(whole).strip("\n") or "–")
    return AnswerView(name=known, label=label, text=text, note="; ".join(notes), lang=lang)


def _in_words(field: Field, value: str) -> str:
    """An option's label; beside its value where other options have the same."""
    labels = [label for _, label in field.options]
    label = dict(field.options).get(value, "")
    return label if label and labels.count(label) == 1 else field.in_words(value)


def _lead_name(entries: EntryList, form: Form, message: str) -> str | None:
    """The field whose answer is the message: the longest of the text areas, else of what is called so or is long."""
    fields = {field.name: field for field in form.fields or ()}
    secret = secret_names(form, entries)
    areas: list[tuple[int, str]] = []
    lines: list[tuple[int, str]] = []
    for entry in entries:
        if not isinstance(entry.value, str) or not entry.value.strip() or entry.name in secret:
            continue
        kind = fields[entry.name].kind if entry.name in fields else ControlKind.TEXT
        length = len(entry.value)
        if kind == ControlKind.TEXTAREA:
            areas.append((length, entry.name))
        elif kind == ControlKind.TEXT and (length >= _LONG or entry.value.strip() == message):
            lines.append((length, entry.name))
    return max(areas or lines, key=lambda found: found[0], default=(0, None))[1]


def _frames(views: Sequence[AnswerView]) -> int:
    return sum(_ROW + _octets(view.label) + len(view.note.encode()) for view in views)


def _octets(text: str) -> int:
    """How many octets a text has in HTML."""
    return len(escape(text).encode("utf-8", "replace")) + 4 * text.count("\n")


def _share(sizes: Sequence[int], room: int) -> int:
    """How much each may have at most so that all have room: what a smaller one leaves, the larger share."""
    for before, size in enumerate(sorted(sizes)):
        share = max(room, 0) // (len(sizes) - before)
        if size > share:
            return share
        room -= size
    return max(sizes, default=0)


def _shortened(view: AnswerView, share: int, language: str) -> AnswerView:
    octets = _octets(view.text)
    if octets <= share:
        return view
    text = view.text[: max(len(view.text) * share // octets, 1)]
    while len(text) > 1 and _octets(text) > share:
        text = text[: len(text) * 9 // 10]
    note = translator("mail", language).gettext(_SHORTENED)
    notes = view.note if note in view.note else "; ".join(filter(None, (note, view.note)))
    return dataclasses.replace(view, text=Inert(text.rstrip("…") + "…"), note=notes)
