"""Nobody's mailbox is filled through us: how many confirmations one addressee is sent, and how many leave at all.

Whoever types an address into a form need not read its mail. So it is counted by the addressee, over all forms and from
whatever network, when a confirmation is first handed over; a later try of the same one does not count. What is withheld
is kept, and said to be withheld; the managers' mails go on. Counts are kept under a keyed hash and forgotten in days;
who said that they asked for none is remembered for longer (walk/disown.py).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from todoke.model import ids
from todoke.model.address import Address, addressee_key
from todoke.model.delivery import OURS, DeliveryEvent, Kind, Reason
from todoke.model.errors import StoreError
from todoke.model.log import get_logger
from todoke.model.message import Claim, Note, Outcome, Role
from todoke.ports.allowance import Ration
from todoke.walk.app import App
from todoke.walk.send.breaker import PAUSED, TRIES, TRYING, State, may_try, state_of

DAY = timedelta(days=1)
_STORE_PAUSE = timedelta(seconds=30)
_HOUR = timedelta(hours=1)
_OF_ONE = frozenset(Note) - {
    Note.SILENT,
    Note.SET_UP,
    Note.PAUSED,
    Note.CAPPED,
    Note.OVER_RATE,
}
log = get_logger(__name__)
_ROLES = frozenset(
    [
        "abuse",
        "hostmaster",
        "mailer-daemon",
        "mailerdaemon",
        "majordomo",
        "noc",
        "postmaster",
        "security",
        "spam",
        "undisclosed-recipients",
        "uucp",
        "do-not-reply",
        "donotreply",
        "no-reply",
        "noreply",
        "no_reply",
    ]
)
"""Roles that run a mail system or a network (RFC 2142, sections 4 and 5, RFC 5321 4.5.1), and what answers nobody.

Those of business (info, sales, support: section 3) are not among them: small firms fill in forms with such an address.
"""
_OF_LISTS = re.compile(r"owner-.+|.+-(?:owner|request|bounces|subscribe|unsubscribe)")
"""Addresses that manage a mailing list (RFC 2142, section 6)."""
_TEXT_MESSAGES = frozenset(
    [
        "email.uscc.net",
        "fido.ca",
        "messaging.sprintpcs.com",
        "mms.att.net",
        "mms.cricketwireless.net",
        "mms.uscc.net",
        "mobiletxt.ca",
        "msg.fi.google.com",
        "msg.telus.com",
        "myboostmobile.com",
        "mymetropcs.com",
        "mypixmessages.com",
        "page.att.net",
        "pcs.rogers.com",
        "pm.sprint.com",
        "sms.cricketwireless.net",
        "sms.myboostmobile.com",
        "sms.rogers.com",
        "sms.sasktel.com",
        "text.mtsmobility.com",
        "text.republicwireless.com",
        "tmomail.net",
        "txt.att.net",
        "txt.bell.ca",
        "txt.bellmobility.ca",
        "vmobile.ca",
        "vmobl.com",
        "vmpix.com",
        "vtext.com",
        "vzwpix.com",
    ]
)
"""Gateways from mail to text messages, which ring a telephone and may cost its owner. Mail addresses that telephones
have, as docomo's, au's and SoftBank's in Japan, are mailboxes like others."""


def withhold(app: App, claims: Sequence[Claim]) -> dict[str, Outcome]:
    """What those claims come to that are not to be handed over, by their attempts' tokens; the others may be.

    A confirmation that is claimed for the first time is counted by this. If the store cannot count, it waits. One that
    was claimed by a process that died was counted by that: to count it anew, or hold it up, would be to say of an
    addressee what is true of our machine. So what dies between a claim and its count lets a group of claims pass.
    """
    try:
        held = _paused(app, claims)
    except StoreError as error:
        return _later(app, [c for c in claims if _is_confirmation(c)], error)
    claims = [claim for claim in claims if claim.attempt.token not in held]
    alerts = [claim for claim in claims if _is_bounded_alert(app, claim)]
    counted = []
    for claim in filter(_is_fresh, claims):
        reason = _never(app, claim)
        if reason:
            held[claim.attempt.token] = _withheld(app, claim, reason)
        else:
            counted.append(claim)
    try:
        return held | _too_many(app, counted) | _too_many_alerts(app, alerts)
    except StoreError as error:
        return held | _later(app, [*counted, *alerts], error)


def _never(app: App, claim: Claim) -> Reason | None:
    """Why a confirmation is not sent whatever was sent before it."""
    is_first_wish = claim.resend_asked_at is None
    if claim.message.note is Note.OVER_RATE and is_first_wish:
        return Reason.BUSY_NETWORK
    if app.settings.max_confirmations and not is_person(claim.attempt.recipient):
        return Reason.NO_PERSON
    return None


def _too_many(app: App, claims: Sequence[Claim]) -> dict[str, Outcome]:
    """What is more than its form, the site or its addressee may have; the others count. Raises StoreError."""
    forms = [claim.submission.form for claim in claims]
    may_leave = app.rates.take(app.allowances, app.settings, forms, app.clock())
    leaving = [claim for claim, is_free in zip(claims, may_leave, strict=True) if is_free]
    over = [claim for claim, is_free in zip(claims, may_leave, strict=True) if not is_free]
    held = {c.attempt.token: _withheld(app, c, Reason.OVER_RATE) for c in over}
    try:
        are_free = _draw(app, leaving, _ration(app)) if app.settings.max_confirmations else ()
    except StoreError:
        _not_left(app, leaving)
        raise
    too_many = [c for c, is_free in zip(leaving, are_free, strict=False) if not is_free]
    _not_left(app, too_many)
    return held | {c.attempt.token: _withheld(app, c, Reason.TOO_MANY) for c in too_many}


def _not_left(app: App, claims: Sequence[Claim]) -> None:
    for claim in claims:
        app.rates.give_back(app.settings, claim.submission.form)


def _later(app: App, claims: Sequence[Claim], error: StoreError) -> dict[str, Outcome]:
    log.warning("not_counted", confirmations=len(claims), fault=type(error).__name__)
    later = app.clock() + _STORE_PAUSE
    return {c.attempt.token: Outcome(claim=c, events=(), retry_at=later) for c in claims}


def _paused(app: App, claims: Sequence[Claim]) -> dict[str, Outcome]:
    """What waits, or waited long enough, because its form's confirmations pause (breaker.py)."""
    held: dict[str, Outcome] = {}
    pauses = app.settings.pauses_confirmations
    bounded = [claim for claim in claims if pauses and _is_confirmation(claim)]
    for form in {claim.submission.form for claim in bounded}:
        until = app.shelf.mark(PAUSED + form)
        if until is None:
            continue
        standing = state_of(until, app.shelf.mark(TRYING + form), app.clock())
        if standing is State.GOING:
            continue
        for claim in bounded:
            is_its = claim.submission.form == form
            if is_its and (standing is State.RESTING or not may_try(app, form, until)):
                held[claim.attempt.token] = _wait(app, claim, until)
    return held


def _wait(app: App, claim: Claim, until: datetime) -> Outcome:
    """It comes again when the pause may be over; after a day it is withheld."""
    now = app.clock()
    if now >= (claim.resend_asked_at or claim.message.created_at) + DAY:
        return _withheld(app, claim, Reason.PAUSED)
    return Outcome(claim=claim, events=(), retry_at=max(until, now + TRIES))


def give_back(app: App, outcomes: Sequence[Outcome]) -> None:
    """Let those not count that were put off untried: they come again, and are counted then."""
    for outcome in outcomes:
        claim = outcome.claim
        if outcome.events:
            continue
        if _is_fresh(claim):
            _not_left(app, [claim])
        is_alert = _is_bounded_alert(app, claim)
        if is_alert or (_is_fresh(claim) and app.settings.max_confirmations):
            ration = _alerts(app) if is_alert else _ration(app)
            try:
                app.allowances.put_back(_name_of(app, claim), ration, app.clock())
            except StoreError as error:
                log.info("counted_twice", fault=type(error).__name__)


def use_up(app: App, recipient: Address, until: datetime) -> None:
    """Let this addressee be sent none before this moment; where nothing is counted, nothing comes of it."""
    if app.settings.max_confirmations:
        app.allowances.use_up(_name(app, recipient), _ration(app), until)


def _is_fresh(claim: Claim) -> bool:
    return _is_confirmation(claim) and not claim.was_tried


def _is_confirmation(claim: Claim) -> bool:
    return claim.message.role is Role.CONFIRMATION


def _is_bounded_alert(app: App, claim: Claim) -> bool:
    """Whether it tells of one mail among many: what tells of all of a form's, or of the service, is never held back."""
    is_fresh = claim.message.role is Role.ALERT and not claim.was_tried
    return is_fresh and claim.message.note in _OF_ONE and bool(app.settings.max_alerts)


def _too_many_alerts(app: App, claims: Sequence[Claim]) -> dict[str, Outcome]:
    are_free = _draw(app, claims, _alerts(app)) if claims else ()
    beyond = [claim for claim, is_free in zip(claims, are_free, strict=True) if not is_free]
    return {c.attempt.token: _withheld(app, c, Reason.ENOUGH_ALERTS) for c in beyond}


def _draw(app: App, claims: Sequence[Claim], ration: Ration) -> Sequence[bool]:
    if not claims:
        return ()
    names = [_name_of(app, claim) for claim in claims]
    return app.allowances.draw_each(names, ration, app.clock())


def _name_of(app: App, claim: Claim) -> str:
    """What a claim is counted under: of an alert its reader and form, of a confirmation its addressee."""
    recipient = claim.attempt.recipient
    if claim.message.role is not Role.ALERT:
        return _name(app, recipient)
    return ids.counted_key(
        app.settings.secret, "alerts", f"{claim.submission.form} {recipient.key}"
    )


def _name(app: App, recipient: Address) -> str:
    return ids.counted_key(app.settings.secret, "confirmations", addressee_key(recipient))


def _alerts(app: App) -> Ration:
    """So many of a form's mails one of its people gets at once, and as many in an hour: the desk shows all."""
    return Ration(app.settings.max_alerts, _HOUR)


def _ration(app: App) -> Ration:
    """So many at once, and one more a day: no day has more."""
    most = app.settings.max_confirmations
    return Ration(most, most * DAY)


def _withheld(app: App, claim: Claim, reason: Reason) -> Outcome:
    log.info("withheld", message=claim.message.id, reason=reason.value)
    return withheld(claim, reason, app.clock())


def withheld(claim: Claim, reason: Reason, now: datetime) -> Outcome:
    """The end of a claim that is not handed over, on purpose."""
    event = DeliveryEvent(
        kind=Kind.WITHHELD,
        at=now,
        received_at=now,
        service=OURS,
        token=claim.attempt.token,
        recipient=str(claim.attempt.recipient),
        reason=reason,
    )
    return Outcome(claim=claim, events=(event,))


def is_person(address: Address) -> bool:
    """Whether somebody may read a confirmation there."""
    local, domain = address.local.strip('"').lower(), address.ascii_domain.lower()
    return not (
        local.partition("+")[0] in _ROLES or _OF_LISTS.fullmatch(local) or domain in _TEXT_MESSAGES
    )
