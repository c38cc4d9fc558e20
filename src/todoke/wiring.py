"""The application: settings and the ports they chose. `build` is the one place where objects are wired."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from todoke.model.errors import ConfigError, Error
from todoke.model.log import keep_security_log
from todoke.model.settings import Settings
from todoke.model.submission import EntryList
from todoke.ports.bucket import Bucket
from todoke.ports.captcha import CaptchaVerifier
from todoke.ports.clock import Clock
from todoke.ports.courier import Courier
from todoke.ports.identity import Identity
from todoke.ports.outbox import ReadChange
from todoke.ports.store import Store
from todoke.services.table import TOKENED, service_named
from todoke.toml.secrets import secret_keeper
from todoke.walk.app import App, utc_now
from todoke.walk.commits import Commits
from todoke.walk.silence import note_expected


def build(settings: Settings, *, clock: Clock = utc_now) -> App:
    """Wire the store, the mailer and what else the settings ask for: event sources, records, the suppression list.

    Stores are imported here and adapters by the service that is chosen, and only those in use. Raises StoreError: if
    the store cannot be opened. ConfigError: if there is no such service, or its settings do not allow it.
    """
    bucket, own = _open_bucket(settings), settings.mail.own
    service = service_named(settings.mail.service)
    source = service.open_events(own)
    return App(
        settings=settings,
        store=open_store(settings, clock=clock, bucket=bucket),
        mailer=service.open_mailer(settings),
        sources={source.name: source} if source else {},
        records=service.open_records(own),
        suppressions=service.open_suppressions(own),
        bucket=bucket,
        courier=open_courier(settings),
        captcha=_open_captcha(settings),
        clock=clock,
        identity=_open_identity(settings),
    )


def build_to_serve(settings: Settings, *, address: str = "", clock: Clock = utc_now) -> App:
    """As `build`, for the one process that takes forms and hands over mails: at `address`, as seen from this machine.

    Raises ConfigError also: if another process does that with the same data.
    """
    from todoke.stores.sqlite.lock import begin_serving
    from todoke.stores.sqlite.store import SqliteStore

    app = build(settings, clock=clock)
    if isinstance(app.store, SqliteStore):
        try:
            begin_serving(app.store, address)
            note_expected(app.shelf, settings.mail.expect_events_within)
        except Error:
            app.store.close()
            raise
    return app


def open_store(
    settings: Settings, *, clock: Clock = utc_now, bucket: Bucket | None = None
) -> Store:
    """The DynamoDB table of `settings.table` if one is named, else the file in `settings.data`, made if need be.

    `bucket` is the one beside the table; by default that of the settings, if they name one.
    """
    if settings.table:
        return _open_table(settings, clock, bucket or _open_bucket(settings))
    from todoke.stores.sqlite.store import SqliteStore

    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    keep_security_log(settings.data / "security.log")
    return SqliteStore(
        settings.data / "todoke.db",
        on_rescue=secret_keeper(settings.data),
        secrets=_secrets(settings),
    )


def is_served(settings: Settings) -> bool:
    """Whether a process of this machine serves the store; of a table in DynamoDB that cannot be told: False."""
    from todoke.stores.sqlite.lock import is_served as served

    return not settings.table and served(settings.data)


def served_at(settings: Settings) -> str:
    """The address at which a process of this machine serves the store; "" where none does, or it gave none."""
    from todoke.stores.sqlite.lock import served_at as address

    return "" if settings.table else address(settings.data)


def commits_of(store: Store) -> Commits | None:
    """How the store's writes went since it was opened; None of one that counts none."""
    from todoke.stores.sqlite.store import SqliteStore

    return store.commits if isinstance(store, SqliteStore) else None


def loss_of(store: Store) -> str:
    """What happened to the store's files while it was open, where all lies that was accepted, and what to do; or "".

    Asked after the store is closed: then it is the last word.
    """
    from todoke.stores.sqlite.store import SqliteStore

    if not isinstance(store, SqliteStore) or store.loss is None:
        return ""
    what, saved = store.loss.what, store.loss.saved
    if saved is None:
        return f"{what}, and what it held could not be saved: what was accepted and is in no backup is lost."
    if saved == store.path:
        return f"{what}; all that was accepted is in {saved}. Start todoke again."
    return f"{what}; all that was accepted until then is saved in {saved}. docs/store.md tells how to go on with it."


def read_change(store: Store) -> ReadChange:
    """What reads the records of the store's change stream: DynamoDB's, for no other store has one."""
    from todoke.stores.dynamodb.store import DynamoStore
    from todoke.stores.dynamodb.stream import read_change as read

    return store.read_change if isinstance(store, DynamoStore) else read


NumberedAhead = Callable[[Sequence[Mapping[str, Any]]], AbstractContextManager[None]]


def numbered_ahead(store: Store) -> NumberedAhead:
    """What numbers the submissions of several records of the store's change stream at once, while they are handled."""
    from todoke.stores.dynamodb.store import DynamoStore

    return store.numbered_ahead if isinstance(store, DynamoStore) else lambda _: nullcontext()


def _secrets(settings: Settings) -> Callable[[str, EntryList], frozenset[str]]:
    """Which answers nobody can look for, by the settings of their form."""

    def secrets(form: str, entries: EntryList) -> frozenset[str]:
        from todoke.forms.secret import secret_names

        return secret_names(settings.forms.get(form), entries)

    return secrets


def _open_identity(settings: Settings) -> Identity | None:
    if settings.desk.oidc is None:
        return None
    from todoke.identity.provider import open_identity

    return open_identity(settings)


def open_courier(settings: Settings) -> Courier | None:
    """What posts notices; None where there are no webhooks."""
    if not settings.webhooks:
        return None
    from todoke.webhooks.courier import HttpCourier

    if any(webhook.is_channel for webhook in settings.webhooks.values()):
        from todoke.webhooks.channel import ChannelCourier

        return ChannelCourier(HttpCourier())
    return HttpCourier()


def _open_captcha(settings: Settings) -> CaptchaVerifier | None:
    """None also where the secret is not: only who takes forms has it."""
    provider = settings.guard.captcha
    if provider is None or not settings.captcha_secret:
        return None
    from todoke.captcha.siteverify import Siteverify

    return Siteverify(provider, settings.captcha_secret, settings.site.hosts)


def _open_bucket(settings: Settings) -> Bucket | None:
    if not settings.uploads:
        return None
    from todoke.stores.dynamodb.s3_bucket import S3Bucket

    return S3Bucket(settings.uploads)


def _open_table(settings: Settings, clock: Clock, bucket: Bucket | None) -> Store:
    try:
        from todoke.stores.dynamodb.store import DynamoStore

        return DynamoStore(
            settings.table,
            secret=settings.secret,
            clock=clock,
            tokened=TOKENED,
            bucket=bucket,
            secrets=_secrets(settings),
            numbered=frozenset(f.name for f in settings.forms.values() if f.numbered),
        )
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"TODOKE_TABLE needs {error.name}. Install it: pip install 'todoke[aws]'"
        ) from error
