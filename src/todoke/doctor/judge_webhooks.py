"""What `todoke doctor` says of webhooks: whether each has a secret, an address that may be told, and is not off."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from todoke.model.webhook import Webhook
from todoke.model.webhook_key import CHANNEL_URLS, WEBHOOK_SECRETS
from todoke.ports.diagnosis import Check, Verdict

_SAYS = {
    "unresolved": (
        "its name has no address now",
        "Look at its url in todoke.toml, and at the DNS.",
    ),
    "not_public": (
        "its name leads to an address that is not public",
        "If that is meant, add `allow_private = true`; else look at the DNS.",
    ),
}


def judge_webhooks(
    webhooks: Iterable[Webhook],
    find: Callable[[Webhook], str],
    off: Mapping[str, datetime | None],
) -> list[Check]:
    """One check for each. `find` tells why it cannot be reached, as far as its name tells; `off` since when it is."""
    return [_judge(hook, find(hook), off.get(hook.name)) for hook in webhooks]


def _judge(webhook: Webhook, fault: str, off: datetime | None) -> Check:
    name = f"notices.{webhook.name}"
    if off is not None:
        words = "It said that it is gone (410), so it is told nothing."
        do = f"When it is back: todoke webhooks --enable {webhook.name}"
        return Check(name, Verdict.BAD, words, do)
    if fault:
        words, do = _SAYS[fault]
        return Check(name, Verdict.BAD, f"It cannot be told: {words}.", do)
    if not webhook.is_ready:
        words = f"Whether it has a secret is not known: {_where(webhook)} is not set here."
        return Check(name, Verdict.UNKNOWN, words, "Run this where todoke serves.")
    words = "It has a secret, and its address may be told."
    return Check(name, Verdict.GOOD, words, f"To try it: todoke webhooks --test {webhook.name}")


def _where(webhook: Webhook) -> str:
    return CHANNEL_URLS if webhook.is_channel else WEBHOOK_SECRETS
