"""A webhook as the site owner set it up: an address of another program, and what it is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from todoke.model.notice import NoticeType

ALL_TYPES = frozenset(NoticeType) - {NoticeType.TEST}


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """`url` takes notices of these `types`; of these `forms`, none named: of all.

    `keys` sign each notice, all of them: two while one takes the place of the other. With `answers` the text answers of
    a submission go with it. Only with `allow_private` may it lie in a network that is not public, and only with
    `any_port` at another port than 443 and 80.
    """

    name: str
    url: str
    keys: tuple[bytes, ...] = ()
    types: frozenset[NoticeType] = ALL_TYPES
    forms: frozenset[str] = frozenset()
    answers: bool = False
    allow_private: bool = False
    any_port: bool = False

    def __repr__(self) -> str:
        return f"Webhook({self.name!r})"

    def listens(self, type_: NoticeType, form: str) -> bool:
        """Whether it is told of this, of this form."""
        return type_ in self.types and (not self.forms or form in self.forms)


Webhooks = Mapping[str, Webhook]
"""By their names."""
