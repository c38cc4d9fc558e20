"""Somebody else who knows people: it shows them its own page, and tells us their mail address."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple, Protocol

from todoke.model.address import Address
from todoke.model.errors import Error


class SignIn(NamedTuple):
    """One try to sign in, in one browser: three secrets, which that browser can bring again and nobody else."""

    state: str
    nonce: str
    verifier: str


class WhyNot(StrEnum):
    """Why nobody is let in by what a provider answered."""

    DENIED = "denied"
    """The provider says no, or the person did."""
    NOT_ASKED = "not_asked"
    """It is no answer to what this browser asked: another one's, an old one, one of another provider."""
    NOT_PROVED = "not_proved"
    """What the provider gave out proves nothing: a code that is used, a token that is not for us or not right."""
    NO_ADDRESS = "no_address"
    """It tells no address."""
    NOT_VERIFIED = "not_verified"
    """It does not say that the address is the person's own."""


class IdentityRefused(Error):
    """The provider's answer lets nobody in."""

    def __init__(self, why_not: WhyNot, why: str = "") -> None:
        super().__init__(why or why_not.value)
        self.why_not = why_not


class IdentityUnavailable(Error):
    """The provider cannot be asked just now, or says of itself what is not right."""


class Identity(Protocol):
    """A provider. All raise IdentityUnavailable: if it cannot be asked."""

    def way_in(self, sign_in: SignIn) -> str:
        """The address of its page, where somebody signs in."""
        ...

    def address(self, sign_in: SignIn, answer: Mapping[str, str]) -> Address:
        """The verified address of whom its page sent back to us with `answer`. Raises IdentityRefused."""
        ...

    def way_out(self) -> str:
        """The address where somebody signs out there as well; "" where it has none."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...
