"""Secrets from SSM Parameter Store or Secrets Manager: asked for once by each start, and only those a function needs.

TODOKE_SECRETS_PATH is a path of parameters, such as /todoke/prod/, or /aws/reference/secretsmanager/todoke/prod/ for
secrets of Secrets Manager, which Parameter Store hands through. Each is named as its environment variable is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from todoke.errors import ConfigError
from todoke.settings import Settings

PATH = "TODOKE_SECRETS_PATH"
NEEDED: Mapping[str, tuple[str, ...]] = {
    "web": ("TODOKE_SECRET", "TODOKE_CMC_HOOK_SECRET", "TODOKE_CMC_WEBHOOK_KEY"),
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
    cloud, smtp = settings.mail.customers_mail_cloud, settings.mail.smtp
    service, is_web = settings.mail.service, function == "web"
    if service == "customers-mail-cloud" and is_web and not cloud.hook_secret:
        raise _missing("TODOKE_CMC_HOOK_SECRET", environ)
    if service == "customers-mail-cloud" and not is_web and not cloud.api_key:
        raise _missing("TODOKE_CMC_API_KEY", environ)
    if service == "smtp" and not is_web and smtp.user and not smtp.password:
        raise _missing("TODOKE_SMTP_PASSWORD", environ)


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
