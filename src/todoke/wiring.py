"""The application: settings and the ports they chose. `build` is the one place where objects are wired."""

from __future__ import annotations

from collections.abc import Mapping

from todoke.model.errors import ConfigError, Error
from todoke.model.settings import Settings
from todoke.ports.bucket import Bucket
from todoke.ports.clock import Clock
from todoke.ports.events import EventSource
from todoke.ports.mailer import Mailer
from todoke.ports.outbox import ReadChange
from todoke.ports.records import Records
from todoke.ports.store import Store
from todoke.walk.app import App, utc_now

SERVICES_WITH_TOKENS = frozenset({"customers-mail-cloud", "ses"})
"""Services whose events bring the attempt's token and recipient back. SES does in all that it publishes through a
configuration set; its older notifications of an identity have no tags, and are found by their recipient."""


def build(settings: Settings, *, clock: Clock = utc_now) -> App:
    """Wire the store, the mailer, the event sources and the records that the settings ask for.

    Adapters are imported here and nowhere else, and only those in use. Raises StoreError: if the store cannot be
    opened. ConfigError: if the service is not one of ours.
    """
    bucket = _open_bucket(settings)
    return App(
        settings=settings,
        store=open_store(settings, clock=clock, bucket=bucket),
        mailer=_mailer(settings),
        sources=_sources(settings),
        records=_records(settings),
        bucket=bucket,
        clock=clock,
    )


def build_to_serve(settings: Settings, *, clock: Clock = utc_now) -> App:
    """As `build`, for the one process that takes forms and hands over mails.

    Raises ConfigError also: if another process does that with the same data.
    """
    from todoke.stores.sqlite.lock import begin_serving
    from todoke.stores.sqlite.store import SqliteStore

    app = build(settings, clock=clock)
    if isinstance(app.store, SqliteStore):
        try:
            begin_serving(app.store)
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
    return SqliteStore(settings.data / "todoke.db")


def is_served(settings: Settings) -> bool:
    """Whether a process of this machine serves the store; of a table in DynamoDB that cannot be told: False."""
    from todoke.stores.sqlite.lock import is_served as served

    return not settings.table and served(settings.data)


def read_change(store: Store) -> ReadChange:
    """What reads the records of the store's change stream: DynamoDB's, for no other store has one."""
    from todoke.stores.dynamodb.store import DynamoStore
    from todoke.stores.dynamodb.stream import read_change as read

    return store.read_change if isinstance(store, DynamoStore) else read


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
            tokened=SERVICES_WITH_TOKENS,
            bucket=bucket,
        )
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"TODOKE_TABLE needs {error.name}. Install it: pip install 'todoke[aws]'"
        ) from error


def _mailer(settings: Settings) -> Mailer:
    if settings.mail.service == "smtp":
        from todoke.services.smtp.mailer import SmtpMailer

        return SmtpMailer(settings)
    if settings.mail.service == "customers-mail-cloud":
        from todoke.services.customers_mail_cloud.mailer import CustomersMailCloudMailer

        return CustomersMailCloudMailer(settings)
    if settings.mail.service == "ses":
        from todoke.services.ses.mailer import SesMailer

        return SesMailer(settings)
    raise ConfigError(f"mail.service is {settings.mail.service!r}, which todoke does not know.")


def _sources(settings: Settings) -> Mapping[str, EventSource]:
    if settings.mail.service == "ses" and settings.mail.ses.topics:
        from todoke.services.ses.events import SesEvents

        ses = SesEvents(settings.mail.ses)
        return {ses.name: ses}
    cloud = settings.mail.customers_mail_cloud
    if settings.mail.service != "customers-mail-cloud" or not cloud.webhook:
        return {}
    from todoke.services.customers_mail_cloud.events import CustomersMailCloudEvents

    source = CustomersMailCloudEvents(cloud)
    return {source.name: source}


def _records(settings: Settings) -> Records | None:
    if settings.mail.service != "customers-mail-cloud":
        return None
    from todoke.services.customers_mail_cloud.records import CustomersMailCloudRecords

    return CustomersMailCloudRecords(settings.mail.customers_mail_cloud)
