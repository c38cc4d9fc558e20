"""Rehearse a form: what browsers would send from its page goes through the rules of the door, and nothing is kept.

Each option, everything filled in, every optional control left as it is, and each kind of file that is asked for.
Whatever could never pass is a finding. What only a visitor can know is not tried, and said so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import zip_longest

from todoke.forms.control_kind import TRAITS
from todoke.forms.entry_list import asked_files, entries_of, filled_in, least_of, most_of
from todoke.forms.fill import (
    SamplePerson,
    choices,
    faults_of,
    fill,
    has_false_example,
    why_impossible,
)
from todoke.forms.page.source import MARK
from todoke.forms.rewritten import find_rewritten
from todoke.forms.sample_files import sample_file
from todoke.model.form import Confirmation, ControlKind, Field, Form
from todoke.model.submission import Entry, EntryList, FieldError
from todoke.toml.findings import ERROR, NOTE, WARNING, Finding
from todoke.web.door.trial import Sent, Trial

_MULTIPART = "multipart/form-data"
_LITERAL = re.compile(r"\$\{.*?\}", re.DOTALL)
_BUILT = "Give the page as it is built, as visitors' browsers get it."
_SHOWN = 5


def rehearse(form: Form) -> list[Finding]:
    """What could never pass, in the order of the page. `file` is the page, "" for a form without one."""
    told = _Rehearsal(form)
    return sorted(told.findings(), key=lambda finding: finding.line)


@dataclass(frozen=True)
class _Rehearsal:
    """One form, and how it stands."""

    form: Form

    @cached_property
    def _fields(self) -> Mapping[str, Field]:
        """Those of which the page says truly what they send."""
        return {f.name: f for f in self.form.fields or () if not _source_of(f)}

    @cached_property
    def _trial(self) -> Trial:
        return Trial(self.form, self._fields, find_rewritten(self.form))

    @cached_property
    def _filled(self) -> Mapping[str, EntryList | None]:
        """Of each field what one filling sends; None where nothing is known that it takes."""
        return {name: filled_in(self.form, field) for name, field in self._fields.items()}

    def findings(self) -> Iterator[Finding]:
        """Each control is named once, with the worst of it."""
        yield from self._of_method()
        yield from self._of_source()
        told: set[str] = set()
        for some in (self._unfilled, self._files, self._left_out, self._all_filled, self._options):
            found = {n: f for n, f in some(told) if n not in told}
            yield from found.values()
            told |= set(found)

    @cached_property
    def _least_sent(self) -> tuple[Mapping[str, EntryList], Sent]:
        """The controls of which this is known, and what became of it."""
        parts = {name: least_of(self.form, field) for name, field in self._fields.items()}
        known = {name: part for name, part in parts.items() if part is not None}
        return known, self._trial.send(known, _joined(known.values()))

    def _of_method(self) -> Iterator[Finding]:
        submit = self.form.submit
        if submit.method != "post":
            said = f'the form has method="{submit.method}": only method="post" reaches the door.'
            severity = WARNING if submit.scripted else ERROR
            yield Finding(
                severity, self.form.page, submit.line, self._key, said, 'Write method="post".'
            )

    def _of_source(self) -> Iterator[Finding]:
        for field in self.form.fields or ():
            if source := _source_of(field):
                said = (
                    f"has {source!r}, a template's source: the door takes these very letters alone"
                )
                yield self._finding(field, ERROR if field.required else WARNING, said, _BUILT)

    def _unfilled(self, _: set[str]) -> Iterator[tuple[str, Finding]]:
        for name, field in self._fields.items():
            if self._filled[name] is None and (found := self._of_unfilled(field)):
                yield name, found
            elif has_false_example(field):
                said = "shows an example that its own pattern refuses"
                yield name, self._finding(field, WARNING, said, "Mend the pattern or the example.")

    def _of_unfilled(self, field: Field) -> Finding | None:
        if why := why_impossible(field):
            is_empty = TRAITS[field.kind].is_choice
            if is_empty and not field.required:
                return None  # nobody misses it
            said = f"can never be filled in: {why}"
            hint = "Offer an option that has a value." if is_empty else "Mend these attributes."
            return self._never(field, said, hint, may_change=is_empty)
        elsewhere = replace(self.form, confirmation=Confirmation(field=""))
        probe = fill(elsewhere, field, SamplePerson())
        if probe is None or field.pattern:
            said = "was not tried: no text is known here that its rules take"
            return self._finding(field, NOTE, said, "Try it once yourself.")
        fault = next(iter(faults_of(field, probe, self.form)))
        said = f"is where the confirmation goes, and it can hold no address: {fault.message}"
        return self._never(field, said, "Set confirmation.field to another field.")

    def _left_out(self, _: set[str]) -> Iterator[tuple[str, Finding]]:
        """Every optional control as it is, and the required ones filled in."""
        parts, sent = self._least_sent
        if sent.whole:
            yield from self._of_whole(parts, sent.whole)
        for name, fault in sent.faults.items():
            field = self._fields.get(name)
            if field is None:
                continue
            if _must_pass(field):
                yield name, self._never(field, f"is refused: {fault.message}", self._hint(fault))
            else:
                said = f"need not be filled in, and left as it is it is refused: {fault.message}"
                yield name, self._finding(field, WARNING, said, self._hint(fault))

    def _of_whole(self, parts: Mapping[str, EntryList], said: str) -> Iterator[tuple[str, Finding]]:
        """A body that is refused: by one control, or by all of them together."""
        alone = {name: self._trial.send((name,), part).whole for name, part in parts.items()}
        hint = f"Raise the limit in [forms.{self.form.name}.limits]."
        for name, whole in alone.items():
            if whole:
                said_alone = f"sends more than the door takes: {whole}"
                yield name, self._never(self._fields[name], said_alone, hint)
        if not any(alone.values()):
            said = f"no visitor can send this form: {said}"
            yield "", Finding(ERROR, self.form.page, self.form.submit.line, self._key, said, hint)

    def _all_filled(self, _: set[str]) -> Iterator[tuple[str, Finding]]:
        """Every control filled in, and every box ticked."""
        parts = {name: most_of(self.form, field) for name, field in self._fields.items()}
        sent = self._trial.send(parts, _joined(parts.values()))
        if sent.whole and not self._least_sent[1].whole:
            said = f"with everything filled in, the door refuses this form: {sent.whole}"
            hint = f"Raise the limit in [forms.{self.form.name}.limits]."
            yield "", Finding(WARNING, self.form.page, self.form.submit.line, self._key, said, hint)
        for name, fault in sent.faults.items():
            field = self._fields.get(name)
            if field and self._filled[name] is not None:
                said = f"is refused when everything is filled in: {fault.message}"
                yield name, self._finding(field, WARNING, said, self._hint(fault))

    def _options(self, told: set[str]) -> Iterator[tuple[str, Finding]]:
        """One option of each choice at a time: the first of all of them, then the second."""
        fields = [
            f for f in self._fields.values() if TRAITS[f.kind].is_choice and f.name not in told
        ]
        refused: dict[str, list[tuple[str, str]]] = {field.name: [] for field in fields}
        changed: dict[str, list[str]] = {field.name: [] for field in fields}
        for values in zip_longest(*map(_answers, fields)):
            chosen = {f.name: v for f, v in zip(fields, values, strict=True) if v is not None}
            for name, fault, arrives in self._tried(chosen):
                if fault:
                    refused[name].append((chosen[name], fault))
                elif not arrives:
                    changed[name].append(chosen[name])
        for field in fields:
            if found := refused[field.name]:
                yield field.name, self._of_options(field, found)
            elif others := changed[field.name]:
                said = (
                    f"loses {_listed(others)}: in {self.form.charset} it arrives as another answer"
                )
                yield field.name, self._finding(field, WARNING, said, "Write the page in UTF-8.")

    def _tried(self, chosen: Mapping[str, str]) -> Iterator[tuple[str, str, bool]]:
        """Of each field the fault of its answer, and whether the answer arrives as it was."""
        parts = {
            n: entries_of(self._fields[n], _beside(self._fields[n], v)) for n, v in chosen.items()
        }
        sent = self._trial.send(parts, _joined(parts.values()))
        if sent.whole and len(chosen) > 1:
            for name, value in chosen.items():
                yield from self._tried({name: value})
            return
        arrived = {(e.name, _lf(e.value)) for e in sent.arrived if isinstance(e.value, str)}
        for name, value in chosen.items():
            fault = sent.faults.get(name)
            said = sent.whole or (fault.message if fault else "")
            yield name, said, (name, _lf(value)) in arrived

    def _of_options(self, field: Field, refused: list[tuple[str, str]]) -> Finding:
        values, message = [value for value, _ in refused], refused[0][1]
        if len(refused) == len(_answers(field)) and field.required:
            return self._never(field, f"is refused whatever is chosen: {message}", "")
        said = f"is refused with {_listed(values)}: {message}"
        hint = (
            "Add the missing ones to by_value, or a fallback."
            if field.name == self.form.managers.field
            else ""
        )
        return self._finding(field, WARNING, said, hint)

    def _files(self, told: set[str]) -> Iterator[tuple[str, Finding]]:
        """Each kind of file, alone, where files are sent at all."""
        for field in self._fields.values() if self.form.submit.enctype == _MULTIPART else ():
            if field.kind is not ControlKind.FILE or field.name in told:
                continue
            refused = [
                (token, said, known)
                for token in asked_files(field)
                for said, known in self._of_file(field, token)
            ]
            if not refused:
                continue
            tokens = [token for token, _, _ in refused]
            if all(known for _, _, known in refused):
                said = f"asks for {_listed(tokens)}, and the door refuses it: {refused[0][1]}"
                never = field.required and len(refused) == len(asked_files(field))
                severity = ERROR if never else WARNING
            else:
                severity, said = (
                    NOTE,
                    f"asks for {_listed(tokens)}, of which no sample is known here: it was not tried.",
                )
            yield field.name, self._finding(field, severity, said)

    def _of_file(self, field: Field, token: str) -> Iterator[tuple[str, bool]]:
        file, known = sample_file(token)
        sent = self._trial.send((field.name,), (Entry(field.name, file),))
        fault = sent.faults.get(field.name)
        if sent.whole or fault:
            yield sent.whole or (fault.message if fault else ""), known

    @property
    def _key(self) -> str:
        return f"forms.{self.form.name}.{'page' if self.form.page else 'fields'}"

    def _finding(self, field: Field, severity: str, said: str, hint: str = "") -> Finding:
        said = f'"{field.name}" {said}' if said.endswith((".", "!")) else f'"{field.name}" {said}.'
        return Finding(severity, self.form.page, field.line, self._key, said, hint)

    def _never(self, field: Field, said: str, hint: str, *, may_change: bool = False) -> Finding:
        """Of a control that can never pass. `may_change`: a script of the page may well see to that."""
        if not _must_pass(field):
            return self._finding(field, WARNING, said, hint)
        if self.form.unchecked:
            said = f"{said.rstrip('.')} (save by a button with formnovalidate)"
            return self._finding(field, WARNING, said, hint)
        may_change = may_change or field.kind in (ControlKind.HIDDEN, ControlKind.FILE)
        if may_change and self.form.submit.scripted:
            said = f"{said.rstrip('.')} (unless a script of the page sees to it)"
            return self._finding(field, WARNING, said, hint)
        said = f"{said.rstrip('.')}. So no visitor can send this form"
        return self._finding(field, ERROR, said, hint)

    def _hint(self, fault: FieldError) -> str:
        field = self._fields[fault.field]
        if field.kind is ControlKind.FILE and self.form.submit.enctype != _MULTIPART:
            return f'Without enctype="{_MULTIPART}" in the <form> browsers send the name of a file alone.'
        if fault.code == "no_manager":
            return "Require an answer that finds a manager, or add a fallback."
        return ""


def _must_pass(field: Field) -> bool:
    """Whether each visitor sends it with something in it."""
    return field.required or field.kind in (ControlKind.HIDDEN, ControlKind.RANGE)


def _source_of(field: Field) -> str:
    """A piece of a template in the control's name, answers or pattern."""
    for text in (field.name, *choices(field), field.pattern):
        if found := MARK.search(text) or _LITERAL.search(text):
            return found[0][:80]
    return ""


def _answers(field: Field) -> tuple[str, ...]:
    return tuple(value for value in choices(field) if value or not field.required)


def _beside(field: Field, value: str) -> tuple[str, ...]:
    """An option with the boxes that have to be ticked beside it."""
    return (
        tuple(dict.fromkeys((*field.required_values, value)))
        if TRAITS[field.kind].sends_many
        else (value,)
    )


def _joined(parts: Iterable[EntryList]) -> EntryList:
    return tuple(entry for part in parts for entry in part)


def _listed(values: list[str]) -> str:
    shown = ", ".join(f'"{value}"' for value in values[:_SHOWN])
    return f"{shown} and {len(values) - _SHOWN} more" if len(values) > _SHOWN else shown


def _lf(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
