"""Which signals stand in the answers: filled traps, links and markup, links for names, letters at random.

The visitor's mail address says nothing of that, and need not be among them. No list of words: what is an advertisement
to one site is another's trade.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

import msgspec

from todoke.forms import control_fields
from todoke.forms.control_kind import TRAITS
from todoke.model.form import ControlKind, Field, Form
from todoke.model.signal import (
    BBCODE,
    GIBBERISH,
    HTML_LINK,
    LINK_IN_NAME,
    MANY_LINKS,
    TRAP,
    WEBSITE,
    Signal,
)
from todoke.model.submission import Entry, EntryList

TRAPS = control_fields.TRAPS | {"honeypot", "botcheck", "bot-field"}
WEBSITES = frozenset({"website", "url", "homepage"})
"""Names that real questions have as well, and that browsers fill in by themselves."""
LONGEST = 32_768
"""Characters of an answer that are looked at."""
MANY_SITES = 3

_BBCODE = re.compile(r"\[/(?:url|link)\]", re.IGNORECASE)
_HTML_LINK = re.compile(r"<a\s[^<>]{0,200}?href", re.IGNORECASE)
_LINK = re.compile(r"(?:https?://|\bwww\.)(?:www\.)?([a-z0-9.-]{1,253})", re.IGNORECASE | re.ASCII)
_RANDOM = re.compile(r"[A-Za-z]{8,40}")
_UP = re.compile(r"[a-z](?=[A-Z])")
_RANDOM_TURNS = 3
"""From a small letter to a capital: "McDonaldSmith" has two."""
_NAME = re.compile(
    r"(?:your|full|contact|visitor|first|last|given|family|sur|fore|f|l)?name|onamae|shimei|sei|mei"
    r"|[ごお]?(?:氏名|名前)|姓|名|苗字|フリガナ|ふりがな"
    r"|tel|telephone|phone|phonenumber|mobile|電話番号?|お電話番号?"
)
_BESIDE = re.compile(r"[\W_]+")
_NAME_TOKENS = frozenset({"name", "given-name", "family-name", "tel", "tel-national"})
_FREE = frozenset({ControlKind.TEXT, ControlKind.SEARCH, ControlKind.TEL, ControlKind.TEXTAREA})


class Roles(msgspec.Struct, frozen=True, kw_only=True):
    """What the fields of a form are for. `closed` are those in which nobody writes freely; `names` are for names and
    telephone numbers; `untouched` is what traps hold that nobody filled in; `asked` are websites that are asked for."""

    traps: frozenset[str] = TRAPS
    closed: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    untouched: frozenset[tuple[str, str]] = frozenset()
    asked: frozenset[str] = frozenset()


def roles_of(form: Form) -> Roles:
    """Read them off the form's page, as far as it is known."""
    fields = form.fields or ()
    traps = TRAPS | control_fields.traps_of(form)
    return Roles(
        traps=traps,
        closed=frozenset(f.name for f in fields if f.kind not in _FREE),
        names=frozenset(f.name for f in fields if _is_for_name(f)),
        untouched=frozenset((f.name, v) for f in fields if f.name in traps for v in _presets(f)),
        asked=frozenset(f.name for f in fields if f.kind == ControlKind.URL or f.required),
    )


def in_answers(roles: Roles, entries: EntryList, own_hosts: frozenset[str]) -> Iterator[Signal]:
    """The signals of these answers; one may come twice. Links to `own_hosts` are none."""
    random = 0
    for name, value in _typed(entries):
        if name in roles.traps:
            if (name, value) not in roles.untouched:
                yield TRAP
            continue
        if name in WEBSITES and name not in roles.asked:
            yield WEBSITE
        if name in roles.closed:
            continue
        random += _is_random(value)
        if "[" in value and _BBCODE.search(value):
            yield BBCODE
        if "<" in value and _HTML_LINK.search(value):
            yield HTML_LINK
        if "://" in value or "www." in value:
            yield from _of_links(value, own_hosts, is_name=name in roles.names or _names(name))
    if random > 1:
        yield GIBBERISH


def free_texts(roles: Roles, entries: EntryList) -> list[str]:
    """The answers that somebody wrote freely, as far as they are looked at."""
    return [v for n, v in _typed(entries) if n not in roles.closed and n not in roles.traps]


def _typed(entries: Iterable[Entry]) -> Iterator[tuple[str, str]]:
    return (
        (e.name, e.value if len(e.value) <= LONGEST else e.value[:LONGEST])
        for e in entries
        if isinstance(e.value, str) and e.value
    )


def _of_links(value: str, own_hosts: frozenset[str], *, is_name: bool) -> Iterator[Signal]:
    if is_name:
        yield LINK_IN_NAME
    hosts = {host.lower().rstrip(".-") for host in _LINK.findall(value)}
    if len(hosts) >= MANY_SITES and len(hosts - own_hosts) >= MANY_SITES:
        yield MANY_LINKS


def _is_random(value: str) -> bool:
    """Whether it is one word with capitals all over it."""
    return (
        len(value) <= 40
        and _RANDOM.fullmatch(value) is not None
        and len(_UP.findall(value)) >= _RANDOM_TURNS
    )


@lru_cache(maxsize=1024)
def _names(name: str) -> bool:
    return _NAME.fullmatch(_BESIDE.sub("", name[:64]).lower()) is not None


def _is_for_name(field: Field) -> bool:
    return not _NAME_TOKENS.isdisjoint(field.autocomplete.split()) or field.kind == ControlKind.TEL


def _presets(field: Field) -> tuple[str, ...]:
    is_text = not TRAITS[field.kind].is_choice
    return (*field.presets, field.value) if is_text else field.presets
