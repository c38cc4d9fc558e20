"""What is left to do by hand once todoke is deployed: where forms post to, where the webhook calls, and the like."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from todoke.configuration import read
from todoke.model.settings import MailSettings


def next_steps(
    config: Path, outputs: Mapping[str, str], parameters: Mapping[str, str]
) -> Iterator[str]:
    """A line for each thing that only the site's owner can do. Raises ConfigError: if todoke.toml cannot be read."""
    door = outputs["DoorUrl"]
    settings = read(config, {"TODOKE_DOOR_URL": door, **os.environ}, serving=False)
    yield "Next:"
    for name in settings.forms:
        yield f"  let the page of form {name} post to {door}/f/{name}"
    yield from _webhook(settings.mail, door, parameters.get("SecretsPath", ""))
    if "SiteBucket" in outputs:
        yield f"  put your site there: aws s3 sync YOUR-FOLDER s3://{outputs['SiteBucket']}"
        yield f"  it is at {outputs['SiteUrl']}"
    if not parameters.get("AlarmAddress"):
        yield "  be told when something fails: deploy again with the parameter AlarmAddress"


def _webhook(mail: MailSettings, door: str, path: str) -> Iterator[str]:
    if mail.service == "customers-mail-cloud" and mail.customers_mail_cloud.webhook:
        yield "  in the console of Customers Mail Cloud, let the webhook call"
        yield f"    {door}/hooks/customers-mail-cloud/ + what is in {path}/TODOKE_CMC_HOOK_SECRET"
    if mail.service == "ses" and mail.ses.topics:
        yield "  let the topic of Amazon SNS call, as a subscription by https,"
        yield f"    {door}/hooks/ses/ + what is in {path}/TODOKE_SES_HOOK_SECRET"
