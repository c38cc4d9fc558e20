"""Amazon SES, as the table has it."""

from __future__ import annotations

from collections.abc import Mapping

from todoke.model.settings import Settings
from todoke.ports.diagnosis import Consultation, ServiceDoctor
from todoke.ports.events import EventSource
from todoke.ports.mailer import Mailer
from todoke.ports.suppressions import SuppressionSource
from todoke.services.service import Service, ServiceSecret
from todoke.services.ses.settings import HOOK_SECRET, KEYS, NAME, SesSettings, read_ses


def _open_mailer(settings: Settings) -> Mailer:
    from todoke.services.ses.mailer import SesMailer

    return SesMailer(settings)


def _open_events(ses: SesSettings) -> EventSource | None:
    if not ses.topics:
        return None
    from todoke.services.ses.events import SesEvents

    return SesEvents(ses)


def _open_suppressions(ses: SesSettings) -> SuppressionSource:
    from todoke.services.ses.suppressions import SesSuppressions

    return SesSuppressions(ses)


def _open_doctor(consultation: Consultation) -> ServiceDoctor:
    from todoke.services.ses.doctor import SesDoctor

    return SesDoctor(consultation)


def _misfit(ses: SesSettings, parameters: Mapping[str, str]) -> str:
    """The functions need a right to the identity and to the configuration set."""
    if not parameters.get("SesIdentityArn"):
        return "mails through Amazon SES: give the parameter SesIdentityArn, the identity it sends from."
    given = parameters.get("SesConfigurationSet", "")
    if ses.configuration_set != given:
        return (
            f"sends with the configuration set {ses.configuration_set!r}, and the parameter SesConfigurationSet is"
            f" {given!r}: the functions could use none but that one."
        )
    return ""


SES: Service[SesSettings] = Service(
    name=NAME,
    title="Amazon SES",
    section="ses",
    keys=KEYS,
    read=read_ses,
    open_mailer=_open_mailer,
    open_events=_open_events,
    open_doctor=_open_doctor,
    open_suppressions=_open_suppressions,
    # What sends is no secret of ours: botocore finds the credentials, and on Lambda the function's role may send.
    secrets=(
        ServiceSecret(
            key="hook_secret",
            variable=HOOK_SECRET,
            is_needed=lambda ses: bool(ses.topics),
            opens_hook=True,
            random_bytes=16,
        ),
    ),
    misplaced={
        ("mail.ses", "access_key_id"): "AWS_ACCESS_KEY_ID",
        ("mail.ses", "secret_access_key"): "AWS_SECRET_ACCESS_KEY",
    },
    modules=("botocore", "cryptography"),
    extra="aws",
    libraries=frozenset({"cryptography"}),
    # In all that it publishes through a configuration set; the older notifications of an identity have no tags, and
    # are found by their recipient.
    tells_tokens=True,
    lifts=True,
    hook_steps="let the topic of Amazon SNS call, as a subscription by https,",
    misfit=_misfit,
)
