"""What speaks to the mail service for a person at the desk: done here, or carried to the process that may do it."""

from __future__ import annotations

from todoke.model.admission import Invitation
from todoke.model.errand import Errand, Lift, ListReading, MailTest
from todoke.model.errors import Error, StoreError
from todoke.model.log import get_logger
from todoke.walk.app import App
from todoke.walk.invite import mail_invitation
from todoke.walk.lift import lift
from todoke.walk.suppress import read_suppressions
from todoke.walk.try_mail import try_mail

log = get_logger(__name__)


def entrust(app: App, errand: Errand) -> None:
    """Carry the errand out, or have it carried. Raises Error: if it was neither."""
    if app.carry is not None:
        app.carry(errand)
    else:
        carry_out(app, errand)


def was_entrusted(app: App, errand: Errand) -> bool:
    """Whether an errand, which is no invitation, was done or is under way. Raises StoreError."""
    try:
        entrust(app, errand)
    except StoreError:
        raise
    except Error as error:
        log.warning("errand_not_carried", errand=type(errand).__name__, why=str(error))
        return False
    return True


def carry_out(app: App, errand: Errand) -> None:
    """Do it here and now; what comes of it is kept where pages look. Raises SendError: of an invitation. StoreError."""
    match errand:
        case Invitation():
            mail_invitation(app, errand)
        case MailTest():
            try_mail(app, errand)
        case ListReading():
            read_suppressions(app)
        case Lift():
            lift(app, errand)
