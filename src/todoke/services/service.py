"""What a mail service is to the rest of todoke: one frozen value. It imports no service."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

import msgspec

from todoke.model.settings import ServiceSettings, Settings
from todoke.ports.diagnosis import Consultation, ServiceDoctor
from todoke.ports.events import EventSource
from todoke.ports.mailer import Mailer
from todoke.ports.records import Records
from todoke.ports.suppressions import SuppressionSource
from todoke.toml.table import Table

S = TypeVar("S", bound=ServiceSettings)


class Choice(msgspec.Struct, frozen=True):
    """What mail.service says. Unless `serving`, no mail leaves, so what only a hand-over needs may be missing."""

    service: str
    serving: bool = True

    def demands(self, name: str) -> bool:
        """Whether the settings of this service must be whole: it will be used."""
        return self.serving and self.service == name


class ServiceSecret(msgspec.Struct, Generic[S], frozen=True, kw_only=True):
    """A secret of a service: the key that people would look for, and the environment variable it is in.

    `opens_hook` says who may read it: who takes events, or else who hands mails over; never both. `is_needed` tells by
    the settings whether nothing goes without it. `random_bytes` is how long the owner makes it, 0 where the service
    gives it out.
    """

    key: str
    variable: str
    is_needed: Callable[[S], bool]
    opens_hook: bool = False
    random_bytes: int = 0


class Service(msgspec.Struct, Generic[S], frozen=True, kw_only=True):
    """A mail service. What its settings alone decide (ceiling, lock, time limits) is in its class of ServiceSettings.

    `section` is its table below [mail], with `keys`. `read` turns that table and the environment into settings, noting
    faults; of a service that is not chosen only those in what the file states. The `open_` functions import an adapter
    when they are called and not before. They raise ConfigError: if the settings do not allow it, or a library is
    missing.
    """

    name: str
    """As mail.service, attempts and events name it, and its hook's path."""
    title: str
    """As people call it."""
    section: str
    keys: tuple[str, ...]
    read: Callable[[Table, Mapping[str, str], Choice], S]
    open_mailer: Callable[[Settings], Mailer]
    open_doctor: Callable[[Consultation], ServiceDoctor]
    open_events: Callable[[S], EventSource | None] = lambda _: None
    """None where the settings let no events in."""
    open_records: Callable[[S], Records | None] = lambda _: None
    open_suppressions: Callable[[S], SuppressionSource | None] = lambda _: None
    secrets: tuple[ServiceSecret[S], ...] = ()
    misplaced: Mapping[tuple[str, str], str] = {}
    """Further places (section and key) where people look for a secret, each with its environment variable."""
    modules: tuple[str, ...] = ()
    """What must be importable to use it, beyond what is always installed."""
    extra: str = ""
    """The extra of the package that installs `modules`."""
    libraries: frozenset[str] = frozenset()
    """Requirements of the extra that no other service uses: a package for Lambda leaves them out without it."""
    tells_tokens: bool = False
    """Whether its events bring the attempt's token and recipient back, so that no index by its own id is needed."""
    hook_steps: str = ""
    """Where its owner states the hook's address, in words that end before that address."""
    lifts: bool = False
    """Whether an address is taken off its suppression list by a call; as its SuppressionSource says."""
    lift: str = ""
    """How an address leaves its suppression list by hand, in words; "" where nothing particular is known."""
    misfit: Callable[[S, Mapping[str, str]], str] = lambda _settings, _parameters: ""
    """What is wrong with the parameters of our AWS template, in words that follow the configuration's name."""
