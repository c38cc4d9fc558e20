"""The week's figures at the desk: tables, and a chart of them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from todoke.model.show import show_day
from todoke.report.figures import Figures, Sums, show_seconds, show_share
from todoke.report.status import form_title
from todoke.walk.admit import Stay
from todoke.walk.week import MOST, Week
from todoke.web.desk.chart import Reach, chart, reaches
from todoke.web.desk.filter import scope_of
from todoke.web.desk.room import Desk


async def show_figures(
    week: Week, turn: asyncio.Lock, desk: Desk, request: Request, stay: Stay
) -> Response:
    """GET /desk/figures: 200, what came in within seven days, what was delivered, and how fast, by form and by day."""
    # Whoever waits holds no thread: visitors' forms need one.
    async with turn:
        found, is_more = await run_in_threadpool(week.of, scope_of(stay.person))
    settings, language = desk.app.settings, desk.language(request)
    days, drawn = drawn_days(found, language)
    forms = [
        {"name": form_title(name, settings), **told(sums, language)}
        for name, sums in found.forms.items()
    ]
    return desk.render(
        request,
        "desk_figures.html",
        stay,
        whole=told(found.whole, language),
        days=days,
        forms=sorted(forms, key=lambda form: (-form["submissions"], form["name"])),
        **drawn,
        is_more=is_more,
        most=f"{MOST:,}",
    )


def drawn_days(found: Figures, language: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """A row for each day, and what charts.html draws of them."""
    days = [
        {"name": show_day(day, language), **told(sums, language)}
        for day, sums in found.days.items()
    ]
    times = [
        (day["name"], sums.time(0.5), sums.time(0.95))
        for day, sums in zip(days, found.days.values(), strict=True)
    ]
    reached = [
        (reach, show_seconds(half, language), show_seconds(most, language))
        for reach, half, most in _reaches(times)
    ]
    bars = chart([(day["name"], day["mails"], day["failed"]) for day in days])
    return days, {"reaches": reached, "chart": bars}


def _reaches(
    times: Sequence[tuple[str, float | None, float | None]],
) -> Iterator[tuple[Reach, float | None, float | None]]:
    """Each place on the chart, with the times that stand there."""
    by_label = {label: (half, most) for label, half, most in times}
    for reach in reaches(times):
        yield reach, *by_label[reach.label]


def told(sums: Sums, language: str) -> dict[str, Any]:
    """A row of a table, as charts.html has it."""
    share = sums.share()
    return {
        "submissions": sums.submissions,
        "mails": sums.mails,
        "delivered": sums.delivered,
        "failed": sums.failed,
        "unknown": sums.unknown,
        "open": sums.mails - sums.delivered - sums.failed - sums.unknown,
        "share": "–" if share is None else f"{show_share(share)} %",
        "median": show_seconds(sums.time(0.5), language),
        "slow": show_seconds(sums.time(0.95), language),
    }
