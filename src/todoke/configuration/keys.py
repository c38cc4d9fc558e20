"""Every key of todoke.toml, by section. docs/configuration.md has a heading for each; a test compares the two."""

from __future__ import annotations

KEYS: dict[str, tuple[str, ...]] = {
    "": ("site", "mail", "forms"),
    "site": (
        "name",
        "url",
        "door_url",
        "origins",
        "language",
        "alert_to",
        "max_corrections",
        "repeat_window",
        "trusted_proxies",
    ),
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
        "smtp",
        "customers_mail_cloud",
    ),
    "mail.smtp": ("host", "port", "security", "user", "ca_file", "timeout"),
    "mail.customers_mail_cloud": ("url", "api_user", "time_zone", "timeout"),
    "forms.NAME": (
        "title",
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
    "forms.NAME.confirmation": ("field", "subject", "include_answers"),
    "forms.NAME.limits": ("body", "fields", "field", "files", "file", "part_header", "time"),
}

SECRETS: dict[tuple[str, str], str] = {
    ("site", "secret"): "TODOKE_SECRET",
    ("mail", "password"): "TODOKE_SMTP_PASSWORD",
    ("mail", "api_key"): "TODOKE_CMC_API_KEY",
    ("mail.smtp", "password"): "TODOKE_SMTP_PASSWORD",
    ("mail.customers_mail_cloud", "api_key"): "TODOKE_CMC_API_KEY",
    ("mail.customers_mail_cloud", "webhook_key"): "TODOKE_CMC_WEBHOOK_KEY",
    ("mail.customers_mail_cloud", "hook_secret"): "TODOKE_CMC_HOOK_SECRET",
}
"""Keys that people would look for in the file, and the environment variable each belongs in."""

ENVIRONMENT = (
    "TODOKE_DATA",
    "TODOKE_SECRET",
    "TODOKE_SMTP_PASSWORD",
    "TODOKE_CMC_API_KEY",
    "TODOKE_CMC_HOOK_SECRET",
    "TODOKE_CMC_WEBHOOK_KEY",
    "TODOKE_CONFIG",
    "TODOKE_LOG",
)
"""Every environment variable that is read."""
