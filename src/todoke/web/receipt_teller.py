"""What a receipt tells, and the correction that it offers: by what is stored, and what the DNS says of the domain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from todoke.model.message import Role, Timeline
from todoke.report.receipt import receipt
from todoke.walk.app import App
from todoke.walk.correct import Correction, correct

if TYPE_CHECKING:
    from todoke.web.mail_domains import MailDomains


@dataclass(frozen=True, slots=True)
class ReceiptTeller:
    """Without `domains` the DNS says nothing."""

    app: App
    domains: MailDomains | None

    def receipt(self, timeline: Timeline) -> dict[str, Any]:
        """The receipt as JSON, now."""
        lost = self._takes_no_mail(timeline)
        return receipt(timeline, self.app.settings, self.app.clock(), takes_no_mail=lost)

    def correct(self, timeline: Timeline, typed: str) -> Correction:
        """Correct the address as the receipt offers it. Raises StoreError."""
        return correct(self.app, timeline, typed, takes_no_mail=self._takes_no_mail(timeline))

    def _takes_no_mail(self, timeline: Timeline) -> bool:
        if self.domains is None:
            return False
        to = (m.message for m in timeline.messages if m.message.role is Role.CONFIRMATION)
        confirmation = next(to, None)
        if confirmation is None or not confirmation.recipient.is_readable:
            return False
        return self.domains.takes_no_mail(confirmation.recipient.ascii_domain.lower())


def told_by(app: App) -> ReceiptTeller:
    """With the machine's own DNS servers, where the settings want them asked."""
    if not app.settings.mail.look_up_domains:
        return ReceiptTeller(app, None)
    from todoke.doctor.look_dns import system_resolver  # noqa: PLC0415 for who wants it alone
    from todoke.web.mail_domains import MailDomains  # noqa: PLC0415

    return ReceiptTeller(app, MailDomains(system_resolver))
