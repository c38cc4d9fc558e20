"""The kinds of controls, one row each: what such a control can have, what it takes, and its words (WHATWG HTML 4.10.5).

Whoever has to know what a kind is asks this table, so a new kind is a member of ControlKind, a row and a test. Only
attributes that apply to a kind count (the table in 4.10.5.1). Nothing here looks at a field or at what was sent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from todoke.forms import calendar
from todoke.forms.email import is_email
from todoke.forms.number import show_number, valid_number
from todoke.forms.url import is_absolute_url
from todoke.model.address_hint import intended_address
from todoke.model.form import ControlKind
from todoke.model.language import N_
from todoke.model.show import show_date, show_month, show_week

_COLOR = re.compile("#[0-9A-Fa-f]{6}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Values in an order, with steps between them (4.10.5.3.7, 4.10.5.3.8).

    `unit` is how much a step of 1 is, `step` the default step in units, `base` where steps are counted from where
    nothing else says it. `least` and `most` hold where the control states none, as in HTML. `wraps`: a range whose
    maximum is below its minimum goes on from the end to the beginning.
    """

    read: Callable[[str], int | Decimal | None]
    write: Callable[[int], str] | None = None
    unit: int = 1
    step: int = 1
    base: int = 0
    least: str = ""
    most: str = ""
    wraps: bool = False
    is_dated: bool = True

    def number(self, text: str) -> Decimal | None:
        """The number that `text` states; None when it states none."""
        value = self.read(text)
        return Decimal(value) if isinstance(value, int) else value

    def text(self, number: Decimal) -> str:
        """The text that states `number`, as HTML writes it; "" for a date beyond the years 1 to 9999."""
        if self.write is None:
            return show_number(number)
        try:
            return self.write(int(number))
        except OverflowError:
            return ""


FILL_IN = N_("Please fill in this field.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """One row. A flag says what applies to the kind; texts are in English, marked for the catalog `forms`.

    `is_line`: one line of free text. `is_stripped`: white space around it is no part of the value. `is_choice`: it
    sends values of its options, `is_group`: by boxes or buttons of one name, `sends_many`: several of them.
    `is_read`: mails may show what was typed. `is_kept`: a page that is shown again may hold it. `is_well_formed` and
    `scale` say which texts are values at all, `malformed` what to say of others, `malformed_list` of a list of several,
    and `suggest` which value may have been meant by a text that is none ("": there is no telling).
    `missing` is said where a value is required, `missing_of_group` where any of several boxes would do. `show` is
    how a person writes a value; `sample` is one that any such control takes.
    """

    is_line: bool = False
    is_stripped: bool = False
    is_choice: bool = False
    is_group: bool = False
    sends_many: bool = False
    is_read: bool = True
    is_kept: bool = True
    can_be_required: bool = True
    can_be_readonly: bool = False
    can_be_multiple: bool = False
    has_length: bool = False
    has_placeholder: bool = False
    scale: Scale | None = None
    is_well_formed: Callable[[str], bool] | None = None
    missing: str = FILL_IN
    missing_of_group: str = ""
    malformed: str = ""
    malformed_list: str = ""
    suggest: Callable[[str], str] | None = None
    show: Callable[[str, str], str] | None = None
    sample: str = ""
    autocomplete: str = ""


def _line(
    *,
    is_well_formed: Callable[[str], bool] | None = None,
    malformed: str = "",
    malformed_list: str = "",
    suggest: Callable[[str], str] | None = None,
    sample: str = "",
    autocomplete: str = "",
    is_secret: bool = False,
) -> Traits:
    """A kind for one line of text; those that have a form of their own are stripped."""
    return Traits(
        is_line=True,
        is_stripped=is_well_formed is not None,
        is_read=not is_secret,
        is_kept=not is_secret,
        can_be_readonly=True,
        can_be_multiple=bool(malformed_list),
        has_length=True,
        has_placeholder=True,
        is_well_formed=is_well_formed,
        malformed=malformed,
        malformed_list=malformed_list,
        suggest=suggest,
        sample=sample,
        autocomplete=autocomplete,
    )


def _dated(
    scale: Scale, malformed: str, sample: str, show: Callable[[str, str], str] | None
) -> Traits:
    """A kind for a point of the calendar or the clock."""
    return Traits(can_be_readonly=True, scale=scale, malformed=malformed, sample=sample, show=show)


def _show_day(text: str, language: str) -> str:
    year, month, day = text.split("-")
    return show_date(year, month, day, language)


def _show_month(text: str, language: str) -> str:
    year, month = text.split("-")
    return show_month(year, month, language)


def _show_week(text: str, language: str) -> str:
    year, week = text.split("-W")
    return show_week(year, week, language)


def _show_local(text: str, language: str) -> str:
    date, _, time = text.replace(" ", "T").partition("T")
    return f"{_show_day(date, language)}{' ' if language == 'ja' else ', '}{time}"


TRAITS: Mapping[ControlKind, Traits] = {
    ControlKind.TEXT: _line(),
    ControlKind.SEARCH: _line(),
    ControlKind.TEL: _line(sample="000-0000-0000", autocomplete="tel"),
    ControlKind.URL: _line(
        is_well_formed=is_absolute_url,
        malformed=N_("Please enter a web address, such as https://example.com/."),
        sample="https://example.com/canary",
        autocomplete="url",
    ),
    ControlKind.EMAIL: _line(
        is_well_formed=is_email,
        malformed=N_("Please enter a mail address, such as name@example.com."),
        malformed_list=N_("Please enter mail addresses with a comma between them."),
        suggest=intended_address,
        autocomplete="email",
    ),
    ControlKind.PASSWORD: _line(is_secret=True),
    ControlKind.DATE: _dated(
        Scale(read=calendar.read_date, write=calendar.write_date, unit=calendar.DAY),
        N_("Please enter a date, such as 2026-04-01."),
        "2030-01-15",
        _show_day,
    ),
    ControlKind.MONTH: _dated(
        Scale(read=calendar.read_month, write=calendar.write_month),
        N_("Please enter a month, such as 2026-04."),
        "2030-01",
        _show_month,
    ),
    ControlKind.WEEK: _dated(
        Scale(
            read=calendar.read_week,
            write=calendar.write_week,
            unit=calendar.WEEK,
            base=calendar.FIRST_MONDAY,
        ),
        N_("Please enter a week, such as 2026-W15."),
        "2030-W03",
        _show_week,
    ),
    ControlKind.TIME: _dated(
        Scale(read=calendar.read_time, write=calendar.write_time, unit=1000, step=60, wraps=True),
        N_("Please enter a time, such as 09:30."),
        "12:00",
        None,
    ),
    ControlKind.DATETIME_LOCAL: _dated(
        Scale(read=calendar.read_local, write=calendar.write_local, unit=1000, step=60),
        N_("Please enter a date and a time, such as 2026-04-01T09:30."),
        "2030-01-15T12:00",
        _show_local,
    ),
    ControlKind.NUMBER: Traits(
        can_be_readonly=True,
        has_placeholder=True,
        scale=Scale(read=valid_number, is_dated=False),
        malformed=N_("Please enter a number."),
        sample="1",
    ),
    ControlKind.RANGE: Traits(
        can_be_required=False,
        scale=Scale(read=valid_number, least="0", most="100", is_dated=False),
        malformed=N_("Please enter a number."),
        sample="1",
    ),
    ControlKind.COLOR: Traits(
        can_be_required=False,
        is_well_formed=lambda text: bool(_COLOR.fullmatch(text)),
        malformed=N_("Please choose a color, such as #0033cc."),
        sample="#000000",
    ),
    ControlKind.CHECKBOX: Traits(
        is_choice=True,
        is_group=True,
        sends_many=True,
        missing=N_("Please tick this box to go on."),
        missing_of_group=N_("Please tick at least one of these."),
    ),
    ControlKind.RADIO: Traits(
        is_choice=True, is_group=True, missing=N_("Please choose one of these.")
    ),
    ControlKind.FILE: Traits(
        is_kept=False,
        can_be_multiple=True,
        missing=N_("Please choose a file."),
        malformed=N_("The file did not arrive. Please choose it again."),
    ),
    ControlKind.HIDDEN: Traits(can_be_required=False),
    ControlKind.TEXTAREA: Traits(can_be_readonly=True, has_length=True, has_placeholder=True),
    ControlKind.SELECT: Traits(
        is_choice=True, can_be_multiple=True, missing=N_("Please choose an item in the list.")
    ),
}
