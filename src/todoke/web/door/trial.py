"""Send an entry list to a form as a browser would, and see what the door makes of it. Nothing is kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from todoke.forms.control_fields import split_controls
from todoke.forms.rewritten import restore
from todoke.model.charset import Charset
from todoke.model.errors import RequestError
from todoke.model.form import Field, Form, Managers
from todoke.model.submission import EntryList, FieldError
from todoke.walk.accept import refusals
from todoke.web.door.body import parse
from todoke.web.door.browser import encode
from todoke.web.door.door import reading_limits


@dataclass(frozen=True)
class Sent:
    """What became of an entry list: the faults by field, or what is wrong with all of it, and what arrived."""

    faults: Mapping[str, FieldError]
    whole: str = ""
    arrived: EntryList = ()


@dataclass(frozen=True)
class Trial:
    """A form to try, its fields by name, and what of its texts browsers rewrite."""

    form: Form
    fields: Mapping[str, Field]
    rewritten: Mapping[str, str]

    def send(self, names: Iterable[str], entries: EntryList) -> Sent:
        """Send these entries to a form of these fields alone."""
        form, kept = self.form, set(names)
        finds = not form.managers.field or form.managers.field in kept
        form = replace(
            form,
            fields=tuple(self.fields[name] for name in self.fields if name in kept),
            managers=form.managers if finds else Managers(),
            unchecked=(),
        )
        content_type, body = encode(entries, form.submit.enctype, Charset(form.charset))
        try:
            limits = reading_limits(form)
            arrived = parse(content_type, body, limits=limits, charset=form.charset)
        except RequestError as error:
            return Sent({}, whole=str(error))
        answers, _ = split_controls(form, restore(arrived, self.rewritten))
        faults = refusals(form, answers, "en")
        return Sent({fault.field: fault for fault in reversed(faults)}, arrived=answers)
