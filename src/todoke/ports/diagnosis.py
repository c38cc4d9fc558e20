"""What `todoke doctor` says (a check and its verdict), and what it needs of a mail service to say it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

import msgspec

from todoke.model.settings import Settings
from todoke.ports.clock import Clock


class Verdict(StrEnum):
    """How a check came out."""

    GOOD = "good"
    WARN = "warn"
    """It works, and something about it should be better."""
    BAD = "bad"
    """It does not work, or mail will be lost or refused for it."""
    UNKNOWN = "unknown"
    """It could not be found out."""


class Check(msgspec.Struct, frozen=True):
    """One check: its name, how it came out, one sentence, and what to do ("" when nothing is)."""

    name: str
    status: Verdict
    says: str
    do: str = ""


class DomainNeeds(msgspec.Struct, frozen=True, kw_only=True):
    """What sending through a service asks of the From domain's DNS.

    `include` is the SPF include that speaks for the service (a pattern, "" where it is not known), `include_words` the
    same for people; `signs` whether it signs for the From domain (None: not known), with `cnames` as the DKIM names
    and where each leads. `envelope` is the domain that mail is returned to: "" where that is one of the service's, and
    None where it is not known. `guide` is the page that says how to set the service up.
    """

    include: str = ""
    include_words: str = ""
    signs: bool | None = None
    cnames: Sequence[tuple[str, str]] = ()
    envelope: str | None = ""
    guide: str = "docs/services"


class Consultation(msgspec.Struct, frozen=True, kw_only=True):
    """What the doctor may do: take so many `seconds` for a question, and ask for records only if wished."""

    settings: Settings
    seconds: float
    clock: Clock
    may_ask_records: bool = False

    @property
    def own_addresses(self) -> Sequence[str]:
        """Those that the site itself depends on: alerts go there, and what visitors send."""
        forms = self.settings.forms.values()
        managers = (address for form in forms for address in form.managers.fixed)
        return tuple(dict.fromkeys([*self.settings.site.alert_to, *managers]))


class ServiceDoctor(Protocol):
    """What a mail service says of us without a mail. Safe to call from several threads; nothing is asked twice.

    `url` answers over HTTP, so that its clock can be compared; "" for a service without one. The methods raise
    ConfigError: if what they need is not installed.
    """

    @property
    def url(self) -> str:
        """See the class."""
        ...

    def look_at_mail(self) -> list[Check]:
        """Whether the service answers and knows us, and how it is set up."""
        ...

    def needs_of_domain(self) -> DomainNeeds:
        """What the From domain's DNS should say."""
        ...
