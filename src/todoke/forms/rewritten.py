"""Texts of a form's page that browsers rewrite when they send them in the page's encoding.

Shift_JIS has no ¥ of its own, so an option `¥5,000` arrives as `\\5,000`; ISO-2022-JP has no half-width katakana. What
is known of the page tells what was chosen. What a visitor typed stays as it arrives.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from todoke.model.charset import Charset
from todoke.model.form import Form
from todoke.model.submission import Entry, EntryList


def find_rewritten(form: Form) -> Mapping[str, str]:
    """The names and values of the form by what they arrive as, where the two differ; nearly always empty.

    Without those of which two arrive as one: a browser lost which it was.
    """
    charset = Charset(form.charset)
    sources: dict[str, set[str]] = defaultdict(set)
    for text in _texts(form):
        sources[charset.as_sent(text)].add(text)
    return {
        sent: text
        for sent, texts in sources.items()
        if len(texts) == 1 and (text := next(iter(texts))) != sent
    }


def restore(entries: EntryList, rewritten: Mapping[str, str]) -> EntryList:
    """The entries with the names and values that the browser had."""
    return tuple(_restored(entry, rewritten) for entry in entries)


def _restored(entry: Entry, rewritten: Mapping[str, str]) -> Entry:
    name, value = rewritten.get(entry.name, entry.name), entry.value
    if isinstance(value, str):
        value = rewritten.get(value, value)
    return replace(entry, name=name, value=value)


def _texts(form: Form) -> Iterator[str]:
    for field in form.fields or ():
        yield field.name
        yield field.value
        yield from (value for value, _ in field.options)
        yield from (*field.sent_anyway, *field.presets)
