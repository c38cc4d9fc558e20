"""What the mail service says of us, without a mail. Pure; facts/ asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from todoke.doctor.judge import Check, Verdict, WebFacts

PRODUCTION = "https://docs.aws.amazon.com/ses/latest/dg/request-production-access.html"
NEEDED_EVENTS = ("SEND", "DELIVERY", "BOUNCE", "COMPLAINT", "REJECT", "DELIVERY_DELAY")
WATCHING_EVENTS = ("OPEN", "CLICK")


class Knock(msgspec.Struct, frozen=True, kw_only=True):
    """What opening a session came to: "" for `error` when it was opened; `is_ours` when our set-up is at fault."""

    error: str = ""
    is_ours: bool = False


def judge_smtp(knock: Knock, host: str, *, has_login: bool) -> list[Check]:
    """Whether the SMTP server greets us, encrypts, and takes the login."""
    if knock.error:
        do = (
            "Correct [mail.smtp] and TODOKE_SMTP_PASSWORD."
            if knock.is_ours
            else "See that the server runs, and that no firewall is between."
        )
        return [Check("mail", Verdict.BAD, f"{knock.error}.", do)]
    known = "takes the login" if has_login else "answers (no login is set)"
    return [Check("mail", Verdict.GOOD, f"{host} {known}.")]


def judge_cloud(answer: WebFacts, host: str) -> list[Check]:
    """Whether Customers Mail Cloud can be reached over TLS; whether it knows us, a mail or its records would tell."""
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
    """Whether the service lets the API user read its records."""
    if error:
        do = "Give the API user the permission to read data, and see that TODOKE_CMC_API_KEY is right."
        return [Check("mail.records", Verdict.BAD, error, do)]
    return [Check("mail.records", Verdict.GOOD, "The service knows the API user.")]


class Told(msgspec.Struct, frozen=True):
    """The answer to one question, or the error's code or name in its place."""

    answer: Mapping[str, Any] = {}
    error: str = ""

    def at(self, *path: str) -> Any:
        """The value under these keys, None if it is not there."""
        value: Any = self.answer
        for key in path:
            value = value.get(key) if isinstance(value, Mapping) else None
        return value


class SesFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What SES told of the account, the From domain (or address), the configuration set and the suppression list.

    `configuration_set` and `destinations` are None where none is set; `suppressed` are those of the site's own
    addresses that are on the list.
    """

    account: Told
    identity: Told = Told(error="not asked")
    configuration_set: Told | None = None
    destinations: Told | None = None
    suppressions: Told = Told(error="not asked")
    suppressed: Sequence[str] = ()


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
