"""SMTP, as the table has it."""

from __future__ import annotations

from todoke.model.settings import Settings
from todoke.ports.diagnosis import Consultation, ServiceDoctor
from todoke.ports.mailer import Mailer
from todoke.services.service import Service, ServiceSecret
from todoke.services.smtp.settings import KEYS, NAME, PASSWORD, SmtpSettings, read_smtp


def _open_mailer(settings: Settings) -> Mailer:
    from todoke.services.smtp.mailer import SmtpMailer

    return SmtpMailer(settings)


def _open_doctor(consultation: Consultation) -> ServiceDoctor:
    from todoke.services.smtp.doctor import SmtpDoctor

    return SmtpDoctor(consultation)


SMTP: Service[SmtpSettings] = Service(
    name=NAME,
    title="SMTP",
    section="smtp",
    keys=KEYS,
    read=read_smtp,
    open_mailer=_open_mailer,
    open_doctor=_open_doctor,
    secrets=(
        ServiceSecret(key="password", variable=PASSWORD, is_needed=lambda smtp: bool(smtp.user)),
    ),
    misplaced={("mail", "password"): PASSWORD},
)
