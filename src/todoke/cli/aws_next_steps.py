"""What is left to do by hand once todoke is deployed: where forms post to, where the webhook calls, and the like."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from todoke.aws.deploy.secrets import secrets_path
from todoke.configuration import read
from todoke.model.own_url import own_url
from todoke.model.settings import MailSettings
from todoke.services.table import service_named


def next_steps(
    config: Path, outputs: Mapping[str, str], parameters: Mapping[str, str]
) -> Iterator[str]:
    """A line for each thing that only the site's owner can do. Raises ConfigError: if todoke.toml cannot be read."""
    door = outputs["DoorUrl"]
    settings = read(config, {"TODOKE_DOOR_URL": door, **os.environ}, serving=False)
    yield "Next:"
    for name in settings.forms:
        yield f"  let the page of form {name} post to {own_url(door, f'/f/{name}')}"
    yield from _webhook(settings.mail, door, secrets_path(parameters))
    if "SiteBucket" in outputs:
        yield f"  put your site there: aws s3 sync YOUR-FOLDER s3://{outputs['SiteBucket']}"
        yield f"  it is at {outputs['SiteUrl']}"
    if not parameters.get("AlarmAddress"):
        yield "  be told when something fails: deploy again with the parameter AlarmAddress"


def _webhook(mail: MailSettings, door: str, path: str) -> Iterator[str]:
    service = service_named(mail.service)
    for secret in service.secrets:
        if secret.opens_hook and secret.is_needed(mail.own):
            yield f"  {service.hook_steps}"
            yield f"    {own_url(door, f'/hooks/{service.name}/')} + what is in {path}/{secret.variable}"
            return
