"""`todoke webhooks`: what each webhook was told, and what the owner may do about it."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

from todoke.cli.open import opened, settings_for
from todoke.cli.output import clean_line, print_json, print_line, style
from todoke.model import ids
from todoke.model.errors import ConfigError
from todoke.model.notice import KeptNotice, Notice, NoticeTry, NoticeType
from todoke.model.settings import Settings
from todoke.model.show import rfc3339, show_clock
from todoke.model.webhook import Webhook
from todoke.model.webhook_key import CHANNEL_URLS, WEBHOOK_SECRETS
from todoke.model.zone import Zone
from todoke.ports.store import Store
from todoke.walk.app import utc_now
from todoke.walk.notices.off import off_since, turn_on
from todoke.walk.notices.tell import try_webhook
from todoke.wiring import open_courier


def show(config: Path, *, limit: int, as_json: bool) -> int:
    """List the webhooks and their newest notices; 1 when one of them is off."""
    with opened(config) as (settings, store):
        off = [_show_one(store, hook, settings, limit, as_json) for hook in _all(settings)]
    if not off and not as_json:
        print_line(
            "There is no webhook and no channel: [webhooks.NAME] or [channels.NAME] in todoke.toml makes one."
        )
    return 1 if any(off) else 0


def redeliver(config: Path, notice_id: str) -> int:
    """Have a notice told again; 1 when there is none of this id."""
    with opened(config) as (_, store):
        is_due = store.redeliver(notice_id, utc_now())
    if not is_due:
        sys.stderr.write(f"todoke: There is no notice {clean_line(notice_id)}.\n")
        return 1
    print_line("It is told again, within seconds where todoke serves.")
    return 0


def enable(config: Path, name: str) -> int:
    """Have a webhook told again what waits for it. Raises ConfigError: if there is none of this name."""
    with opened(config) as (settings, store):
        _named(settings, name)
        was_off = off_since(store, name)
        turn_on(store, name, utc_now())
    print_line("It is told what waits for it." if was_off else "It was not off.")
    return 0


def test(config: Path, name: str, *, as_json: bool) -> int:
    """Post a test notice once; 1 when it was not taken. Raises ConfigError: without the webhook, or its secret."""
    settings, now = settings_for(config), utc_now()
    webhook, courier = _named(settings, name), open_courier(settings)
    if not webhook.is_ready or courier is None:
        if webhook.is_channel:
            raise ConfigError(f"{CHANNEL_URLS} has no address of {name}.")
        raise ConfigError(f"{WEBHOOK_SECRETS} has no secret of {name}.")
    place = ids.time_digits(now) + ids.new_attempt_token()[:16]
    notice = Notice(id=place, webhook=name, type=NoticeType.TEST, at=now)
    tried = try_webhook(courier, settings, webhook, notice, now)
    if as_json:
        print_json({"webhook": name, "id": notice.id, **_try(tried)})
    else:
        status = "" if webhook.is_channel else f" ({tried.status})"
        print_line(f"{name} took it{status}." if not tried.fault else _why(tried))
    return 1 if tried.fault else 0


def _all(settings: Settings) -> list[Webhook]:
    return list(settings.webhooks.values())


def _named(settings: Settings, name: str) -> Webhook:
    webhook = settings.webhooks.get(name)
    if webhook is None:
        known = ", ".join(settings.webhooks) or "none"
        raise ConfigError(
            f"There is no webhook or channel {clean_line(name)} in todoke.toml: {known}."
        )
    return webhook


def _show_one(
    store: Store, webhook: Webhook, settings: Settings, limit: int, as_json: bool
) -> bool:
    """Print one webhook and its notices; whether it is off."""
    off, zone = off_since(store, webhook.name), settings.site.time_zone
    kept = store.notices(webhook.name, limit=limit).notices
    if as_json:
        for one in kept:
            print_json(_row(one, off))
        return off is not None
    print_line(f"{style(webhook.name, 'bold')}  {webhook.place}")
    if off:
        words = f"OFF since {_clock(off, zone)}: it said that it is gone (410)."
        print_line(f"  {style(words, 'red')} todoke webhooks --enable {webhook.name}")
    for one in kept:
        notice, last = one.notice, one.tries[-1] if one.tries else None
        said = f"  ({_why(last)})" if last and last.fault else ""
        about = notice.submission_id or notice.form
        row = (_clock(notice.at, zone), notice.type.value, about, _shown(one) + said, notice.id)
        print_line("  " + "\t".join(map(clean_line, row)))
    if not kept:
        print_line("  nothing yet")
    return off is not None


def _state(kept: KeptNotice) -> str:
    """In a word for programs."""
    return "waits" if kept.due_at else "told" if kept.was_told else "given_up"


def _shown(kept: KeptNotice) -> str:
    state, tries = _state(kept), len(kept.tries)
    return f"{state}, tried {tries} times" if kept.due_at and tries else state.replace("_", " ")


def _row(kept: KeptNotice, off: datetime | None) -> dict[str, object]:
    notice = kept.notice
    return {
        "webhook": notice.webhook,
        "id": notice.id,
        "type": notice.type.value,
        "at": rfc3339(notice.at),
        "form": notice.form,
        "submission": notice.submission_id or None,
        "state": _state(kept),
        "due_at": rfc3339(kept.due_at) if kept.due_at else None,
        "off": off is not None,
        "tries": [_try(tried) for tried in kept.tries],
    }


def _try(tried: NoticeTry) -> dict[str, object]:
    return {"at": rfc3339(tried.at), "status": tried.status or None, "fault": tried.fault or None}


_WORDS = {
    "channel": "Apprise could not hand it over",
    "no_apprise": "Apprise is not installed here (todoke[channels])",
    "bad_address": "its address in the environment is none that Apprise knows",
    "no_answer": "no connection, or no answer that is HTTP",
    "timed_out": "no answer in time",
    "certificate": "its certificate is not good for this name",
    "unresolved": "its name has no address",
    "not_public": "its address is not in the public internet (allow_private)",
    "redirect": "it answered with a redirect, which is not followed",
    "gone": "it is gone",
}


def _why(tried: NoticeTry) -> str:
    words = _WORDS.get(tried.fault, "it refused")
    return f"{words} ({tried.status})" if tried.status else words


def _clock(at: datetime, zone: Zone) -> str:
    return show_clock(rfc3339(at), zone)
