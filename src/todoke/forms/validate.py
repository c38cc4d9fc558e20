"""Apply a form's rules to what was sent: one error for each field that breaks one (design: the form is the schema).

Pure. The rules are those a browser applies before it sends, so a visitor
whose browser let the form through passes. What no field describes is kept and is no error, files excepted: they are
taken only where a file control asks for them. docs/forms.md lists the codes.
"""

from __future__ import annotations

from collections.abc import Iterator

from todoke.forms.constraints import IN_BROWSERS, FaultCode, FieldFault, faults, sanitise
from todoke.forms.control_kind import TRAITS
from todoke.forms.fault_words import say_fault
from todoke.forms.file_kinds import is_accepted
from todoke.forms.pattern.pattern import Patience
from todoke.model.address import AddressError, parse_address
from todoke.model.address_hint import intended_address
from todoke.model.form import ControlKind, Field, Form, Limits
from todoke.model.submission import Entry, EntryList, FieldError, FieldErrors, File


def validate(
    form: Form, entries: EntryList, language: str, patience: Patience | None = None
) -> FieldErrors:
    """Every field's first error, in the order of the form; empty when all is well. `patience` is for its patterns."""
    patience = patience or Patience()
    is_unchecked = any(_pressed(button, entries) for button in form.unchecked)
    found: dict[str, FieldError] = {}
    by_name = _by_name(entries)
    for field in form.fields or ():
        sent = by_name.pop(field.name, [])
        for fault in _field_faults(form, field, sent, patience):
            if is_unchecked and _is_browsers(field, fault):
                continue
            found[field.name] = FieldError(
                field.name, fault.code, say_fault(field, fault, language)
            )
            break
    for name, sent in by_name.items():
        for fault in _stray_faults(form, name, sent):
            field = Field(name=name, kind=ControlKind.EMAIL)
            found[name] = FieldError(name, fault.code, say_fault(field, fault, language))
            break
    for error in _count_errors(form, entries, language):
        found.setdefault(error.field, error)
    return tuple(found.values())


def _pressed(button: tuple[str, str | None], entries: EntryList) -> bool:
    name, value = button
    return any(e.name == name and value in (None, e.value) for e in entries)


def _is_browsers(field: Field, fault: FieldFault) -> bool:
    """Whether a browser alone would have found it; a file that did not arrive is ours to find."""
    own = field.kind == ControlKind.FILE and fault.code is FaultCode.BAD_INPUT
    return fault.code in IN_BROWSERS and not own


def validate_files(form: Form, entries: EntryList, language: str) -> FieldErrors:
    """The rules of files alone, for files that are offered before the form is sent: each field's first error."""
    found: dict[str, FieldError] = {}
    for name, sent in _by_name(entries).items():
        field = form.field(name)
        if field is None or field.kind != ControlKind.FILE:
            field, faults_of = (
                Field(name=name, kind=ControlKind.FILE),
                iter([FieldFault(code=FaultCode.NO_FILES_HERE)]),
            )
        else:
            faults_of = _file_faults(field, sent, form.limits)
        for fault in faults_of:
            found[name] = FieldError(name, fault.code, say_fault(field, fault, language))
            break
    for error in _count_errors(form, entries, language):
        found.setdefault(error.field, error)
    return tuple(found.values())


def _by_name(entries: EntryList) -> dict[str, list[Entry]]:
    by_name: dict[str, list[Entry]] = {}
    for entry in entries:
        by_name.setdefault(entry.name, []).append(entry)
    return by_name


def _stray_faults(form: Form, name: str, sent: list[Entry]) -> Iterator[FieldFault]:
    """Faults of entries that no field describes: files, and addresses that decide who gets mail."""
    if any(isinstance(entry.value, File) and not _is_no_file(entry.value) for entry in sent):
        yield FieldFault(code=FaultCode.NO_FILES_HERE)
    if name in (form.confirmation.field, form.managers.field):
        yield from _repeat_faults({sanitise(ControlKind.EMAIL, t) for t in _texts(sent)})
    if name == form.confirmation.field:
        yield from _address_faults(_texts(sent))


def _field_faults(
    form: Form, field: Field, sent: list[Entry], patience: Patience
) -> Iterator[FieldFault]:
    if field.kind == ControlKind.FILE:
        yield from _file_faults(field, sent, form.limits)
        return
    if any(isinstance(entry.value, File) and not _is_no_file(entry.value) for entry in sent):
        yield FieldFault(code=FaultCode.NO_FILES_HERE)
    traits = TRAITS[field.kind]
    decides = field.name in (form.confirmation.field, form.managers.field)
    values = _values(field, sent)
    if decides or not (field.multiple or field.repeats or traits.sends_many):
        yield from _repeat_faults(set(values))
    whole = [entry for entry in sent if entry.raw is None]
    readable = values if len(whole) == len(sent) else _values(field, whole)
    if traits.is_choice:
        yield from _choice_faults(field, values, readable)
    else:
        if field.required and not any(values):
            yield FieldFault(code=FaultCode.VALUE_MISSING)
        for value in filter(None, readable):
            yield from faults(field, value, patience)
    if field.name == form.confirmation.field:
        yield from _address_faults(values)


def _texts(sent: list[Entry]) -> list[str]:
    return [entry.value for entry in sent if isinstance(entry.value, str)]


def _values(field: Field, sent: list[Entry]) -> list[str]:
    """The sanitised answers; without what buttons and hidden controls of this name add."""
    values = [sanitise(field.kind, text, multiple=field.multiple) for text in _texts(sent)]
    if not field.sent_anyway:
        return values
    anyway = {sanitise(field.kind, text) for text in field.sent_anyway}
    offered = {_plain(value) for value, _ in field.options}
    return [value for value in values if value not in anyway or value in offered]


def _plain(text: str) -> str:
    """A value of the page with its line breaks as those of `sanitise`."""
    return sanitise(ControlKind.TEXTAREA, text) if "\r" in text else text


def _repeat_faults(values: set[str]) -> Iterator[FieldFault]:
    """A control that sends one value sent several: whoever reads the first and whoever reads the last would differ."""
    if len(values) > 1:
        yield FieldFault(code=FaultCode.REPEATED)


def _address_faults(values: list[str]) -> Iterator[FieldFault]:
    """The confirmation's recipient: one address that public mail can reach."""
    for value in filter(None, (sanitise(ControlKind.EMAIL, value) for value in values)):
        try:
            parse_address(value)
        except AddressError:
            meant = intended_address(value)
            yield FieldFault(code=FaultCode.ADDRESS, near=(meant,) if meant else ())


def _choice_faults(field: Field, values: list[str], readable: list[str]) -> Iterator[FieldFault]:
    offered = [_plain(value) for value, _ in field.options]
    # An empty first option is no answer where one is required (4.10.7, placeholder label option).
    empty_counts = "" in offered and (offered[0] != "" or TRAITS[field.kind].is_group)
    answers = [value for value in values if value or empty_counts]
    if field.required and not answers:
        yield FieldFault(code=FaultCode.VALUE_MISSING)
    for needed in field.required_values:
        if field.required and _plain(needed) in offered and _plain(needed) not in values:
            label = dict(field.options).get(needed, needed)
            yield FieldFault(code=FaultCode.VALUE_MISSING, limit="" if len(offered) == 1 else label)
    if offered and any(value and value not in offered for value in readable):
        yield FieldFault(code=FaultCode.UNKNOWN_OPTION)


def _is_no_file(file: File) -> bool:
    """True for what browsers send when no file was chosen: no name, no bytes (4.10.21.4)."""
    return not file.name and not file.size


def _file_faults(field: Field, sent: list[Entry], limits: Limits) -> Iterator[FieldFault]:
    chosen = [e.value for e in sent if isinstance(e.value, File) and not _is_no_file(e.value)]
    anyway = set(field.sent_anyway)
    if any(text and text not in anyway for text in _texts(sent)):
        yield FieldFault(code=FaultCode.BAD_INPUT)
    if field.required and not chosen:
        yield FieldFault(code=FaultCode.VALUE_MISSING)
    most = field.max_files or (limits.files if field.multiple else 1)
    if len(chosen) > (most if field.multiple else 1):
        yield FieldFault(code=FaultCode.TOO_MANY_FILES, count=most if field.multiple else 1)
    for file in chosen:
        most_bytes = _most_bytes(field, file, limits)
        if file.size > most_bytes:
            yield FieldFault(code=FaultCode.FILE_TOO_BIG, limit=file.name, count=most_bytes)
        elif not is_accepted(file, field.accept):
            yield FieldFault(code=FaultCode.FILE_TYPE, limit=file.name)


def _most_bytes(field: Field, file: File, limits: Limits) -> int:
    if field.max_file_bytes is not None:
        return field.max_file_bytes
    return limits.file_bytes if file.source is None else limits.upload_file_bytes


def _count_errors(form: Form, entries: EntryList, language: str) -> Iterator[FieldError]:
    """The form's own limits on files, over all its fields; told at the last file."""
    chosen = [e for e in entries if isinstance(e.value, File) and not _is_no_file(e.value)]
    uploaded = sum(e.value.size for e in chosen if isinstance(e.value, File) and e.value.source)
    fault = None
    if len(chosen) > form.limits.files:
        fault = FieldFault(code=FaultCode.TOO_MANY_FILES, count=form.limits.files)
    elif uploaded > form.limits.upload_bytes:
        fault = FieldFault(code=FaultCode.FILES_TOO_BIG, count=form.limits.upload_bytes)
    if fault is not None:
        name = chosen[-1].name
        yield FieldError(
            name, fault.code, say_fault(Field(name=name, kind=ControlKind.FILE), fault, language)
        )
