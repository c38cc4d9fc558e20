"""The accounts as a page in one file, to pass on: tables, charts, what is open. It needs no server and no script."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from markupsafe import Markup

from todoke.model.settings import Settings
from todoke.model.show import rfc3339
from todoke.report.accounts import (
    HANDED_OVER,
    NOT_HANDED_OVER,
    STAGES,
    Accounts,
    OpenItem,
    Stage,
    busiest,
    urgent,
)
from todoke.report.status import form_title
from todoke.report.words import desk_title, reason_words, say
from todoke.web.desk.figures import drawn_days, told
from todoke.web.pages import pages

MOST_SHOWN = 200
"""Open items and domains; of more, the page says how many are left out."""
_STATIC = Path(pages.__file__).with_name("static")


def accounts_page(found: Accounts, settings: Settings, now: datetime) -> str:
    """The page, in the site's language."""
    language = settings.site.language
    days, drawn = drawn_days(found.figures, language)
    forms = [
        {"name": form_title(name, settings), **told(sums, language)}
        for name, sums in found.figures.forms.items()
    ]
    return pages.filled(
        "accounts.html",
        language=language,
        site=settings.site,
        style=_style(),
        now=rfc3339(now),
        zone=settings.site.time_zone,
        found=found,
        whole=told(found.figures.whole, language),
        stages=[
            _rows(found, NOT_HANDED_OVER, language),
            _rows(found, HANDED_OVER, language),
        ],
        handed_over=found.at(*HANDED_OVER),
        days=days,
        forms=sorted(forms, key=lambda form: (-form["submissions"], form["name"])),
        domains=[
            {"name": name, **told(sums, language)} for name, sums in busiest(found)[:MOST_SHOWN]
        ],
        reasons=[(reason_words(r, language), n) for r, n in found.reasons.most_common()],
        open_items=[_item(item, language) for item in urgent(found)[:MOST_SHOWN]],
        left_out=max(0, len(found.open_items) - MOST_SHOWN),
        **drawn,
    )


def _rows(found: Accounts, stages: tuple[Stage, ...], language: str) -> list[tuple[str, int]]:
    return [(say(STAGES[s], language), found.at(s)) for s in stages if found.at(s)]


def _item(item: OpenItem, language: str) -> dict[str, str]:
    return {
        "submission": item.submission_id,
        "role": desk_title(item.role, language),
        "place": say(STAGES[item.stage], language),
        "since": rfc3339(item.since),
    }


def _style() -> Markup:
    """Our own style sheets, so that the file stands by itself."""
    sheets = (_STATIC / "todoke.css", _STATIC / "desk.css")
    return Markup("\n".join(sheet.read_text("utf-8") for sheet in sheets))  # noqa: S704 - files of ours
