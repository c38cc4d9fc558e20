"""Which answers say who wrote and what: the name, telephone number, topic and message, found by the form's schema.

As the visitor's address is found by the form, not guessed from what was typed: by autofill tokens (WHATWG HTML
4.10.18.7.1), kinds of controls, names and labels, in this order.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from todoke.forms.control_fields import subject_of
from todoke.forms.control_kind import TRAITS
from todoke.forms.secret import secret_names
from todoke.model.form import ControlKind, Field, Form
from todoke.model.submission import EntryList

_NAME_TOKENS = frozenset({"name"})
_NAME_PART_TOKENS = frozenset({"given-name", "family-name"})
_NAME = re.compile(r"(?:your|full|contact|visitor)?name|onamae|shimei|[ごお]?(?:氏名|名前)")
_NAME_PART = re.compile(r"(?:first|last|given|family|sur|fore)name|sei|mei|姓|名|苗字")
_TELEPHONE = re.compile(
    r"(?:tel(?:ephone)?|(?:mobile|cell)?phone|mobile|denwa|keitai)(?:no|number)?|.*(?:電話|携帯).*"
)
_MESSAGE = re.compile(
    r"(?:your)?message|body|comments?|[ie]nquiry|question|contents?|text|details|naiyou"
    r"|(?:.*の)?内容|本文|[ごお]?(?:質問|問い?合わ?せ)(?:内容)?"
)
_TOPIC = re.compile(
    r"(?:your)?(?:subject|topic|category)|kenmei|youken|[ごお]?(?:件名|題名|用件|要件|種別|種類|カテゴリー?)"
    r"|[ごお]?問い?合わ?せ(?:の)?(?:種別|種類|項目)"
)
_BESIDE = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Said:
    """What the visitor gave of themselves, as typed, a topic that was chosen in words; each may be ""."""

    name: str = ""
    telephone: str = ""
    message: str = ""
    topic: str = ""


_Answer = tuple[Field, str]
_Rule = Callable[[Field], bool]


def read_said(form: Form, entries: EntryList) -> Said:
    """Find them among the answers. Secrets and hidden fields are none of them, and of choices only a topic is."""
    everything = list(_answers(form, entries))
    answers = [answer for answer in everything if not TRAITS[answer[0].kind].is_choice]
    name = _first(answers, lambda f: _has_token(f, _NAME_TOKENS))
    name = name or _joined(answers, lambda f: _has_token(f, _NAME_PART_TOKENS))
    name = name or _first(answers, lambda f: _is(f.name, _NAME))
    name = name or _first(answers, lambda f: _is(f.label, _NAME))
    name = name or _joined(answers, _is_name_part)
    telephone = _first(
        answers, lambda f: f.autocomplete.split()[-1:] in (["tel"], ["tel-national"])
    )
    telephone = telephone or _first(answers, lambda f: f.kind == ControlKind.TEL)
    telephone = telephone or _first(answers, _is_telephone)
    message = _first(answers, lambda f: _is(f.name, _MESSAGE))
    message = message or _first(answers, lambda f: f.kind == ControlKind.TEXTAREA)
    message = message or _first(answers, lambda f: _is(f.label, _MESSAGE))
    topic = subject_of(form, entries) or _first(everything, lambda f: _is(f.name, _TOPIC))
    topic = topic or _first(everything, lambda f: _is(f.label, _TOPIC))
    return Said(name, telephone, message, topic)


def _answers(form: Form, entries: EntryList) -> Iterator[_Answer]:
    fields = {field.name: field for field in form.fields or ()}
    secret = secret_names(form, entries)
    for entry in entries:
        field = fields.get(entry.name) or Field(name=entry.name)
        is_hidden = field.kind == ControlKind.HIDDEN or entry.name in secret
        if not is_hidden and isinstance(entry.value, str) and entry.value.strip():
            yield field, (dict(field.options).get(entry.value) or entry.value).strip()


def _first(answers: list[_Answer], rule: _Rule) -> str:
    return next((value for field, value in answers if rule(field)), "")


def _joined(answers: list[_Answer], rule: _Rule) -> str:
    """The first two of them, in the form's order, which is that of the language."""
    return " ".join([value for field, value in answers if rule(field)][:2])


def _has_token(field: Field, tokens: frozenset[str]) -> bool:
    return not tokens.isdisjoint(field.autocomplete.split())


def _is_name_part(field: Field) -> bool:
    return _is(field.name, _NAME_PART) or _is(field.label, _NAME_PART)


def _is_telephone(field: Field) -> bool:
    return _is(field.name, _TELEPHONE) or _is(field.label, _TELEPHONE)


def _is(text: str, words: re.Pattern[str]) -> bool:
    """Whether a name or label is one of these words, case, spaces and punctuation aside."""
    return bool(words.fullmatch(_BESIDE.sub("", text[:100]).lower()))
