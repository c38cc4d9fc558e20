"""The desk: submissions, their messages, and the evidence, for those who answer. Documented in docs/desk.md.

Shut to strangers: who may enter asks for a link with their address (enter.py), or has one printed by `todoke desk`.
Without a session, every address under /desk gives the same answer, but those that take a code or an address. Reads
through `report`, changes only through the store. Each route says whose it is, and each submission is asked for by
`Desk.timeline`, which knows who may see what.
"""

from __future__ import annotations

import asyncio
from functools import partial

from starlette.routing import Route

from todoke.walk.app import App
from todoke.walk.week import Week
from todoke.web.desk import (
    care,
    erase,
    export,
    marks,
    orphans,
    outage,
    people,
    resend,
    settings,
    submission,
    submissions,
    suppressions,
    trail,
)
from todoke.web.desk.attention import Rest, show_attention
from todoke.web.desk.enter import Entrance, leave_desk, show_left
from todoke.web.desk.figures import show_figures
from todoke.web.desk.room import Desk
from todoke.web.desk.sign_in import ProviderEntrance


def routes(
    app: App,
    *,
    answer_after: float = 1.5,
    mail_rest: Rest = lambda: None,
    most_bytes: int = 0,
) -> list[Route]:
    """The desk's routes. `answer_after` is how many seconds an answer to an address takes, whosever it is.

    `mail_rest` tells whether all mail rests, where it is handed over in this process. `most_bytes` is how large an
    answer may be, 0 where it may be a stream without end.
    """
    desk = Desk(app, most_bytes=most_bytes)
    entrance = Entrance(desk, answer_after)
    return [
        *_by_provider(desk, entrance),
        Route("/desk/enter", desk.open(entrance.enter), methods=["GET"]),
        Route("/desk/enter", desk.open(entrance.take), methods=["POST"]),
        Route("/desk/ask", desk.open(entrance.ask), methods=["POST"]),
        desk.change("/desk/leave", leave_desk),
        Route("/desk/left", desk.open(partial(show_left, desk)), methods=["GET"]),
        desk.page("/desk", submissions.show_list),
        desk.page(
            "/desk/news", partial(submissions.show_news, asyncio.Semaphore(1)), by_itself=True
        ),
        desk.change("/desk/marks", marks.put_marks),
        desk.page("/desk/attention", partial(show_attention, mail_rest)),
        desk.page("/desk/figures", partial(show_figures, Week(app), asyncio.Lock())),
        desk.page("/desk/outage", outage.ask),
        desk.change("/desk/outage", outage.send_again),
        desk.page("/desk/sessions", people.show_sessions),
        desk.change("/desk/sessions", people.end_session),
        desk.page("/desk/trail", trail.show_trail, for_owners=True),
        desk.page("/desk/orphans", orphans.show_orphans, for_owners=True),
        desk.page("/desk/suppressions", suppressions.show_suppressions, for_owners=True),
        desk.change("/desk/suppressions/read", suppressions.read_now, for_owners=True),
        desk.page("/desk/suppressions/{entry}/lift", suppressions.ask, for_owners=True),
        desk.change("/desk/suppressions/{entry}/lift", suppressions.lift_it, for_owners=True),
        desk.page("/desk/settings", settings.show_settings),
        desk.change("/desk/settings/test", settings.send_test),
        desk.page("/desk/export", export.ask),
        desk.change("/desk/export", export.export_all),
        desk.page("/desk/export/progress", export.show_progress, by_itself=True),
        desk.page("/desk/{id}", submission.show),
        desk.page("/desk/{id}/json", export.export_one),
        desk.page("/desk/{id}/files", export.export_files),
        desk.page("/desk/{id}/files/{position:int}", submission.download),
        desk.change("/desk/{id}/care", care.take_care),
        desk.change("/desk/{id}/verdict", care.judge_it),
        desk.change("/desk/{id}/remarks", care.add_remark),
        desk.change("/desk/{id}/remarks/{remark}/delete", care.delete_remark),
        desk.page("/desk/{id}/messages/{message}/resend", resend.ask),
        desk.change("/desk/{id}/messages/{message}/resend", resend.send_again),
        desk.page("/desk/{id}/messages/{message}/address", resend.ask_address),
        desk.change("/desk/{id}/messages/{message}/address", resend.send_elsewhere),
        desk.page("/desk/{id}/erase", erase.ask),
        desk.change("/desk/{id}/erase", erase.erase_it),
    ]


def _by_provider(desk: Desk, entrance: Entrance) -> list[Route]:
    """The way in by an OpenID provider, where the configuration names one."""
    identity, oidc = desk.app.identity, desk.app.settings.desk.oidc
    if identity is None or oidc is None:
        return []
    way = ProviderEntrance(desk, identity, oidc.name, entrance.let_in, entrance.tries)
    return [
        Route("/desk/sign-in", desk.open(way.ask), methods=["GET"]),
        Route("/desk/signed-in", desk.open(way.take), methods=["GET"]),
    ]
