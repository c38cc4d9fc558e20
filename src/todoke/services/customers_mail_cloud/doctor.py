"""What Customers Mail Cloud says of us, without a mail. Its records only if wished: it wants few calls."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

from todoke.model.errors import RecordsUnavailable
from todoke.ports.diagnosis import Check, Consultation, DomainNeeds, Verdict
from todoke.services.customers_mail_cloud.settings import CustomersMailCloudSettings
from todoke.services.http.ask import WebFacts, ask


class CustomersMailCloudDoctor:
    """See ports.ServiceDoctor."""

    def __init__(self, consultation: Consultation) -> None:
        self._consultation = consultation
        self._cloud = consultation.settings.mail.own_as(CustomersMailCloudSettings)
        self.url = self._cloud.url

    def look_at_mail(self) -> list[Check]:
        """See ports.ServiceDoctor."""
        asked = self._consultation
        checks = judge_cloud(
            ask(self.url, seconds=asked.seconds, method="HEAD"), urlsplit(self.url).netloc
        )
        if asked.may_ask_records:
            checks += judge_records(ask_records(self._cloud, asked.clock()))
        return checks

    def needs_of_domain(self) -> DomainNeeds:
        """See ports.ServiceDoctor."""
        return DomainNeeds(
            include=r"spf(?:\.[a-z0-9-]+)*\.smtps\.jp",
            include_words="spf.SUBDOMAIN.smtps.jp (on the trial and Standard spf.te.smtps.jp)",
            envelope=self._consultation.settings.mail.envelope_domain,
        )


def ask_records(cloud: CustomersMailCloudSettings, now: datetime) -> str:
    """Ask for one page of today's records; "" when it came, else what went wrong."""
    from todoke.services.customers_mail_cloud.records import CustomersMailCloudRecords  # noqa: PLC0415 only when asked for

    records = CustomersMailCloudRecords(cloud)
    try:
        next(records.of_day(now.astimezone(records.zone).date(), now), None)
    except RecordsUnavailable as error:
        return str(error)
    finally:
        records.close()
    return ""


def judge_cloud(answer: WebFacts, host: str) -> list[Check]:
    """Whether the service can be reached over TLS; whether it knows us, a mail or its records would tell. Pure."""
    if not answer.status:
        return [
            Check(
                "mail",
                Verdict.BAD,
                f"{host} cannot be reached ({answer.error}).",
                "See that mail.customers_mail_cloud.url is your plan's, and that no firewall is between.",
            )
        ]
    return [
        Check(
            "mail",
            Verdict.GOOD,
            f"{host} answers; whether it knows the API user was not asked (--ask-records does).",
        )
    ]


def judge_records(error: str) -> list[Check]:
    """Whether the service lets the API user read its records. Pure."""
    if error:
        do = "Give the API user the permission to read data, and see that TODOKE_CMC_API_KEY is right."
        return [Check("mail.records", Verdict.BAD, error, do)]
    return [Check("mail.records", Verdict.GOOD, "The service knows the API user.")]
