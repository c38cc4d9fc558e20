"""What may be amiss with an answer that is taken all the same: said to the visitor, who may insist. Pure.

An address whose domain looks mistyped is kept as it was typed; what may have been meant is a question.
"""

from __future__ import annotations

from typing import NamedTuple

from todoke.forms.fault_words import say_meant
from todoke.model.address import Address
from todoke.model.domain_hint import intended_mailbox
from todoke.model.form import Form

MISTYPED_DOMAIN = "mistyped_domain"


class FieldHint(NamedTuple):
    """One doubt about one field: `code` for programs, `message` for people, `suggestion` what may have been meant."""

    field: str
    code: str
    message: str
    suggestion: str


def address_hints(form: Form, visitor: Address, language: str) -> tuple[FieldHint, ...]:
    """What to ask about the visitor's own address; mostly nothing."""
    meant = intended_mailbox(visitor)
    if not meant:
        return ()
    field = form.confirmation.field
    return (FieldHint(field, MISTYPED_DOMAIN, say_meant(meant, language), str(meant)),)
