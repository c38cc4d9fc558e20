"""A webhook as the site owner set it up: an address of another program, and what it is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from todoke.model.notice import NoticeType
from todoke.model.url import origin_of

ALL_TYPES = frozenset(NoticeType) - {NoticeType.TEST}
TYPES_OF_CHANNELS = frozenset(
    {NoticeType.FAILED, NoticeType.PAUSED, NoticeType.RESTS, NoticeType.WORKS}
)
"""What somebody has to act on, and that it is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """`url` takes notices of these `types`; of these `forms`, none named: of all.

    `keys` sign each notice, all of them: two while one takes the place of the other. With `answers` the text answers of
    a submission go with it. One with a `language` is a channel: people read sentences in that language there, and
    `url` is the secret that Apprise takes ("" where it is not known). Only with `allow_private` may it lie in a network
    that is not public, and only with `any_port` at another port than 443 and 80.
    """

    name: str
    url: str
    keys: tuple[bytes, ...] = ()
    types: frozenset[NoticeType] = ALL_TYPES
    forms: frozenset[str] = frozenset()
    answers: bool = False
    allow_private: bool = False
    any_port: bool = False
    language: str = ""

    @property
    def is_channel(self) -> bool:
        """Whether people read it."""
        return bool(self.language)

    @property
    def is_ready(self) -> bool:
        """Whether the secret is known without which it cannot be told."""
        return bool(self.url if self.is_channel else self.keys)

    @property
    def place(self) -> str:
        """Where it is, as people may see it: the rest of an address may be a secret."""
        if self.is_channel:
            return f"{self.url.partition('://')[0] or '?'}://"
        return origin_of(self.url)

    def __repr__(self) -> str:
        return f"Webhook({self.name!r})"

    def listens(self, type_: NoticeType, form: str) -> bool:
        """Whether it is told of this, of this form; "" is for what concerns all."""
        return type_ in self.types and (not self.forms or not form or form in self.forms)


Webhooks = Mapping[str, Webhook]
"""By their names."""
