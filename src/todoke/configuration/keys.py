"""Every key of todoke.toml, by section; those of a mail service are its own to say.

docs/configuration.md has a heading for each; a test compares the two.
"""

from __future__ import annotations

from todoke.model.captcha import CAPTCHA_SECRET
from todoke.model.oidc import OIDC_SECRET
from todoke.model.webhook_key import CHANNEL_URLS, WEBHOOK_SECRETS
from todoke.services.table import SERVICES
from todoke.toml.schema import Schema

KEYS: dict[str, tuple[str, ...]] = {
    "": ("site", "mail", "desk", "guard", "webhooks", "channels", "forms"),
    "site": (
        "name",
        "url",
        "door_url",
        "accent",
        "logo",
        "origins",
        "language",
        "time_zone",
        "alert_to",
        "max_corrections",
        "max_confirmations",
        "max_confirmations_of_network",
        "max_confirmations_of_form",
        "max_confirmations_of_site",
        "pause_confirmations",
        "max_alerts",
        "max_mails_per_day",
        "repeat_window",
        "trusted_proxies",
        "most_from_one_address",
        "uploads_a_day",
        "hsts",
    ),
    "guard": ("review", "threshold", "digest", "captcha", "dns_lists"),
    "desk": ("owners", "managers", "readers", "managers_enter", "idle", "longest", "oidc"),
    "webhooks.NAME": ("url", "events", "forms", "answers", "allow_private", "any_port"),
    "channels.NAME": ("events", "forms", "language"),
    "desk.oidc": ("issuer", "client_id", "name", "trust_unstated_addresses", "only"),
    "mail": (
        "service",
        "from",
        "reply_to",
        "envelope_sender",
        "templates",
        "concurrency",
        "give_up_after",
        "expect_events_within",
        "lease",
        "look_up_domains",
        *(service.section for service in SERVICES.values()),
    ),
    **{f"mail.{service.section}": service.keys for service in SERVICES.values()},
    "forms.NAME": (
        "title",
        "subject",
        "attach",
        "numbered",
        "review",
        "ask_about_typos",
        "proof_of_work",
        "captcha",
        "language",
        "page",
        "select",
        "page_url",
        "charset",
        "fields",
        "managers",
        "confirmation",
        "redirect",
        "retention",
        "limits",
        "dialect",
        "keys",
        "honeypot",
    ),
    "forms.NAME.fields": (
        "name",
        "type",
        "label",
        "required",
        "multiple",
        "minlength",
        "maxlength",
        "min",
        "max",
        "step",
        "pattern",
        "title",
        "options",
        "accept",
        "placeholder",
        "value",
        "max_files",
        "max_file_size",
    ),
    "forms.NAME.managers": ("to", "field", "by_value", "directory", "fallback"),
    "forms.NAME.confirmation": ("field", "subject", "include_answers", "receipt_link"),
    "forms.NAME.limits": (
        "body",
        "fields",
        "field",
        "files",
        "file",
        "uploads",
        "part_header",
        "time",
    ),
}

SECRETS: dict[tuple[str, str], str] = {
    ("site", "secret"): "TODOKE_SECRET",
    ("site", "metrics_token"): "TODOKE_METRICS_TOKEN",
    ("guard", "secret"): CAPTCHA_SECRET,
    ("guard", "captcha_secret"): CAPTCHA_SECRET,
    ("desk.oidc", "secret"): OIDC_SECRET,
    ("desk.oidc", "client_secret"): OIDC_SECRET,
    ("channels.NAME", "url"): CHANNEL_URLS,
    ("webhooks.NAME", "secret"): WEBHOOK_SECRETS,
    ("webhooks.NAME", "secrets"): WEBHOOK_SECRETS,
}
"""Keys that people would look for in the file, and the environment variable each belongs in."""
for _service in SERVICES.values():
    SECRETS |= {(f"mail.{_service.section}", s.key): s.variable for s in _service.secrets}
    SECRETS |= _service.misplaced

SCHEMA = Schema(KEYS, SECRETS)

ENVIRONMENT = (
    "TODOKE_DATA",
    "TODOKE_TABLE",
    "TODOKE_UPLOADS",
    "TODOKE_SECRET",
    *(secret.variable for service in SERVICES.values() for secret in service.secrets),
    "TODOKE_CONFIG",
    "TODOKE_LOG",
    "TODOKE_METRICS_TOKEN",
    OIDC_SECRET,
    CAPTCHA_SECRET,
    CHANNEL_URLS,
    WEBHOOK_SECRETS,
    "TODOKE_DOOR_URL",
    "TODOKE_SECRETS_FROM",
    "TODOKE_SECRETS_PATH",
)
"""Every environment variable that is read."""
