"""Secrets from SSM Parameter Store or Secrets Manager: asked for once by each start, and only those a function needs.

TODOKE_SECRETS_PATH is where they are, such as /todoke/prod: each has this before the name of its environment variable.
TODOKE_SECRETS_FROM says in which of the two. What a CloudFront before the door proves itself with is in Secrets Manager
always: that stack draws it there, and from nowhere else can CloudFormation give it to CloudFront.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from todoke.model.captcha import CAPTCHA_SECRET
from todoke.model.errors import ConfigError
from todoke.model.log import get_logger
from todoke.model.oidc import OIDC_SECRET
from todoke.model.settings import ORIGIN_SECRET, Settings
from todoke.model.webhook_key import WEBHOOK_SECRETS
from todoke.services.table import SERVICES, service_named
from todoke.toml.secrets import text_secret

log = get_logger(__name__)

PATH = "TODOKE_SECRETS_PATH"
FROM = "TODOKE_SECRETS_FROM"
SECRETS_MANAGER = "secrets-manager"
"""What FROM says for Secrets Manager; anything else is Parameter Store."""


def _secrets(*, open_hooks: bool) -> tuple[str, ...]:
    found = (secret for service in SERVICES.values() for secret in service.secrets)
    return ("TODOKE_SECRET", *(s.variable for s in found if s.opens_hook is open_hooks))


BEHIND_CLOUDFRONT = "TODOKE_BEHIND_CLOUDFRONT"
"""Says "yes" where a CloudFront stands before the door, and ORIGIN_SECRET is needed."""

NEEDED: Mapping[str, tuple[str, ...]] = {
    "web": (*_secrets(open_hooks=True), OIDC_SECRET, CAPTCHA_SECRET),
    "sender": _secrets(open_hooks=False),
    "sweep": (*_secrets(open_hooks=False), WEBHOOK_SECRETS),
}
"""What each function may read. Who takes forms cannot send mail, and who sends mail cannot forge an event; the sweep
tells webhooks. The store derives places in the table from the first, so each has that."""

_LEAST_ORIGIN_CHARACTERS = 32

Ask = Callable[[Sequence[str]], Mapping[str, str]]
"""The values of these names, decrypted; one that is not there is left out."""
AskVersions = Callable[[str], Sequence[str]]
"""The versions of a secret that are good: the current one, and the one before it; none where it is not there."""


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
    values = (ask or _asker(environ))([prefix + name for name in missing])
    found = {name.removeprefix(prefix): value for name, value in values.items()}
    return {**environ, **{name: found[name] for name in missing if name in found}}


def with_origin_secret(
    environ: Mapping[str, str], ask: AskVersions | None = None
) -> dict[str, str]:
    """`environ` with what CloudFront proves itself with, where one stands before the door.

    Raises ConfigError: if Secrets Manager cannot be read. One that is not there is left out.
    """
    path = environ.get(PATH, "")
    if environ.get(BEHIND_CLOUDFRONT) != "yes" or environ.get(ORIGIN_SECRET) or not path:
        return dict(environ)
    current, *before = (ask or _versions)(f"{path.rstrip('/')}/{ORIGIN_SECRET}") or ("",)
    # One before it that is too short was a mistake that the current one mends.
    good = [value for value in before if len(value) >= _LEAST_ORIGIN_CHARACTERS]
    return {**environ, ORIGIN_SECRET: " ".join([current, *good])}


def _asker(environ: Mapping[str, str]) -> Ask:
    return _from_secrets_manager if environ.get(FROM) == SECRETS_MANAGER else _from_parameter_store


def require_secret(environ: Mapping[str, str]) -> None:
    """Raises ConfigError: if todoke's own secret is missing, which every function needs."""
    if not environ.get("TODOKE_SECRET"):
        raise _missing("TODOKE_SECRET", environ)


def require_secrets(settings: Settings, function: str, environ: Mapping[str, str]) -> None:
    """Raises ConfigError: if a secret is missing that `function` needs: the mail service's, or another provider's."""
    mail = settings.mail
    if function == "web" and settings.desk.oidc and not settings.oidc_secret:
        raise _missing(OIDC_SECRET, environ)
    asks = any(form.captcha for form in settings.forms.values())
    if function == "web" and asks and not settings.captcha_secret:
        raise _missing(CAPTCHA_SECRET, environ)
    for secret in service_named(mail.service).secrets:
        is_ours = secret.opens_hook is (function == "web")
        if is_ours and secret.is_needed(mail.own) and not text_secret(environ, secret.variable):
            raise _missing(secret.variable, environ)


def origin_secrets(environ: Mapping[str, str]) -> tuple[str, ...]:
    """What a CloudFront before the door may send: values with spaces between, for one may take another's place.

    None where anybody may ask. Raises ConfigError: if the door is behind CloudFront and there is none, or a short one.
    """
    if environ.get(BEHIND_CLOUDFRONT) != "yes":
        return ()
    values = tuple(environ.get(ORIGIN_SECRET, "").split())
    if not values:
        raise _missing(ORIGIN_SECRET, {**environ, FROM: SECRETS_MANAGER})
    if any(len(value) < _LEAST_ORIGIN_CHARACTERS for value in values):
        raise ConfigError(
            f"{ORIGIN_SECRET} is shorter than {_LEAST_ORIGIN_CHARACTERS} characters, and could be guessed."
        )
    return values


def _missing(name: str, environ: Mapping[str, str]) -> ConfigError:
    where = environ.get(PATH, "").rstrip("/")
    kind = "secret" if environ.get(FROM) == SECRETS_MANAGER else "parameter"
    place = f"the {kind} {where}/{name}" if where else f"{name} in the environment"
    return ConfigError(f"{name} is missing. Set {place} (see docs/aws.md, secrets).")


def _from_parameter_store(names: Sequence[str]) -> Mapping[str, str]:
    from botocore.exceptions import BotoCoreError, ClientError

    from todoke.aws.functions.clients import client

    try:
        answer = client("ssm").get_parameters(Names=list(names), WithDecryption=True)
    except (BotoCoreError, ClientError) as error:
        raise ConfigError(f"The secrets {', '.join(names)} cannot be read: {error}") from error
    return {parameter["Name"]: parameter["Value"] for parameter in answer["Parameters"]}


def _from_secrets_manager(names: Sequence[str]) -> Mapping[str, str]:
    """One call for each: to ask for several in one needs a right over all secrets of the account."""
    found = {name: _read_secret(name) for name in names}
    return {name: value for name, value in found.items() if value is not None}


def _versions(name: str) -> tuple[str, ...]:
    """The one before is good as well: CloudFront sends it until its stack says otherwise."""
    found = (_read_secret(name, stage) for stage in ("AWSCURRENT", "AWSPREVIOUS"))
    return tuple(filter(None, found))


def _read_secret(name: str, stage: str = "AWSCURRENT") -> str | None:
    from botocore.exceptions import BotoCoreError, ClientError

    from todoke.aws.functions.clients import client

    try:
        answer = client("secretsmanager").get_secret_value(SecretId=name, VersionStage=stage)
        return str(answer["SecretString"])
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code == "AccessDeniedException":
            # Said of a secret that is not there, too: the role may read full names, and only what is there has one.
            log.info("secret_not_read", secret=name)
            return None
        if code == "ResourceNotFoundException":
            return None
        raise ConfigError(f"The secret {name} cannot be read: {error}") from error
    except (BotoCoreError, KeyError) as error:
        raise ConfigError(f"The secret {name} cannot be read: {error!r}") from error
