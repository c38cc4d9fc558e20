"""What an SMTP server says of us, without a mail."""

from __future__ import annotations

import msgspec

from todoke.model.delivery import Reason
from todoke.model.errors import ConfigError, SendDeferred
from todoke.model.settings import Settings
from todoke.ports.diagnosis import Check, Consultation, DomainNeeds, Verdict
from todoke.services.smtp.mailer import SmtpMailer
from todoke.services.smtp.settings import SmtpSettings


class Knock(msgspec.Struct, frozen=True, kw_only=True):
    """What opening a session came to: "" for `error` when it was opened; `is_ours` when our set-up is at fault."""

    error: str = ""
    is_ours: bool = False


class SmtpDoctor:
    """See ports.ServiceDoctor."""

    url = ""

    def __init__(self, consultation: Consultation) -> None:
        self._settings = consultation.settings

    def look_at_mail(self) -> list[Check]:
        """See ports.ServiceDoctor."""
        smtp = self._settings.mail.own_as(SmtpSettings)
        return judge_smtp(knock_at_smtp(self._settings), smtp.host, has_login=bool(smtp.user))

    def needs_of_domain(self) -> DomainNeeds:
        """See ports.ServiceDoctor. Of the server's own SPF record nothing is known."""
        return DomainNeeds(envelope=self._settings.mail.envelope_domain)


def knock_at_smtp(settings: Settings) -> Knock:
    """Open a session (greeting, STARTTLS, login) and leave."""
    try:
        SmtpMailer(settings).knock()
    except SendDeferred as error:
        words = error.diagnostic or str(error)
        return Knock(error=words, is_ours=error.reason is Reason.MISCONFIGURED)
    except ConfigError as error:
        return Knock(error=str(error).rstrip("."), is_ours=True)
    return Knock()


def judge_smtp(knock: Knock, host: str, *, has_login: bool) -> list[Check]:
    """Whether the SMTP server greets us, encrypts, and takes the login. Pure."""
    if knock.error:
        do = (
            "Correct [mail.smtp] and TODOKE_SMTP_PASSWORD."
            if knock.is_ours
            else "See that the server runs, and that no firewall is between."
        )
        return [Check("mail", Verdict.BAD, f"{knock.error}.", do)]
    known = "takes the login" if has_login else "answers (no login is set)"
    return [Check("mail", Verdict.GOOD, f"{host} {known}.")]
