"""What todoke.toml and the environment say, read once at the start. Values, which know no mail service by name."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import TypeVar

import msgspec

from todoke.model.address import NOBODY, Address
from todoke.model.captcha import CaptchaProvider
from todoke.model.delivery import Ceiling
from todoke.model.dns_list import DnsList
from todoke.model.form import Form, Site
from todoke.model.mail import Mailbox
from todoke.model.person import DEFAULT_DESK, DeskSettings
from todoke.model.return_path import ReturnPath
from todoke.model.signal import THRESHOLD
from todoke.model.webhook import Webhooks


class Secret:
    """A text that never shows itself: not in repr, str, logs or tracebacks. `reveal()` gives it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself; call it only where it leaves the process for its purpose."""
        return self._text

    @property
    def values(self) -> tuple[str, ...]:
        """What counts as this secret, parted by a comma: two while one takes the place of the other."""
        return tuple(part for part in map(str.strip, self._text.split(",")) if part)

    def matches(self, stated: str) -> bool:
        """Whether `stated` is one of the values. Each is compared in constant time, and all of them always."""
        given = stated.encode("utf-8", "surrogatepass")
        values = self.values or ("",)
        same = [hmac.compare_digest(given, v.encode("utf-8", "surrogatepass")) for v in values]
        return any(same) and bool(given)

    def __bool__(self) -> bool:
        return bool(self._text)

    def __repr__(self) -> str:
        return "Secret(***)" if self._text else "Secret()"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)


NO_SECRET = Secret("")
CONNECT_SECONDS = 10.0
"""How long connecting to a mail service may take, unless its own timeout is shorter."""
TABLE = "TODOKE_TABLE"
"""The environment variable that names the DynamoDB table: where it is set, functions of AWS hand mails over."""


FUNCTION_SECONDS = 280.0
"""How long the shorter of the functions that hand over may run (aws/deploy/template.yaml; a test compares the two)."""
ORIGIN_SECRET = "TODOKE_ORIGIN_SECRET"  # noqa: S105 - its name
"""The variable of what a CloudFront before the door on AWS sends with each request (docs/aws.md, floods)."""
SPARE_SECONDS = 10.0
"""Of that, what is left for storing what came of a mail."""


def named_table(environ: Mapping[str, str]) -> str:
    """The DynamoDB table that the environment names; "" on one machine."""
    return environ.get(TABLE, "").strip()


Networks = tuple[IPv4Network | IPv6Network, ...]


class Lock(msgspec.Struct, frozen=True):
    """What opens a service's hook: its secret (an empty one opens nothing), and where it may be called from.

    No `networks`: from anywhere.
    """

    secret: Secret = NO_SECRET
    networks: Networks = ()


class Room(msgspec.Struct, frozen=True, kw_only=True):
    """What a mail service takes of files in one mail: octets once encoded, and how many. None: it states no bound."""

    octets: int | None = None
    files: int | None = None


class ServiceSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What may be asked of any mail service's settings. Each service has a class of its own; this one is for none.

    `timeout_seconds` is how long one step of a hand-over may take.
    """

    timeout_seconds: float = 30.0

    @property
    def ceiling(self) -> Ceiling:
        """The best that the service can prove of a mail it took, set up like this."""
        return Ceiling.HANDED_OVER

    @property
    def return_path(self) -> ReturnPath | None:
        """Where a mail comes back to that is returned to us and not to the service; None where none is set."""
        return None

    @property
    def confirms_failures(self) -> bool:
        """Whether a failure that a webhook tells counts only once the service's records confirm it."""
        return False

    @property
    def slowest_seconds(self) -> float:
        """How long one hand-over may take at most: to connect, to write the mail, and to read the answer."""
        return min(CONNECT_SECONDS, self.timeout_seconds) + 2 * self.timeout_seconds

    @property
    def fits_function(self) -> bool:
        """Whether a function of AWS could begin a hand-over and be sure to see its end."""
        return self.slowest_seconds + SPARE_SECONDS < FUNCTION_SECONDS

    @property
    def host(self) -> str:
        """The host that mails are handed to, "" where the settings name none."""
        return ""

    @property
    def room(self) -> Room:
        """What the service takes of files in one mail, that of the texts left out."""
        return Room()

    @property
    def lock(self) -> Lock:
        """What opens the service's hook; nothing does where it has none."""
        return Lock()


NO_SERVICE = ServiceSettings()
Own = TypeVar("Own", bound=ServiceSettings)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSettings:
    """How mail leaves. `service` names one in services/table.py, and `own` are that service's own settings.

    A message that stays deferred is given up after `give_up_after`; a service with delivery events that says nothing
    for `expect_events_within` makes it read `unknown`. `lease` is how long one hand-over may take before another
    may begin; `concurrency` how many run at once. `look_up_domains`: the DNS is asked whether a visitor's takes mail.
    """

    service: str
    sender: Mailbox
    reply_to: Address = NOBODY
    envelope_sender: Address = NOBODY
    concurrency: int = 8
    give_up_after: timedelta = timedelta(days=4)
    expect_events_within: timedelta = timedelta(hours=24)
    lease: timedelta = timedelta(minutes=5)
    look_up_domains: bool = False
    own: ServiceSettings = NO_SERVICE

    def own_as(self, kind: type[Own]) -> Own:
        """The chosen service's own settings, which are of this kind. Raises TypeError: if they are another's."""
        if not isinstance(self.own, kind):
            raise TypeError(f"The settings of {self.service} are {type(self.own).__name__}.")
        return self.own

    @property
    def envelope_domain(self) -> str:
        """In ASCII, the domain that returned mail goes to unless the service takes it itself."""
        path = self.own.return_path
        own = path.address if path else self.envelope_sender
        return (own or self.sender.address).ascii_domain


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardSettings:
    """How suspicion is dealt with: where a form says nothing else, whether `review` holds what weighs `threshold`, and
    whether a `digest` of what is held is mailed once a day.

    `captcha` is whose tokens the forms that ask for one bring; `dns_lists` are asked about each sender's address.
    """

    review: bool = True
    threshold: int = THRESHOLD
    digest: bool = True
    captcha: CaptchaProvider | None = None
    dns_lists: tuple[DnsList, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All of it. `data` is the folder of the store, or `table` the DynamoDB table that is it ("" for none).

    `uploads` is the bucket beside the table that keeps the contents of files ("" for none); within 24 hours it is
    offered for no more than `uploads_a_day` bytes.

    `secret` (32 bytes or more) derives receipt links and sessions, and places in the store; `templates` is the site
    owner's folder of mail templates, None for ours. `metrics_token` opens the figures from elsewhere.
    """

    site: Site
    mail: MailSettings
    forms: Mapping[str, Form]
    data: Path
    secret: bytes
    templates: Path | None = None
    table: str = ""
    uploads: str = ""
    max_corrections: int = 3
    max_confirmations: int = 0
    max_confirmations_of_network: int = 0
    max_confirmations_of_form: int = 0
    max_confirmations_of_site: int = 0
    pauses_confirmations: bool = False
    max_alerts: int = 0
    max_mails_per_day: int = 0
    repeat_window: timedelta = timedelta(minutes=10)
    trusted_proxies: int = 0
    most_from_one_address: int = 1_000
    uploads_a_day: int = 20 * 1024**3
    metrics_token: Secret = NO_SECRET
    oidc_secret: Secret = NO_SECRET
    captcha_secret: Secret = NO_SECRET
    desk: DeskSettings = DEFAULT_DESK
    guard: GuardSettings = GuardSettings()
    webhooks: Webhooks = field(default_factory=dict)

    def form(self, name: str) -> Form:
        """The form of this name; of one that is no longer here, one that takes any fields."""
        return self.forms.get(name) or Form(name=name)
