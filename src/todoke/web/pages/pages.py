"""Pages: the Jinja2 environment, the headers every page carries, and the pages that any room may show.

Jinja2 is loaded with the first page, so that starting stays fast. Every value is escaped,
and loses control and bidirectional formatting characters on the way, so that no stored text can dress up a page.
Nothing inline: style and script come from /static with a strict Content-Security-Policy.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from starlette.responses import Response

from todoke.forms.control_fields import LOADED, is_control_name, is_control_of
from todoke.forms.secret import secret_names
from todoke.model.form import ControlKind, Form, Site
from todoke.model.language import N_, translator
from todoke.model.show import local_day, show_clock, show_rfc3339
from todoke.model.submission import EntryList, FieldError, FieldErrors
from todoke.model.url import origin_of
from todoke.web.pages.assets import LOGO, asset_url
from todoke.web.pages.controls import Uploaded, controls, hidden_values
from todoke.web.pages.echo import fitting

if TYPE_CHECKING:
    from jinja2 import Environment

_TEMPLATES = Path(__file__).with_name("templates")

# C0 and C1 controls but tab and line ends, and what Unicode calls Bidi_Control: they can make a text read as another.
_UNSEEN = dict.fromkeys((*range(9), 11, 12, *range(14, 32), *range(127, 160)))
_UNSEEN |= dict.fromkeys([0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])

_FIXED_HEADERS = {
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "x-robots-tag": "noindex, nofollow",
}


def security_headers(form_origins: Iterable[str] = (), upload_origin: str = "") -> dict[str, str]:
    """What every page carries.

    `form_origins` are further origins that a form of this page may end at: browsers apply form-action to the
    redirect that answers it, too (CSP 3, 6.4.1). `upload_origin` is where its script may put files.
    """
    forms = " ".join(["'self'", *sorted(set(form_origins))])
    connect = " ".join(filter(None, ["'self'", upload_origin]))
    policy = (
        "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; "
        f"connect-src {connect}; form-action {forms}; frame-ancestors 'none'; base-uri 'none'"
    )
    return {"content-security-policy": policy, **_FIXED_HEADERS}


def strip_controls(text: str) -> str:
    """`text` without characters that are not seen and change how the rest is read."""
    return text.translate(_UNSEEN)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 - 25 ms
    from markupsafe import Markup, escape  # noqa: PLC0415

    def finalize(value: object) -> object:
        return strip_controls(value) if type(value) is str else value

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        finalize=finalize,
    )

    def breakable(address: str) -> Markup:
        """An address that a narrow screen may break after its @ and before its dots, and nowhere else."""
        text = escape(strip_controls(address))
        return Markup(text.replace("@", Markup("@<wbr>")).replace(".", Markup("<wbr>.")))  # noqa: S704 - escaped

    environment.globals.update(show_time=show_rfc3339, show_clock=show_clock, local_day=local_day)
    environment.filters["breakable"] = breakable
    # What a person typed goes back into its control as it was; there it cannot disturb anything.
    environment.filters["typed"] = lambda text: Markup(escape(text))  # noqa: S704 - it is escaped right here
    return environment


def render(
    template: str,
    *,
    language: str,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    base: str = "",
    site: Site | None = None,
    form_origins: Iterable[str] = (),
    upload_origin: str = "",
    **values: Any,
) -> Response:
    """The page `template` filled with `values`, in `language`, in the looks of `site`, with the security headers.

    `base` stands before each path of ours. A template knows the site by `site` (its name), `site_url` (where a way
    back leads, unless `values` say another) and `logo` (the picture's path).
    """
    text = filled(template, language=language, base=base, site=site, **values)
    return Response(
        text.encode("utf-8", "replace"),  # a lone surrogate from JSON becomes "?", never an error
        status,
        {**security_headers(form_origins, upload_origin), **(headers or {})},
        "text/html; charset=utf-8",
    )


def filled(
    template: str, *, language: str, base: str = "", site: Site | None = None, **values: Any
) -> str:
    """The page itself, as `render` answers it."""
    translate = translator("pages", language).gettext
    # What stands between two sentences, and between the parts of a list.
    gap, comma = ("", "、") if language == "ja" else (" ", ", ")
    known = {"language": language, "base": base, "_": translate, "gap": gap, "comma": comma}
    return _environment().get_template(template).render(known | _look(site) | values)


def _look(site: Site | None) -> dict[str, Any]:
    return {
        "static": partial(asset_url, site=site),
        "site": site.name if site else "",
        "site_url": site.url if site else "",
        "logo": asset_url(LOGO, site) if site and site.logo else "",
    }


def error_page(  # noqa: PLR0913 - what a page of any room may add
    status: int,
    title: str,
    text: str,
    language: str,
    *,
    entries: EntryList = (),
    form: Form | None = None,
    action: str = "",
    headers: Mapping[str, str] | None = None,
    base: str = "",
    site: Site | None = None,
) -> Response:
    """A page that says what happened and what to do.

    With `entries` (of `form`) it shows what was typed, so that nothing is lost, and with `action` a button that posts
    it again. A secret is not among them: it is asked for anew.
    """
    entries, too_long = fitting(entries)
    secret = secret_names(form, entries)
    fields = {field.name: field for field in (form.fields if form else None) or ()}
    asked = dict.fromkeys(e.name for e in entries if e.name in secret and e.value)
    typed = [e for e in entries if isinstance(e.value, str) and e.name not in secret]
    labels = {name: field.label or name for name, field in fields.items()}
    steers = partial(is_control_of, form) if form else is_control_name
    return render(
        "error.html",
        language=language,
        status=status,
        headers=headers,
        base=base,
        form_origins=_origins(action),
        title=title,
        text=text,
        site=site,
        form_language=form.language if form else "",
        action=action if not too_long else "",
        too_long=[labels.get(name, name) for name in too_long],
        entries=typed,
        answers=[
            (
                labels.get(e.name, e.name),
                fields[e.name].in_words(e.value) if e.name in fields else e.value,
            )
            for e in typed
            if isinstance(e.value, str) and e.value.strip() and not steers(e.name)
        ],
        secrets=[(name, labels.get(name, name)) for name in asked],
        has_files=any(not isinstance(e.value, str) for e in entries),
    )


class Question(NamedTuple):
    """What a person is asked before their form is taken: in words, the address that may be meant, and all with it."""

    words: str
    address: str
    entries: EntryList


def answers_page(  # noqa: PLR0913 - what differs between an empty form and one that came back
    form: Form,
    entries: EntryList = (),
    errors: FieldErrors = (),
    language: str = "",
    status: int = 200,
    *,
    site: Site | None = None,
    action: str = "",
    base: str = "",
    form_origins: Iterable[str] = (),
    upload_origin: str = "",
    uploaded: tuple[Uploaded, ...] = (),
    question: Question | None = None,
    loaded: str = "",
    offers_work: bool = True,
) -> Response:
    """The form as a page of ours: empty (the hosted form), or "please check your answers" with what was typed kept.

    Works without JavaScript: an error summary that has the focus and links to each control, and each control with its
    own messages; or a question, with a button that answers it. Files cannot be kept by any browser; the page says that
    they must be chosen again, save those that are `uploaded`. `loaded` says when the page is loaded, and whether
    it `offers_work`; one that comes back says what it said before, so it offers that wherever the form may ask for it.
    """
    language = language or form.language
    entries, too_long = fitting(entries)
    errors = (*errors, *_not_shown(too_long, language))
    shown = controls(form, entries, errors, uploaded)
    unseen = hidden_values(form, entries)
    linked = {error.field for error in errors} & {control.name for control in shown}
    return render(
        "answers.html",
        language=language,
        status=status,
        base=base,
        form_origins=[*form_origins, *_origins(form.redirect, form.page_url, action)],
        upload_origin=upload_origin,
        uploads=bool(upload_origin),
        form=form,
        title=form.shown,
        site=site,
        action=action or f"/f/{form.name}",
        controls=shown,
        hidden=[e for e in unseen if not loaded or e.name != LOADED],
        loaded=loaded,
        offers_work=form.proof_of_work and offers_work,
        errors=errors,
        question=question,
        labels={c.name: c.label for c in shown},
        first_id={c.name: c.focus_id for c in reversed(shown) if c.name in linked},
        multipart=any(control.kind == ControlKind.FILE for control in shown),
        needs_charset=form.charset != "utf-8",
    )


def _not_shown(names: tuple[str, ...], language: str) -> FieldErrors:
    text = translator("pages", language).gettext(TOO_LONG_TO_SHOW)
    return tuple(FieldError(name, "too_long_to_show", text) for name in names)


TOO_LONG_TO_SHOW = N_("This is too long to be shown again. Please go back and copy it there.")


def _origins(*urls: str) -> list[str]:
    return [origin for origin in map(origin_of, urls) if origin]
