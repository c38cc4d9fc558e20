"""Reading addresses of the web in the configuration: pages, origins, redirects, services."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

from todoke.model.loopback import is_loopback
from todoke.model.url import origin_of, wire_url
from todoke.toml.findings import ERROR
from todoke.toml.table import Table

_BARE = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z]{2,}(?=[:/]|\Z)", re.IGNORECASE)
"""A host's name where an address begins."""


def read_url(table: Table, key: str, default: str = "", *, secure: bool = False) -> str:
    """The URL under `key`, as it goes over the wire: absolute, http or https, without user, query or fragment, and with
    no slash at its end.

    With `secure`, http is only allowed to this machine.
    """
    text = table.text(key, default)
    if not text or text == default:
        return text.rstrip("/")
    fault = _fault(text)
    if fault:
        hint = f'Write `{key} = "https://{text}"`.' if _BARE.match(text) else ""
        table.error(key, f"is {text!r}: {fault}", hint)
        return default
    parts = urlsplit(text)
    if parts.query or parts.fragment:
        table.error(key, f"is {text!r}: it must end before any ? or #.")
        return default
    if secure and parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        table.error(key, "sends the API key unencrypted.", "Use https://.")
    return wire_url(text).rstrip("/")


def read_whole_url(table: Table, key: str) -> str:
    """The URL under `key` as it goes over the wire, with its query and whatever it ends in; "" with a finding."""
    text = table.text(key, required=True)
    if text and (fault := _fault(text)):
        table.error(key, f"is no address to post to: {fault}")
        return ""
    return wire_url(text).partition("#")[0]


def environ_url(table: Table, variable: str, text: str) -> str:
    """The URL that a variable of the environment holds, judged as one of the file; no slash at its end."""
    fault = _fault(text)
    if fault:
        table.findings.note(
            ERROR, (), f"{variable} is {text!r}: {fault}", place=("the environment", 0)
        )
    return wire_url(text).rstrip("/")


def read_origins(table: Table, site_url: str) -> tuple[str, ...]:
    """The origins whose pages may post (RFC 6454: scheme, host, port); by default that of the site's URL."""
    origins = []
    for position, text in enumerate(table.texts("origins")):
        path = (*table.at("origins"), position)
        if text == "*":
            table.findings.error(path, "any origin is not allowed by a star.", "List each origin.")
        elif fault := _fault(text):
            table.findings.error(path, f"{text!r} is not an origin: {fault}")
        elif text.rstrip("/").count("/") > 2 or "?" in text or "#" in text:
            table.findings.error(
                path,
                f"{text!r} is more than an origin.",
                f"Write {origin_of(text)!r}, without a path.",
            )
        else:
            origins.append(origin_of(text))
    if not origins and site_url:
        origins.append(origin_of(site_url))
    return tuple(dict.fromkeys(origins))


def read_redirect(table: Table, site_url: str) -> str:
    """Where a browser goes after a submission: an absolute URL, or a path of the site; as it goes over the wire."""
    text = table.text("redirect")
    if text.startswith("/") and not text.startswith(("//", "/\\")):
        if not site_url:
            table.error(
                "redirect",
                "is a path, and the site has no url.",
                "Set site.url, or write the whole URL.",
            )
            return ""
        return wire_url(origin_of(site_url) + text)
    if text and (fault := _fault(text)):
        table.error("redirect", f"is {text!r}: {fault}", 'Write "/thanks.html" or "https://...".')
        return ""
    return wire_url(text)


def _fault(text: str) -> str:
    """What is wrong with `text` as an absolute http(s) URL; "" when nothing is."""
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018 it raises when the port is none
    except ValueError:
        return "its host or port cannot be read."
    if parts.scheme not in ("http", "https"):
        return "it must begin with https:// (or http://)."
    return _host_fault(text, parts) or ("" if wire_url(text) else "its host is none.")


def _host_fault(text: str, parts: SplitResult) -> str:
    if not parts.hostname:
        return "it names no host."
    if "@" in parts.netloc:
        return "it must not hold a user or password."
    if "\\" in text or any(c.isspace() for c in text):
        return "it holds a space or a backslash."
    return ""
