"""Secrets from SSM Parameter Store or Secrets Manager: asked for once by each start, and only those a function needs.

TODOKE_SECRETS_PATH is a path of parameters, such as /todoke/prod/, or /aws/reference/secretsmanager/todoke/prod/ for
secrets of Secrets Manager, which Parameter Store hands through. Each is named as its environment variable is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from todoke.errors import ConfigError
from todoke.settings import Settings

PATH = "TODOKE_SECRETS_PATH"
NEEDED: Mapping[str, tuple[str, ...]] = {
    "web": (
        "TODOKE_SECRET",
        "TODOKE_CMC_HOOK_SECRET",
        "TODOKE_CMC_WEBHOOK_KEY",
        "TODOKE_SES_HOOK_SECRET",
    ),
    "sender": ("TODOKE_SECRET", "TODOKE_CMC_API_KEY", "TODOKE_SMTP_PASSWORD"),
    "sweep": ("TODOKE_SECRET", "TODOKE_CMC_API_KEY", "TODOKE_SMTP_PASSWORD"),
}
"""What each function may read. Who takes forms cannot send mail, and who sends mail cannot forge an event. The store
derives places in the table from the first, so each has that."""

Ask = Callable[[Sequence[str]], Mapping[str, Any]]
"""GetParameters of these names, decrypted: the service's answer."""


def with_secrets(
    environ: Mapping[str, str], function: str, ask: Ask | None = None
) -> dict[str, str]:
    """`environ` with the secrets that `function` needs; those it has already are not asked for.

    Raises ConfigError: if the store of secrets cannot be read. One that is not there is left out.
    """
    path = environ.get(PATH, "")
    missing = [name for name in NEEDED[function] if not environ.get(name)]
    if not path or not missing:
        return dict(environ)
    prefix = f"{path.rstrip('/')}/"
    answer = (ask or _get_parameters)([prefix + name for name in missing])
    found = {
        parameter["Name"].removeprefix(prefix): parameter["Value"]
        for parameter in answer["Parameters"]
    }
    return {**environ, **{name: found[name] for name in missing if name in found}}


def require_secret(environ: Mapping[str, str]) -> None:
    """Raises ConfigError: if todoke's own secret is missing, which every function needs."""
    if not environ.get("TODOKE_SECRET"):
        raise _missing("TODOKE_SECRET", environ)


def require_secrets(settings: Settings, function: str, environ: Mapping[str, str]) -> None:
    """Raises ConfigError: if a secret of the mail service is missing without which `function` could do nothing."""
    for name in (
        _needed_to_take_events(settings) if function == "web" else _needed_to_send(settings)
    ):
        raise _missing(name, environ)


def _needed_to_take_events(settings: Settings) -> Iterator[str]:
    """The missing secrets without which no event of the mail service would be taken."""
    cloud, ses = settings.mail.customers_mail_cloud, settings.mail.ses
    if settings.mail.service == "customers-mail-cloud" and cloud.webhook and not cloud.hook_secret:
        yield "TODOKE_CMC_HOOK_SECRET"
    if settings.mail.service == "ses" and ses.topics and not ses.hook_secret:
        yield "TODOKE_SES_HOOK_SECRET"


def _needed_to_send(settings: Settings) -> Iterator[str]:
    """The missing secrets without which no mail could be handed over. SES needs none: the function's role may send."""
    cloud, smtp = settings.mail.customers_mail_cloud, settings.mail.smtp
    if settings.mail.service == "customers-mail-cloud" and not cloud.api_key:
        yield "TODOKE_CMC_API_KEY"
    if settings.mail.service == "smtp" and smtp.user and not smtp.password:
        yield "TODOKE_SMTP_PASSWORD"


def _missing(name: str, environ: Mapping[str, str]) -> ConfigError:
    where = environ.get(PATH, "").rstrip("/")
    place = f"the parameter {where}/{name}" if where else f"{name} in the environment"
    return ConfigError(f"{name} is missing. Set {place} (see docs/aws.md, secrets).")


def _get_parameters(names: Sequence[str]) -> Mapping[str, Any]:
    from botocore.exceptions import BotoCoreError, ClientError

    from todoke.entry.aws.clients import client

    try:
        answer: Mapping[str, Any] = client("ssm").get_parameters(
            Names=list(names), WithDecryption=True
        )
    except (BotoCoreError, ClientError) as error:
        raise ConfigError(f"The secrets {', '.join(names)} cannot be read: {error}") from error
    return answer
