"""How the site is set up, as those see it who look after it; and a mail to oneself, to see that mails arrive.

Nothing is changed here: the configuration is a file. No secret is shown.
"""

from __future__ import annotations

import platform
from collections.abc import Sequence

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from todoke import __version__
from todoke.model.act import Deed
from todoke.model.delivery import TOOK_IT, DeliveryEvent, Kind
from todoke.model.errors import NotFound
from todoke.model.form import Form
from todoke.model.ids import is_trial_token
from todoke.model.person import Person, Rank
from todoke.model.show import rfc3339
from todoke.report.setup import shown_form
from todoke.report.way import evidence
from todoke.report.words import ceiling_words
from todoke.services.table import TITLES
from todoke.walk.admit import Stay
from todoke.walk.app import App
from todoke.walk.errand import was_entrusted
from todoke.walk.silence import heard_at
from todoke.walk.try_mail import new_test, reported
from todoke.web.desk.back import DONE
from todoke.web.desk.done import told_of
from todoke.web.desk.room import Desk, go
from todoke.web.desk.webhooks import shown_webhooks

_TEST = "test"
_NOT_TAKEN = {Kind.REJECTED, Kind.DEFERRED, Kind.FAILED}


async def show_settings(desk: Desk, request: Request, stay: Stay) -> Response:
    """GET /desk/settings?test=: 200, the forms that are theirs, mail, and what became of a test; 404 for readers."""
    _require_work(stay.person)
    app, person, language = desk.app, stay.person, desk.language(request)
    token = request.query_params.get(_TEST, "")
    if not is_trial_token(app.settings.secret, person.address.key, token):
        token = ""
    events = await run_in_threadpool(reported, app, token) if token else []
    heard = await run_in_threadpool(_heard, app)
    return desk.render(
        request,
        "desk_settings.html",
        stay,
        forms=[shown_form(form, language) for form in _forms(app, person)],
        mail=_mail(app, language),
        heard=heard,
        may_test=bool(person.address),
        token_tested=token,
        tested=_tested(events),
        events=[evidence(event, language, TITLES) for event in events],
        webhooks=await run_in_threadpool(shown_webhooks, app) if person.is_owner else [],
        versions=_versions(app) if person.is_owner else [],
        done=told_of(request.query_params.get(DONE, "")),
    )


async def send_test(desk: Desk, request: Request, stay: Stay) -> Response:
    """POST /desk/settings/test: 303 to what becomes of a mail to the asking person's own address.

    303 with why not, where they have just sent some, or it cannot be handed on; 404 where they have no address.
    """
    await desk.form(request, stay)
    _require_work(stay.person)
    person, app = stay.person, desk.app
    if not person.address:
        raise NotFound
    if not await desk.tests.take(person.address.key):
        return go(request, "settings", fragment=DONE, done="test-later")
    await desk.note(stay, Deed.TESTED)
    test = new_test(app, person.address, desk.language(request))
    if not await run_in_threadpool(was_entrusted, app, test):
        return go(request, "settings", fragment=DONE, done="not-carried")
    return go(request, "settings", fragment=_TEST, test=test.token)


def _require_work(person: Person) -> None:
    if person.rank is Rank.READER:
        raise NotFound


def _tested(events: Sequence[DeliveryEvent]) -> str:
    """Whether the mail service took a test mail: `yes`, `no`, or "" while that is not known."""
    kinds = {event.kind for event in events}
    if kinds & TOOK_IT:
        return "yes"
    return "no" if kinds & _NOT_TAKEN else ""


def _forms(app: App, person: Person) -> list[Form]:
    forms = app.settings.forms.values()
    theirs = [f for f in forms if person.forms is None or f.name in person.forms - person.reads]
    return sorted(theirs, key=lambda form: form.shown)


def _mail(app: App, language: str) -> dict[str, str]:
    mail = app.settings.mail
    return {
        "service": TITLES.get(mail.service, mail.service),
        "ceiling": ceiling_words(mail.own.ceiling, language),
        "sender": f"{mail.sender.name} <{mail.sender.address}>",
        "reply_to": str(mail.reply_to),
    }


def _heard(app: App) -> list[dict[str, str]]:
    return [
        {"service": TITLES.get(name, name), "at": rfc3339(heard_at(app.shelf, name))}
        for name in app.sources
    ]


def _versions(app: App) -> list[tuple[str, str]]:
    store = f"DynamoDB ({app.settings.table})" if app.settings.table else "SQLite"
    return [("todoke", __version__), ("Python", platform.python_version()), ("", store)]
