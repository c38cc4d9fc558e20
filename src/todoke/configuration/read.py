"""Read todoke.toml and the environment into Settings, finding every fault on the way."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from todoke.configuration.channels import read_channels
from todoke.configuration.desk import read_desk, with_judges
from todoke.configuration.dialect import check_keys
from todoke.configuration.forms import read_form
from todoke.configuration.guard import read_captcha_secret, read_guard
from todoke.configuration.keys import KEYS, SCHEMA
from todoke.configuration.mail import read_mail, read_templates
from todoke.configuration.site import read_site
from todoke.configuration.webhooks import read_webhooks
from todoke.model.errors import ConfigError
from todoke.model.form import Form, Site
from todoke.model.oidc import OIDC_SECRET
from todoke.model.person import DeskSettings
from todoke.model.settings import Secret, Settings, named_table
from todoke.stores.sqlite.file_system import network_file_system
from todoke.toml.findings import ERROR, NOTE, WARNING, Finding, Findings
from todoke.toml.permissions import loose_files
from todoke.toml.places import places
from todoke.toml.secrets import decode_secret, kept_secret, text_secret
from todoke.toml.syntax import syntax_fault
from todoke.toml.table import Table
from todoke.toml.text import NotUtf8, read_utf8

DEFAULT_DATA = "./data"
METRICS_TOKEN = "TODOKE_METRICS_TOKEN"  # noqa: S105 the variable's name
_NO_FILE = "Go to the folder of todoke.toml, or say with --config where the file is."
LAMBDA_ATTACHES = 5 * 1024**2
_UNSAVED_SECRET = b""
_TOKEN = re.compile(r"[A-Za-z0-9\-._~+/]{15,}[A-Za-z0-9\-._~+/=]+")
"""What a bearer token may hold (RFC 6750 2.1); shorter ones can be guessed."""


def read(path: Path, environ: Mapping[str, str], *, serving: bool = True) -> Settings:
    """The settings that the file at `path` and the environment state.

    The secret of a new data folder is made here. Unless `serving` (to list, say, or to export), no secret is needed,
    and nothing is written. Raises ConfigError: if anything is wrong; it tells the first fault with file, line and
    key, and how many more there are.
    """
    settings, findings, _ = _read(path, environ, dry=not serving, serving=serving)
    faults = [finding for finding in findings.found if finding.severity == ERROR]
    if faults or settings is None:
        more = f" ({len(faults) - 1} more: see `todoke check`)" if len(faults) > 1 else ""
        raise ConfigError(f"{faults[0]}{more}")
    return settings


def check(
    path: Path,
    environ: Mapping[str, str],
    *,
    notes: bool = False,
    rehearse: Callable[[Form], Iterable[Finding]] | None = None,
) -> list[Finding]:
    """Every fault of the configuration, in the order of the file, and with `notes` what is no fault.

    `rehearse` tells what of a form can never be sent, and is asked of each form that has no error yet; of what has no
    file it is this one. Nothing is written.
    """
    settings, noted, forms = _read(path, environ, dry=True)
    good = [form for form in forms.values() if not _has_error(noted, form)]
    for told in (told for form in good for told in (rehearse(form) if rehearse else ())):
        place = (told.file, told.line) if told.file else None
        noted.note(told.severity, tuple(told.key.split(".")), told.message, told.hint, place=place)
    findings = noted.found
    if settings and settings.templates:
        findings += _template_faults(path, settings.templates, settings)
    if settings and not settings.table and (kind := network_file_system(settings.data)):
        findings.append(
            Finding(
                WARNING,
                "the environment",
                0,
                "TODOKE_DATA",
                f"{settings.data} lies on another machine ({kind}): who opens the store from there damages it.",
                "Let it lie on a disk of this machine (docs/store.md).",
            )
        )
    if settings:
        data = None if settings.table else settings.data
        findings += [
            Finding(WARNING, str(loose.path), 0, "", f"{loose}.", loose.mend)
            for loose in loose_files(data, path)
        ]
    return sorted(
        (finding for finding in findings if notes or finding.severity != NOTE),
        key=lambda finding: (finding.file != str(path), finding.file, finding.line),
    )


def _has_error(noted: Findings, form: Form) -> bool:
    key = f"forms.{form.name}"
    return any(f.severity == ERROR and f"{f.key}.".startswith(f"{key}.") for f in noted.found)


def data_folder(environ: Mapping[str, str]) -> Path:
    """Where the store lies: TODOKE_DATA, or ./data."""
    return Path(environ.get("TODOKE_DATA") or DEFAULT_DATA).absolute()


def _read(
    path: Path, environ: Mapping[str, str], *, dry: bool = False, serving: bool = True
) -> tuple[Settings | None, Findings, dict[str, Form]]:
    """The settings, None where there is an error; what was found, and the forms all the same."""
    try:
        text = read_utf8(path)
        document = tomllib.loads(text)
    except OSError as error:
        fault = Finding(ERROR, str(path), 0, "", f"cannot be read: {error.strerror}.", _NO_FILE)
    except NotUtf8 as error:
        fault = Finding(ERROR, str(path), 0, "", str(error), error.hint)
    except tomllib.TOMLDecodeError as error:
        fault = syntax_fault(str(path), text, error)
    else:
        findings = Findings(str(path), places(text))
        folder = path.absolute().parent
        settings, forms = _read_document(
            document, folder, environ, findings, dry=dry, serving=serving
        )
        return settings, findings, forms
    return None, Findings(str(path), {}, [fault]), {}


def _read_document(
    document: dict[str, Any],
    folder: Path,
    environ: Mapping[str, str],
    findings: Findings,
    *,
    dry: bool,
    serving: bool,
) -> tuple[Settings | None, dict[str, Form]]:
    top = Table(findings, SCHEMA, "", (), document)
    for section in ("site", "mail"):
        if section not in top:
            top.error(section, f"is missing: the file has no [{section}].")
    site = read_site(top.table("site", "site"), environ, folder)
    mail_table = top.table("mail", "mail")
    mail = read_mail(mail_table, environ, serving=serving)
    templates = read_templates(mail_table, folder)
    guard = read_guard(top.table("guard", "guard"))
    forms = _read_forms(top, site.site, folder, review=guard.review)
    desk = read_desk(top.table("desk", "desk"), top.mapping("forms"))
    forms = with_judges(findings, site.site, forms, desk)
    webhooks = read_webhooks(top, environ, forms, serving=serving and not dry)
    webhooks |= read_channels(
        top, environ, forms, webhooks, language=site.site.language, serving=serving and not dry
    )
    _check_who_is_told(findings, site.site, forms)
    check_keys(findings, forms.values())
    secret = _read_secret(findings, environ, dry=dry)
    metrics_token = _read_metrics_token(findings, environ)
    oidc_secret = _read_oidc_secret(findings, environ, desk, serving=serving)
    captcha_secret = read_captcha_secret(findings, environ, guard, forms.values(), serving=serving)
    _check_uploads(findings, environ)
    _check_attached(findings, environ, forms)
    if any(finding.severity == ERROR for finding in findings.found):
        return None, forms
    settings = Settings(
        site=site.site,
        mail=mail,
        forms=forms,
        data=data_folder(environ),
        table=named_table(environ),
        uploads=environ.get("TODOKE_UPLOADS", "").strip(),
        secret=secret,
        templates=templates,
        max_corrections=site.max_corrections,
        max_confirmations=site.max_confirmations,
        max_confirmations_of_network=site.max_confirmations_of_network,
        max_confirmations_of_form=site.max_confirmations_of_form,
        max_confirmations_of_site=site.max_confirmations_of_site,
        pauses_confirmations=site.pauses_confirmations,
        max_alerts=site.max_alerts,
        max_mails_per_day=site.max_mails_per_day,
        repeat_window=site.repeat_window,
        trusted_proxies=site.trusted_proxies,
        most_from_one_address=site.most_from_one_address,
        uploads_a_day=site.uploads_a_day,
        metrics_token=metrics_token,
        oidc_secret=oidc_secret,
        captcha_secret=captcha_secret,
        desk=desk,
        guard=guard,
        webhooks=webhooks,
    )
    return settings, forms


def _read_forms(top: Table, site: Site, folder: Path, *, review: bool) -> dict[str, Form]:
    forms: dict[str, Form] = {}
    keys = [key for key, value in top.mapping("forms").items() if not isinstance(value, dict)]
    if loose := [key for key in keys if key in KEYS["forms.NAME"]]:
        said = f"has {', '.join(loose)} itself, and they belong to a form, which has a name."
        top.error("forms", said, "Write for instance [forms.contact] above them.")
        return forms
    for name, values in top.mapping("forms").items():
        table = Table(top.findings, top.schema, "forms.NAME", ("forms", name), values)
        forms[name] = read_form(table, name, site, folder, review=review)
    if not forms:
        top.error("forms", "is missing: there is no form.", "Add [forms.contact].")
    return forms


def _check_attached(
    findings: Findings, environ: Mapping[str, str], forms: Mapping[str, Form]
) -> None:
    """A function of AWS has 256 MB, and a mail takes eight times of it what its files have."""
    for form in forms.values():
        if named_table(environ) and form.attach > LAMBDA_ATTACHES:
            findings.error(
                ("forms", form.name, "attach"),
                "is more than a function of AWS has memory for.",
                'Write "5MB" at most; what is larger is at the desk.',
            )


def _check_who_is_told(findings: Findings, site: Site, forms: Mapping[str, Form]) -> None:
    """Note the forms whose only manager would be told of a mail that failed to reach that manager."""
    alone = [name for name, form in forms.items() if _has_lone_manager(form, site)]
    if alone:
        findings.note(
            NOTE,
            ("site", "alert_to"),
            f"nobody is told when a mail to the only manager of {', '.join(alone)} fails.",
            "Name another address there, at another domain if there is one.",
        )


def _has_lone_manager(form: Form, site: Site) -> bool:
    rule = form.managers
    named = [*rule.by_value.values(), *rule.directory.values()]
    told = [(*rule.fixed, *site.alert_to, *some) for some in (*named, rule.fallback)]
    return any(len({address.key for address in some}) == 1 for some in told)


def _read_secret(findings: Findings, environ: Mapping[str, str], *, dry: bool) -> bytes:
    text = environ.get("TODOKE_SECRET", "")
    if text:
        secret = decode_secret(text)
        if secret is None:
            findings.note(
                ERROR,
                (),
                "TODOKE_SECRET must hold 32 bytes or more in hex or base 64.",
                "For instance the output of `openssl rand -hex 32`.",
                place=("the environment", 0),
            )
        return secret or _UNSAVED_SECRET
    if named_table(environ):
        findings.note(
            ERROR,
            (),
            "TODOKE_SECRET is missing: with TODOKE_TABLE no folder keeps it.",
            "Set it to the output of `openssl rand -hex 32`, the same wherever the table is used.",
            place=("the environment", 0),
        )
    faulty = any(finding.severity == ERROR for finding in findings.found)
    return _UNSAVED_SECRET if dry or faulty else kept_secret(data_folder(environ))


def _read_metrics_token(findings: Findings, environ: Mapping[str, str]) -> Secret:
    token = text_secret(environ, METRICS_TOKEN)
    if not all(_TOKEN.fullmatch(value) for value in token.values):
        findings.note(
            ERROR,
            (),
            f"{METRICS_TOKEN} must be 16 characters or more, each a letter, a digit or one of -._~+/=",
            "For instance the output of `openssl rand -hex 16`.",
            place=("the environment", 0),
        )
    return token


def _read_oidc_secret(
    findings: Findings, environ: Mapping[str, str], desk: DeskSettings, *, serving: bool
) -> Secret:
    secret = text_secret(environ, OIDC_SECRET)
    if serving and desk.oidc and not secret:
        findings.note(
            ERROR,
            (),
            f"{OIDC_SECRET} is missing: [desk.oidc] is there, and its provider asks for our secret.",
            "It is what the provider shows when our client is registered there.",
            place=("the environment", 0),
        )
    return secret


def _check_uploads(findings: Findings, environ: Mapping[str, str]) -> None:
    if environ.get("TODOKE_UPLOADS", "").strip() and not named_table(environ):
        findings.note(
            ERROR,
            (),
            "TODOKE_UPLOADS is a bucket beside a table, and TODOKE_TABLE is missing.",
            "On one machine files are kept with all else; leave TODOKE_UPLOADS out.",
            place=("the environment", 0),
        )


def _template_faults(path: Path, folder: Path, settings: Settings) -> list[Finding]:
    """What is wrong with the site owner's mail templates, each rendered with sample values."""
    from todoke.mail.compose import check_templates  # noqa: PLC0415 only `todoke check` renders

    return [
        Finding(
            ERROR if fault.fails else WARNING,
            fault.file or str(path),
            fault.line,
            "mail.templates",
            fault.message,
            fault.hint,
        )
        for fault in check_templates(folder, settings)
    ]
