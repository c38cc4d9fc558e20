"""What Amazon SES says of us, without a mail: judgements over what facts.py asks."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence

from todoke.ports.diagnosis import Check, Consultation, DomainNeeds, Verdict
from todoke.services.ses.facts import SesFacts, Told, ask_ses
from todoke.services.ses.settings import SesSettings

PRODUCTION = "https://docs.aws.amazon.com/ses/latest/dg/request-production-access.html"
NEEDED_EVENTS = ("SEND", "DELIVERY", "BOUNCE", "COMPLAINT", "REJECT", "DELIVERY_DELAY")
WATCHING_EVENTS = ("OPEN", "CLICK")


class SesDoctor:
    """See ports.ServiceDoctor. Mail and domain are judged by the same facts, which are asked for once."""

    def __init__(self, consultation: Consultation) -> None:
        self._settings, self._seconds = consultation.settings, consultation.seconds
        self._own = consultation.own_addresses
        self._ses = self._settings.mail.own_as(SesSettings)
        self._lock = threading.Lock()
        self._facts: SesFacts | None = None

    @property
    def url(self) -> str:
        """See ports.ServiceDoctor."""
        region = self._ses.region or os.environ.get("AWS_REGION", "us-east-1")
        suffix = ".cn" if region.startswith("cn-") else ""
        return self._ses.endpoint or f"https://email.{region}.amazonaws.com{suffix}"

    def look_at_mail(self) -> list[Check]:
        """See ports.ServiceDoctor."""
        sender = self._settings.mail.sender.address
        return judge_ses(self._ask(), sender=sender, topics=self._ses.topics)

    def needs_of_domain(self) -> DomainNeeds:
        """See ports.ServiceDoctor. The keys of Easy DKIM are CNAMEs that SES names."""
        identity = self._ask().identity
        sender = self._settings.mail.sender.address.ascii_domain
        zone = identity.at("DkimAttributes", "SigningHostedZone") or "dkim.amazonses.com"
        at = str(identity.at("EmailIdentity") or sender).rpartition("@")[2]
        keys = identity.at("DkimAttributes", "Tokens") or ()
        returns_to = identity.at("MailFromAttributes", "MailFromDomain") or ""
        return DomainNeeds(
            include=r"amazonses\.com",
            include_words="amazonses.com",
            signs=None if identity.error else bool(identity.at("DkimAttributes", "SigningEnabled")),
            cnames=[(f"{key}._domainkey.{at}", f"{key}.{zone}") for key in keys],
            envelope=None if identity.error else returns_to,
            guide="docs/services/ses.md",
        )

    def _ask(self) -> SesFacts:
        with self._lock:
            if self._facts is None:
                self._facts = ask_ses(
                    self._ses,
                    sender=self._settings.mail.sender.address,
                    own=self._own,
                    seconds=self._seconds,
                )
            return self._facts


def judge_ses(facts: SesFacts, *, sender: str, topics: Sequence[str]) -> list[Check]:
    """The account, the identity of `sender`, the events, and the suppression list."""
    if facts.account.error and not facts.account.error.startswith("AccessDenied"):
        return [_no_account(facts.account.error)]
    return [
        _judge_account(facts.account),
        _judge_identity(facts.identity, sender),
        _judge_events(facts, topics),
        _judge_suppressions(facts),
    ]


def _no_account(error: str) -> Check:
    if error in {"NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError"}:
        do = "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the machine a role."
        return Check("mail", Verdict.BAD, "There are no AWS credentials.", do)
    if error == "NoRegionError":
        return Check("mail", Verdict.BAD, "No AWS region is set.", "Set mail.ses.region.")
    do = "See that credentials and mail.ses.region are right, and that no firewall is between."
    return Check("mail", Verdict.BAD, f"Amazon SES does not answer us ({error}).", do)


def _judge_account(told: Told) -> Check:
    name = "mail"
    if told.error:
        return _denied(name, "ses:GetAccount")
    if told.at("SendingEnabled") is False or told.at("EnforcementStatus") == "SHUTDOWN":
        return Check(
            name,
            Verdict.BAD,
            "SES has paused or shut down sending for this account.",
            "See the Account dashboard of the SES console, and Amazon's mails to the account's owner.",
        )
    if told.at("ProductionAccessEnabled") is False:
        return Check(
            name,
            Verdict.BAD,
            "The account is in the SES sandbox: it sends only to addresses and domains that you have verified, "
            "200 mails a day, one a second. Visitors' confirmations cannot leave.",
            f"Request production access (SES console, Account dashboard; or see {PRODUCTION}). Until then, verify the "
            "addresses you try it with.",
        )
    if told.at("EnforcementStatus") == "PROBATION":
        do = "See the Account dashboard of the SES console for what to change, and by when."
        return Check(name, Verdict.WARN, "SES has put the account under review.", do)
    most, sent = told.at("SendQuota", "Max24HourSend"), told.at("SendQuota", "SentLast24Hours")
    if isinstance(most, int | float) and isinstance(sent, int | float) and 0 < most * 0.8 <= sent:
        says = f"{sent:,.0f} of the {most:,.0f} mails that SES allows in 24 hours are used."
        return Check(name, Verdict.WARN, says, "Ask for a higher quota (Service Quotas console).")
    return Check(name, Verdict.GOOD, "SES knows us, and lets the account send to anybody.")


def _judge_identity(told: Told, sender: str) -> Check:
    name = "mail.identity"
    if told.error.startswith("NotFound"):
        do = "Create the identity of its domain (docs/services/ses.md, step 1), in the same region."
        return Check(name, Verdict.BAD, f"SES does not know {sender}.", do)
    if told.error:
        return _denied(name, "ses:GetEmailIdentity")
    if not told.at("VerifiedForSendingStatus"):
        do = "Add the DKIM records that the SES console shows, or open the link in its mail."
        return Check(name, Verdict.BAD, f"SES has not verified {sender}.", do)
    if told.at("MailFromAttributes", "MailFromDomainStatus") == "FAILED":
        domain = told.at("MailFromAttributes", "MailFromDomain")
        do = "Add its MX and TXT records as the SES console shows them."
        return Check(name, Verdict.BAD, f"The MAIL FROM domain {domain} is not set up.", do)
    if told.at("DkimAttributes", "Status") != "SUCCESS" or not told.at(
        "DkimAttributes", "SigningEnabled"
    ):
        do = "Switch Easy DKIM on for the domain, and add its three records."
        return Check(name, Verdict.WARN, f"SES does not sign mail of {sender} (DKIM).", do)
    return Check(name, Verdict.GOOD, f"SES has verified {sender}, and signs its mail.")


def _judge_events(facts: SesFacts, topics: Sequence[str]) -> Check:
    name, told = "mail.events", facts.destinations
    if told is None:
        do = "Make one with an event destination (docs/services/ses.md, step 5), and set it."
        return Check(name, Verdict.WARN, "No configuration set is named: no events are told.", do)
    if told.error.startswith("NotFound"):
        do = "Correct mail.ses.configuration_set, or make it, in the same region."
        return Check(name, Verdict.BAD, "SES knows no such configuration set.", do)
    if told.error:
        return _denied(name, "ses:GetConfigurationSetEventDestinations")
    if facts.configuration_set and (
        facts.configuration_set.at("SendingOptions", "SendingEnabled") is False
    ):
        do = (
            "Switch it on: aws sesv2 put-configuration-set-sending-options --sending-enabled"
            " --configuration-set-name NAME"
        )
        return Check(name, Verdict.BAD, "Sending is off for the configuration set.", do)
    found = told.at("EventDestinations") or ()
    ours = [
        one
        for one in found
        if one.get("Enabled") and one.get("SnsDestination", {}).get("TopicArn") in topics
    ]
    if not ours:
        do = "Add an SNS destination with one of mail.ses.topics (docs/services/ses.md, step 5)."
        return Check(name, Verdict.BAD, "The configuration set tells none of our topics.", do)
    kinds = {kind for one in ours for kind in one.get("MatchingEventTypes", ())}
    missing = [kind for kind in NEEDED_EVENTS if kind not in kinds]
    if missing:
        says = f"The event destination leaves out {', '.join(missing)}."
        return Check(name, Verdict.BAD, says, "Add them to its event types.")
    watching = [kind for kind in WATCHING_EVENTS if kind in kinds]
    if watching:
        says = f"The event destination has {' and '.join(watching)}, which watch people read."
        return Check(name, Verdict.WARN, says, "Take them out; todoke does not use them.")
    return Check(name, Verdict.GOOD, "The configuration set tells our topic all that is needed.")


def _judge_suppressions(facts: SesFacts) -> Check:
    name = "mail.suppressions"
    if facts.suppressed:
        return Check(
            name,
            Verdict.BAD,
            f"SES does not send to {', '.join(facts.suppressed)}, who should get mail of this site.",
            "Take the address off: aws sesv2 delete-suppressed-destination --email-address ADDRESS",
        )
    if facts.suppressions.error:
        return _denied(name, "ses:ListSuppressedDestinations")
    entries = facts.suppressions.at("SuppressedDestinationSummaries") or ()
    more = "or more " if facts.suppressions.at("NextToken") else ""
    says = f"{len(entries)} {more}addresses are on the suppression list, none of them the site's."
    return Check(name, Verdict.GOOD, says)


def _denied(name: str, permission: str) -> Check:
    says = f"This could not be asked: the credentials lack {permission}, or SES did not answer."
    return Check(name, Verdict.UNKNOWN, says, "Add the permission (docs/services/ses.md, step 6).")
