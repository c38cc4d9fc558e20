"""The digest: once a day, those who work at the desk are mailed how much was kept for review since the last one.

Nothing that a stranger wrote is in it. What is not handed over is tried again by the next sweep.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, time, timedelta

from todoke.model.address import Address
from todoke.model.errors import SendError
from todoke.model.log import get_logger
from todoke.model.message import Timeline
from todoke.model.person import Person, who_may_take
from todoke.model.zone import Zone
from todoke.ports.archive import Query
from todoke.walk.app import App
from todoke.walk.people import alias

DIGEST = "review digest"
"""The mark of the last one, and what begins those of each person's."""
SENT_AT = time(7)
"""By the site's clocks: read before the day's work."""
_OVERLAP = timedelta(minutes=1)
"""What was being stored while the last one looked is looked at again."""
_MOST = 1_000
"""So many are looked at: an attack may bring more, and the figure says enough."""
_PAGE = 100

log = get_logger(__name__)


def send_digests(app: App) -> int:
    """Mail each person what waits for their verdict, if anything came since their last digest; how many were mailed.

    Raises StoreError.
    """
    now = app.clock()
    begun = last_begin(now, app.settings.site.time_zone)
    last = app.shelf.mark(DIGEST)
    if not app.settings.guard.digest or (last is not None and last >= begun):
        return 0
    told, has_failed = 0, False
    for person, held in _by_person(app, last).items():
        mark = f"{DIGEST} {alias(app.settings.secret, person)}"
        # Marked before it is sent: of two sweeps at once only one mails, and the mark goes back if it cannot.
        if not app.shelf.put_mark(mark, now, unless_after=begun):
            continue
        try:
            _mail(app, person, held, now)
            told += 1
        except SendError as error:
            log.warning("digest_not_mailed", fault=type(error).__name__)
            app.shelf.put_mark(mark, begun - timedelta(microseconds=1))
            has_failed = True
    if not has_failed:
        app.shelf.put_mark(DIGEST, now)
    return told


def last_begin(now: datetime, zone: Zone) -> datetime:
    """The last moment at which a digest became due. Pure."""
    today = zone.local(now).date()
    begun = zone.moment(datetime.combine(today, SENT_AT))
    if begun <= now:
        return begun
    return zone.moment(datetime.combine(today - timedelta(days=1), SENT_AT))


def _by_person(app: App, last: datetime | None) -> Mapping[Address, list[Timeline]]:
    """What waits, by whom it waits for: who may judge it, and has an address."""
    held: dict[Address, list[Timeline]] = {}
    people: tuple[Person, ...] = ()
    for timeline in _held(app, last):
        people = people or tuple(app.people.everyone)
        for person in who_may_take(people, timeline):
            held.setdefault(person.address, []).append(timeline)
    return held


def _held(app: App, last: datetime | None) -> Iterator[Timeline]:
    """What came since the last digest, or before the first one, and nobody judged. Raises StoreError."""
    since = last - _OVERLAP if last else None
    before, looked_at = "", 0
    while looked_at < _MOST:
        query = Query(review=True, received_from=since, before=before, limit=_PAGE, brief=True)
        page = app.archive.page(query)
        yield from page.timelines
        before, looked_at = page.next, looked_at + _PAGE
        if not before:
            return


def _mail(app: App, person: Address, held: list[Timeline], now: datetime) -> None:
    from todoke.mail.desk_mail import compose_digest  # noqa: PLC0415 - Jinja2 takes 50 ms

    settings = app.settings
    counts = Counter(timeline.submission.form for timeline in held)
    language = settings.form(held[0].submission.form).language
    app.mailer.send(compose_digest(settings, person, counts=counts, language=language, now=now))
    log.info("digest_mailed", submissions=len(held))
