"""Who receives the answers of a form. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from todoke.model.address import Address, mailbox_key
from todoke.model.form import Form, Managers
from todoke.model.submission import EntryList, texts


def managers_of(form: Form, entries: EntryList) -> tuple[Address, ...]:
    """The addresses that receive these answers, each once; only addresses from the configuration.

    The fixed ones always; those that the field's value or the directory name; the fallback if these name none.
    """
    rule = form.managers
    named = [a for value in texts(entries, rule.field) for a in _named_by(rule, value)]
    if rule.field and not named:
        named = list(rule.fallback)
    return _each_once((*rule.fixed, *named))


def _named_by(rule: Managers, value: str) -> tuple[Address, ...]:
    if rule.by_value:
        return rule.by_value.get(value, ())
    return rule.directory.get(mailbox_key(value), ())


def _each_once(addresses: Iterable[Address]) -> tuple[Address, ...]:
    return tuple({a.key: a for a in addresses}.values())
