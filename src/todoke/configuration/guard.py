"""[guard]: what is done about submissions that look suspicious."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from todoke.model.captcha import CAPTCHA_SECRET, PROVIDERS
from todoke.model.dns_list import DnsList, read_dns_list
from todoke.model.form import Form
from todoke.model.settings import GuardSettings, Secret
from todoke.model.signal import LEAST_THRESHOLD, THRESHOLD
from todoke.toml.findings import ERROR, Findings
from todoke.toml.secrets import text_secret
from todoke.toml.table import Table

MOST_DNS_LISTS = 4
"""One is asked after the other, and a submission waits."""


def read_guard(table: Table) -> GuardSettings:
    """Read [guard]; faults are noted in the table's findings."""
    return GuardSettings(
        review=table.flag("review", default=True),
        threshold=table.number("threshold", THRESHOLD, least=LEAST_THRESHOLD, most=100),
        digest=table.flag("digest", default=True),
        dns_lists=_read_dns_lists(table),
        captcha=PROVIDERS.get(table.text("captcha", among=tuple(PROVIDERS))),
    )


def _read_dns_lists(table: Table) -> tuple[DnsList, ...]:
    texts = table.texts("dns_lists")
    if len(texts) > MOST_DNS_LISTS:
        table.error("dns_lists", f"names {len(texts)} lists; there may be {MOST_DNS_LISTS}.")
    found: dict[str, DnsList] = {}
    for number, text in enumerate(texts, start=1):
        one = read_dns_list(text)
        if one is None:  # perhaps with somebody's key in it: it is not told
            hint = 'Write "list.example.org", or "list.example.org=127.0.0.[2..9]" for some of its answers.'
            table.error(
                "dns_lists", f"has a list, number {number}, that is no name of a zone.", hint
            )
        elif one.has_homes:
            table.warn(
                "dns_lists",
                f"has a list, number {number}, with the addresses of ordinary homes: honest visitors would be listed.",
                'Name the answers that count, such as "zen.spamhaus.org=127.0.0.[2..9]" (docs/guard.md).',
            )
        if one is not None:
            found[one.zone] = one
    return tuple(found.values())


def read_captcha_secret(
    findings: Findings,
    environ: Mapping[str, str],
    guard: GuardSettings,
    forms: Iterable[Form],
    *,
    serving: bool,
) -> Secret:
    """What is shown to the provider of the captcha. Noted are a secret that is missing, and forms that ask in vain."""
    asking = [form for form in forms if form.captcha]
    for form in asking:
        if guard.captcha is None:
            findings.error(
                ("forms", form.name, "captcha"),
                "asks for a captcha, and [guard] does not say whose.",
                f'Write `captcha = "{next(iter(PROVIDERS))}"` there.',
            )
        elif not form.review:
            findings.warn(
                ("forms", form.name, "captcha"),
                "asks for a captcha that nobody looks at: nothing of this form is held for review.",
                "Add `review = true`, to it or to [guard].",
            )
    secret = text_secret(environ, CAPTCHA_SECRET)
    if serving and asking and guard.captcha and not secret:
        findings.note(
            ERROR,
            (),
            f"{CAPTCHA_SECRET} is missing: forms ask for a captcha, and its provider asks for our secret.",
            "It is what the provider shows beside the site key.",
            place=("the environment", 0),
        )
    return secret
