"""A form as the site owner set it up: its fields and their rules, its managers, what happens after a submission.

Values only, whether the file or the form's HTML page says them. What a kind of control means is not known here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from todoke.model.address import Address
from todoke.model.logo import Logo
from todoke.model.url import origin_of
from todoke.model.zone import UTC_ZONE, Zone

ACCENT = "#1d4e6f"
"""The colour of buttons and links where the site states none."""


class ControlKind(StrEnum):
    """A control's type state: what `type` says of an input (WHATWG HTML 4.10.5.1), or which other element it is."""

    TEXT = "text"
    SEARCH = "search"
    TEL = "tel"
    URL = "url"
    EMAIL = "email"
    PASSWORD = "password"  # noqa: S105 a control's type
    DATE = "date"
    MONTH = "month"
    WEEK = "week"
    TIME = "time"
    DATETIME_LOCAL = "datetime-local"
    NUMBER = "number"
    RANGE = "range"
    COLOR = "color"
    CHECKBOX = "checkbox"
    RADIO = "radio"
    FILE = "file"
    HIDDEN = "hidden"
    TEXTAREA = "textarea"
    SELECT = "select"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One control, or one group of controls that share a name, with its constraint attributes (WHATWG HTML 4.10).

    `minlength` and `maxlength` count UTF-16 code units of the API value, as browsers do. `min`, `max`, `step` are as
    written. `options` are the values a select, radio group or checkbox group can send, with their labels. `multiple`
    is that of email, file and select; a checkbox group of several boxes is always multiple. `accept` is the file
    control's list of media types and extensions, lower case. `pattern` is the attribute as written,
    `autocomplete` in lower case. `required_values` are the boxes of a checkbox group that must each be ticked;
    `sent_anyway` are values that hidden controls and submit buttons of the same name may add. `repeats`: several
    entries may come, as `multiple` says of other kinds than email (a list in one entry) and select (a list box).
    `controls` is how many of the name the page has, `presets` the texts that it puts into them, of a choice what is
    chosen at first. `line` is the page's line of the first of them, 0 where that is not known.
    """

    name: str
    kind: ControlKind = ControlKind.TEXT
    label: str = ""
    required: bool = False
    multiple: bool = False
    minlength: int | None = None
    maxlength: int | None = None
    min: str = ""
    max: str = ""
    step: str = ""
    pattern: str = ""
    title: str = ""
    autocomplete: str = ""
    options: tuple[tuple[str, str], ...] = ()
    accept: tuple[str, ...] = ()
    placeholder: str = ""
    value: str = ""
    max_files: int | None = None
    max_file_bytes: int | None = None
    required_values: tuple[str, ...] = ()
    sent_anyway: tuple[str, ...] = ()
    repeats: bool = False
    controls: int = 1
    presets: tuple[str, ...] = ()
    line: int = dataclasses.field(default=0, compare=False)

    def in_words(self, value: str) -> str:
        """`value` as people read it: beside the label of the option that it chose, where the two differ."""
        label = dict(self.options).get(value, "")
        return f"{label} ({value})" if label and label != value and value else label or value


@dataclass(frozen=True, slots=True, kw_only=True)
class Managers:
    """Who receives a form's submissions. Recipients come only from here, never from a request.

    `fixed` always receive; `by_value` maps values of `field` to addresses; `directory` maps a person's address
    (casefolded) to their manager's, looked up with the value of `field`; `fallback` receive when neither finds one.
    """

    fixed: tuple[Address, ...] = ()
    field: str = ""
    by_value: Mapping[str, tuple[Address, ...]] = dataclasses.field(default_factory=dict)
    directory: Mapping[str, tuple[Address, ...]] = dataclasses.field(default_factory=dict)
    fallback: tuple[Address, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """The mail to the visitor. `field` is the email field it goes to ("" for no confirmation).

    `include_answers` lets the visitor's own text into it; off, because such mails are abused to send strangers
    advertising (see docs/security.md). `receipt_link` has it lead to the receipt; off, because a mistyped address is a
    stranger's (docs/receipt.md).
    """

    field: str = "email"
    subject: str = ""
    include_answers: bool = False
    receipt_link: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one request may hold. Bytes count the body as received; `seconds` is how long it may pause on its way.

    Files that come by the bucket are not in the body: all of a submission may have `upload_bytes` together, and one
    `upload_file_bytes` where its field says nothing else.
    """

    body_bytes: int = 1_048_576
    fields: int = 200
    files: int = 5
    file_bytes: int = 5_242_880
    field_bytes: int = 262_144
    part_header_bytes: int = 8_192
    seconds: float = 60.0
    upload_bytes: int = 104_857_600
    upload_file_bytes: int = 104_857_600


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitAttributes:
    """How browsers send a form (WHATWG HTML 4.10.19.6), by the attributes of the form and of its first submit button.

    By default as pages of ours do. `scripted`: the page has scripts, which may change its controls and send them in
    another way. `line` is that of the form, 0 where it is not known.
    """

    method: str = "post"
    enctype: str = "multipart/form-data"
    scripted: bool = False
    line: int = dataclasses.field(default=0, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form. `fields` None means that any fields are taken as they come, files excepted.

    `unchecked` are the names and values of buttons with `formnovalidate`: what they send is held to no constraint. A
    value of None is any. `submit` is how its page sends it. `page_language` is the language tag (RFC 5646) of the page,
    in which its labels are, "" where that is not known. `subject` is the template of a notification's, "" for ours.
    `attach` is how many bytes of files a notification carries. `numbered`: its submissions are numbered in a table too.
    `review`: what looks suspicious is kept for somebody to look at. `ask_about_typos`: a person is asked before it is
    stored whether a mistyped domain is meant, and not only by the receipt. `proof_of_work`: browsers are asked for one,
    with `work_when_busy` by pages of ours only while many send the form. `captcha`: its page has the
    widget of the provider that the settings of the guard name.
    `dialect` is the product that its page was written for, "" for us, `keys` what that calls the form beside its name,
    and `honeypot` are the names of its traps beside those that are always some.
    """

    name: str
    title: str = ""
    language: str = "en"
    page_language: str = ""
    subject: str = ""
    attach: int = 0
    numbered: bool = False
    review: bool = True
    ask_about_typos: bool = False
    proof_of_work: bool = False
    work_when_busy: bool = False
    captcha: bool = False
    page: str = ""
    page_url: str = ""
    fields: tuple[Field, ...] | None = None
    managers: Managers = Managers()
    confirmation: Confirmation = Confirmation()
    redirect: str = ""
    limits: Limits = Limits()
    retention: timedelta | None = timedelta(days=90)
    charset: str = "utf-8"
    unchecked: tuple[tuple[str, str | None], ...] = ()
    submit: SubmitAttributes = SubmitAttributes()
    dialect: str = ""
    keys: tuple[str, ...] = ()
    honeypot: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        """What people call the form: its title, or else its name."""
        return self.title or self.name

    @property
    def label_language(self) -> str:
        """The language tag of its labels and title."""
        return self.page_language or self.language

    def field(self, name: str) -> Field | None:
        """The field of this name, or None."""
        return next((f for f in self.fields or () if f.name == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The site that the forms belong to. `url` is the static site's; `door_url` is where todoke answers.

    `time_zone` is the one in which people are shown times. `hsts` is for how long browsers shall ask the door over TLS
    alone, zero for saying nothing of it. `accent` is the site's own colour, `#rrggbb`, `logo` its picture.
    """

    name: str
    url: str = ""
    door_url: str = ""
    accent: str = ACCENT
    logo: Logo | None = None
    origins: tuple[str, ...] = ()
    language: str = "en"
    alert_to: tuple[Address, ...] = ()
    time_zone: Zone = UTC_ZONE
    hsts: timedelta = timedelta(0)

    @property
    def hosts(self) -> frozenset[str]:
        """The hosts of its own pages, and of those that may send its forms; without `www.`."""
        origins = map(origin_of, (self.url, self.door_url, *self.origins))
        hosts = (origin.partition("//")[2].partition(":")[0] for origin in origins)
        return frozenset(host.removeprefix("www.") for host in hosts) - {""}
