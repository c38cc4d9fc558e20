"""How somebody comes to have a code for the desk: printed for whoever runs the server, or mailed to whoever may enter.

What is to be mailed is an Invitation. It is handed over here, or carried to the process that may send mail.
"""

from __future__ import annotations

import re
import secrets
from datetime import datetime, timedelta

from todoke.model.address import Address
from todoke.model.admission import COMMAND_LINE, Grant, Invitation
from todoke.model.ids import token_hash
from todoke.model.own_url import own_url
from todoke.ports.admission import Admission
from todoke.walk.app import App
from todoke.walk.people import alias
from todoke.walk.security import log, name_of

CODE_LIFE = timedelta(minutes=10)
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Base 32 of Crockford: no two letters of it look alike."""
_ALIKE = str.maketrans("OILU", "011V")
_HALF = 5
"""Letters before and after the hyphen: 50 bits. Whoever guesses needs the asking browser's own secret as well, and has
ten minutes."""
_MAILED = re.compile(f"[{_LETTERS}]{{{_HALF}}}-[{_LETTERS}]{{{_HALF}}}")
_PRINTED = re.compile(r"[A-Za-z0-9_-]{32}")
_LINKS, _WITHIN = 4, timedelta(hours=1)
"""So many links one person is mailed in so long, whoever asks for them; and as many more that are asked for in browsers
where they were at the desk before, so that no stranger can use up all."""


def invite(admission: Admission, now: datetime, *, person: Address = COMMAND_LINE) -> str:
    """Make a one-time code for whoever brings it, good for 10 minutes. Only its hash is kept. Raises StoreError."""
    code = secrets.token_urlsafe(24)
    admission.put_code(_code_hash(code, ""), now + CODE_LIFE, Grant(person=person))
    return code


def invite_by_mail(
    app: App, person: Address, *, asked: str, language: str, leads_to: str = ""
) -> Invitation:
    """Make a one-time code that opens the desk in the browser of the secret `asked` alone, short enough to be typed.

    Raises StoreError.
    """
    letters = "".join(secrets.choice(_LETTERS) for _ in range(2 * _HALF))
    code, until = f"{letters[:_HALF]}-{letters[_HALF:]}", app.clock() + CODE_LIFE
    grant = Grant(person=person, leads_to=leads_to)
    app.admission.put_code(_code_hash(code, asked), until, grant)
    return Invitation(person=person, code=code, language=language, until=until)


def may_be_mailed(app: App, person: Address, *, is_known: bool) -> bool:
    """Whether this person may be mailed one more link now; it counts as mailed. Raises StoreError.

    `is_known`: it was asked for in a browser where they were at the desk before.
    """
    now = app.clock()
    name = alias(app.settings.secret, person) + (" known" if is_known else "")
    return any(
        app.shelf.put_mark(f"desk link {name} {slot}", now, unless_after=now - _WITHIN)
        for slot in range(_LINKS)
    )


def mail_invitation(app: App, invitation: Invitation) -> None:
    """Hand the mail with a code over, if that is still good, to somebody who may enter. Raises SendError."""
    code, now = invitation.code, app.clock()
    why = _fault_of(app, invitation)
    if why:
        log.warning("desk_link_not_mailed", why=why, code=name_of(code))
        return
    from todoke.mail.desk_mail import compose_desk_link  # noqa: PLC0415 - Jinja2 takes 50 ms

    mail = compose_desk_link(
        app.settings,
        invitation.person,
        code=code,
        url=entry_url(app.settings.site.door_url, code),
        minutes=int(CODE_LIFE.total_seconds()) // 60,
        language=invitation.language,
        now=now,
    )
    app.mailer.send(mail)
    log.info("desk_link_mailed", code=name_of(code))


def _fault_of(app: App, invitation: Invitation) -> str:
    """Why an invitation is not mailed, "" for a good one: who carries it here may be late, or have made it up."""
    if app.clock() >= invitation.until:
        return "too late"
    if not invitation.person or app.people.of(invitation.person) is None:
        return "nobody's"
    code = invitation.code
    return "" if code and mailed_code(code) == code else "no code"


def entry_url(door_url: str, code: str) -> str:
    """The address that takes a code. It is after "#": what stands there goes into no request, and no log of a proxy."""
    return own_url(door_url, f"/desk/enter#code={code}")


def hash_of(typed: str, asked: str) -> str:
    """What a code is kept by, of what somebody brought, in the browser of the secret `asked`; "" for what is no code.

    A code that was mailed may be typed in small letters, without its hyphen, and with a look-alike.
    """
    if mailed := mailed_code(typed):
        return _code_hash(mailed, asked) if asked else ""
    return _code_hash(typed, "") if _PRINTED.fullmatch(typed) else ""


def mailed_code(typed: str) -> str:
    """A code as it was mailed, of what somebody typed; "" for what has not its shape."""
    letters = "".join(typed.split()).replace("-", "").upper().translate(_ALIKE)
    code = f"{letters[:_HALF]}-{letters[_HALF:]}"
    return code if _MAILED.fullmatch(code) else ""


def _code_hash(code: str, asked: str) -> str:
    return token_hash(f"code {code} {asked}")
