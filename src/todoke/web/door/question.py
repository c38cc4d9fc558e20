"""What a visitor is asked before anything is stored, where the form says so: whether another address was meant.

Asked is a person before a page, once for each address, and only where the page can show again all that came: whoever
would have to choose files anew, or type a password again, is asked by the receipt.
"""

from __future__ import annotations

from starlette.responses import Response

from todoke.forms.control_fields import AS_TYPED
from todoke.forms.hint import FieldHint, address_hints
from todoke.forms.secret import secret_names
from todoke.model.address import Address
from todoke.model.submission import Entry, EntryList, first_text
from todoke.web.door.answer import Arrival
from todoke.web.http.asked import base_path, is_script, wants_page
from todoke.web.http.refused import Refused, note_refused
from todoke.web.pages import pages

MOST_CHARACTERS = 16_384
"""Of all answers: they stand in the page twice."""


def question(arrival: Arrival, visitor: Address) -> Response | None:
    """422: the form again, with what may have been meant, and a button for either answer. None for nothing to ask."""
    if not _is_answerable(arrival):
        return None
    if first_text(arrival.entries, AS_TYPED) == visitor:
        return None
    hint = next(iter(address_hints(arrival.form, visitor, arrival.language)), None)
    if hint is None or not any(entry.name == hint.field for entry in arrival.entries):
        return None  # nothing, or it came by another product's name for it
    note_refused(arrival.scope, Refused(hint.code))
    entries = tuple(entry for entry in arrival.entries if entry.name != AS_TYPED)
    return pages.answers_page(
        arrival.form,
        (*entries, Entry(AS_TYPED, str(visitor))),
        (),
        arrival.language,
        422,
        site=arrival.site,
        action=arrival.action,
        base=base_path(arrival.scope),
        form_origins=arrival.form_origins,
        question=pages.Question(hint.message, hint.suggestion, _corrected(entries, hint)),
    )


def _is_answerable(arrival: Arrival) -> bool:
    if not wants_page(arrival.scope) or is_script(arrival.scope):
        return False
    values = [entry.value for entry in arrival.entries]
    texts = [value for value in values if isinstance(value, str)]
    is_whole = len(texts) == len(values) and sum(map(len, texts)) <= MOST_CHARACTERS
    return is_whole and not secret_names(arrival.form, arrival.entries)


def _corrected(entries: EntryList, hint: FieldHint) -> EntryList:
    return tuple(
        Entry(entry.name, hint.suggestion) if entry.name == hint.field else entry
        for entry in entries
    )
