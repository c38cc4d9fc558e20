"""What the doctor says of the mail service, for each answer."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from support.variants import replace
from todoke.model.address import Address
from todoke.model.settings import Secret
from todoke.ports.diagnosis import Check
from todoke.services.customers_mail_cloud.doctor import judge_cloud, judge_records
from todoke.services.http.ask import WebFacts
from todoke.services.postmark.doctor import judge_postmark
from todoke.services.postmark.facts import PostmarkFacts, ServerAnswer
from todoke.services.postmark.settings import PostmarkSettings
from todoke.services.ses.doctor import NEEDED_EVENTS, judge_ses
from todoke.services.ses.facts import SesFacts, Told
from todoke.services.smtp.doctor import Knock, judge_smtp

NOW = datetime(2026, 5, 6, tzinfo=UTC)
TOPIC = "arn:aws:sns:eu-west-1:123456789012:ses-events"
SENDER = Address("desk@garden.example")
ACCOUNT = {
    "SendingEnabled": True,
    "EnforcementStatus": "HEALTHY",
    "ProductionAccessEnabled": True,
    "SendQuota": {"Max24HourSend": 1000.0, "SentLast24Hours": 10.0, "MaxSendRate": 14.0},
}
IDENTITY = {
    "EmailIdentity": "garden.example",
    "VerifiedForSendingStatus": True,
    "DkimAttributes": {"Status": "SUCCESS", "SigningEnabled": True, "Tokens": ["k1"]},
    "MailFromAttributes": {"MailFromDomain": "b.garden.example", "MailFromDomainStatus": "SUCCESS"},
}
DESTINATION = {
    "Enabled": True,
    "MatchingEventTypes": list(NEEDED_EVENTS),
    "SnsDestination": {"TopicArn": TOPIC},
}
GOOD = SesFacts(
    account=Told(ACCOUNT),
    identity=Told(IDENTITY),
    configuration_set=Told({"SendingOptions": {"SendingEnabled": True}}),
    destinations=Told({"EventDestinations": [DESTINATION]}),
    suppressions=Told({"SuppressedDestinationSummaries": [{"EmailAddress": "x@y.example"}]}),
)


def checks(**changes: Any) -> dict[str, Check]:
    """The checks on these facts; what is not good says what to do."""
    found = judge_ses(replace(GOOD, **changes), sender=SENDER, topics=(TOPIC,))
    for check in found:
        assert check.do or check.status.value == "good"
    return {check.name: check for check in found}


def account(**changes: Any) -> str:
    """The verdict on an account."""
    return checks(account=Told(ACCOUNT | changes))["mail"].status.value


def test_an_account_that_is_right() -> None:
    """Account, identity, events and suppression list."""
    assert {name: check.status.value for name, check in checks().items()} == {
        "mail": "good",
        "mail.identity": "good",
        "mail.events": "good",
        "mail.suppressions": "good",
    }


def test_the_sandbox_is_explained() -> None:
    """What it means, and how to leave it."""
    check = checks(account=Told(ACCOUNT | {"ProductionAccessEnabled": False}))["mail"]
    assert check.status.value == "bad"
    assert "only to addresses and domains that you have verified" in check.says
    assert "200 mails a day" in check.says
    assert "Request production access" in check.do


def test_other_states_of_the_account() -> None:
    """Paused, shut down, under review, and near its quota."""
    assert account(SendingEnabled=False) == "bad"
    assert account(EnforcementStatus="SHUTDOWN") == "bad"
    assert account(EnforcementStatus="PROBATION") == "warn"
    assert account(SendQuota={"Max24HourSend": 1000.0, "SentLast24Hours": 900.0}) == "warn"
    assert account(SendQuota={"Max24HourSend": -1.0, "SentLast24Hours": 900.0}) == "good"
    assert account(SendQuota=None) == "good"


@pytest.mark.parametrize(
    ("error", "verdict", "words"),
    [
        ("NoCredentialsError", "bad", "no AWS credentials"),
        ("NoRegionError", "bad", "No AWS region"),
        ("UnrecognizedClientException", "bad", "does not answer us"),
        ("EndpointConnectionError", "bad", "does not answer us"),
    ],
)
def test_a_service_that_does_not_answer(error: str, verdict: str, words: str) -> None:
    """One check says why; the others would only repeat it."""
    (check,) = checks(account=Told(error=error)).values()
    assert (check.status.value, words in check.says) == (verdict, True)


def test_permissions_that_are_missing_are_named() -> None:
    """What could not be asked is unknown, and nothing else suffers."""
    denied = Told(error="AccessDeniedException")
    found = checks(account=denied, identity=denied, destinations=denied, suppressions=denied)
    assert {check.status.value for check in found.values()} == {"unknown"}
    assert "ses:GetAccount" in found["mail"].says
    assert "ses:GetEmailIdentity" in found["mail.identity"].says


@pytest.mark.parametrize(
    ("told", "verdict"),
    [
        (Told(error="NotFoundException"), "bad"),
        (Told(IDENTITY | {"VerifiedForSendingStatus": False}), "bad"),
        (
            Told(IDENTITY | {"MailFromAttributes": {"MailFromDomainStatus": "FAILED"}}),
            "bad",
        ),
        (
            Told(IDENTITY | {"DkimAttributes": {"Status": "PENDING", "SigningEnabled": True}}),
            "warn",
        ),
        (Told(IDENTITY | {"DkimAttributes": {}}), "warn"),
        (Told(IDENTITY | {"MailFromAttributes": {}}), "good"),
    ],
)
def test_the_identity(told: Told, verdict: str) -> None:
    """Not there, not verified, MAIL FROM broken, not signing."""
    assert checks(identity=told)["mail.identity"].status.value == verdict


def destinations(**changes: Any) -> Told:
    """One event destination with these changes."""
    return Told({"EventDestinations": [DESTINATION | changes]})


@pytest.mark.parametrize(
    ("told", "verdict"),
    [
        (None, "warn"),
        (Told(error="NotFoundException"), "bad"),
        (Told({"EventDestinations": []}), "bad"),
        (Told({}), "bad"),
        (destinations(Enabled=False), "bad"),
        (destinations(SnsDestination={"TopicArn": TOPIC + "x"}), "bad"),
        (destinations(SnsDestination={}), "bad"),
        (destinations(MatchingEventTypes=["BOUNCE"]), "bad"),
        (destinations(MatchingEventTypes=[*NEEDED_EVENTS, "OPEN"]), "warn"),
    ],
)
def test_the_events(told: Told | None, verdict: str) -> None:
    """No set, an unknown one, none of our topics, kinds that are missing, kinds that watch people."""
    assert checks(destinations=told)["mail.events"].status.value == verdict


def test_a_configuration_set_that_is_switched_off() -> None:
    """Nothing leaves through it."""
    off = Told({"SendingOptions": {"SendingEnabled": False}})
    assert checks(configuration_set=off)["mail.events"].status.value == "bad"


def test_the_site_s_own_addresses_on_the_list() -> None:
    """A manager who is suppressed gets no notification: that is bad, and named."""
    check = checks(suppressed=("office@garden.example",))["mail.suppressions"]
    assert check.status.value == "bad"
    assert "office@garden.example" in check.says


def test_smtp() -> None:
    """Greeted, or not, and whose fault it is."""
    assert judge_smtp(Knock(), "h", has_login=True)[0].status.value == "good"
    ours = judge_smtp(Knock(error="the login was refused", is_ours=True), "h", has_login=True)[0]
    theirs = judge_smtp(Knock(error="h cannot be reached"), "h", has_login=True)[0]
    assert (ours.status.value, theirs.status.value) == ("bad", "bad")
    assert "mail.smtp" in ours.do
    assert "firewall" in theirs.do


def test_customers_mail_cloud() -> None:
    """Reached or not; its records only when they were asked."""
    reached = judge_cloud(WebFacts(url="u", at=NOW, status=404), "h")[0]
    assert reached.status.value == "good"
    assert "--ask-records" in reached.says
    assert judge_cloud(WebFacts(url="u", at=NOW, error="x"), "h")[0].status.value == "bad"
    assert judge_records("")[0].status.value == "good"
    assert judge_records("The records cannot be read.")[0].status.value == "bad"


HOOK = "https://forms.garden.example/hooks/postmark/"
POSTMARK = PostmarkSettings(hook_secret=Secret("s" * 32), webhook_key=Secret("k" * 32))


def webhook(**changes: Any) -> dict[str, Any]:
    """A webhook of Postmark's that is set up as it should be; `changes` are fields, or triggers by their name."""
    usual: dict[str, Any] = {
        "Url": f"{HOOK}{'s' * 32}",
        "HttpAuth": {"Username": "todoke", "Password": "k" * 32},
        "Triggers": {
            **{name: {"Enabled": True} for name in ("Delivery", "Bounce", "SpamComplaint")},
            **{name: {"Enabled": False} for name in ("Open", "Click", "SubscriptionChange")},
        },
    }
    for name, value in changes.items():
        (usual if name in usual else usual["Triggers"])[name] = value
    return usual


def postmark(*webhooks: Any, **changes: Any) -> PostmarkFacts:
    """What a sound server tells, with these webhooks."""
    usual = PostmarkFacts(
        server=ServerAnswer({"Name": "forms", "DeliveryType": "Live"}, status=200),
        webhooks=ServerAnswer({"Webhooks": list(webhooks or [webhook()])}, status=200),
        suppressions=ServerAnswer(),
    )
    return replace(usual, **changes)


def verdicts_of_postmark(facts: PostmarkFacts, own: PostmarkSettings = POSTMARK) -> dict[str, str]:
    """Each check's verdict by name; whatever is not good says what to do, or that it is unknown."""
    checks = judge_postmark(facts, own, hook=HOOK)
    assert all(check.do or check.status.value in {"good", "unknown"} for check in checks)
    assert not any(
        secret in check.says + check.do for check in checks for secret in ("ssss", "kkkk")
    )
    return {check.name: check.status.value for check in checks}


def test_postmark_that_is_set_up_well() -> None:
    """Server, webhook and suppression list."""
    assert verdicts_of_postmark(postmark()) == {
        "mail": "good",
        "mail.events": "good",
        "mail.suppressions": "good",
    }


@pytest.mark.parametrize(
    "server",
    [
        ServerAnswer(error="10 bad token", status=401),
        ServerAnswer(error="NewConnectionError"),
    ],
)
def test_postmark_that_does_not_know_us(server: ServerAnswer) -> None:
    """Nothing else is said then."""
    assert verdicts_of_postmark(postmark(server=server)) == {"mail": "bad"}


def test_a_sandbox_of_postmark_delivers_nothing() -> None:
    """Which would look like delivered."""
    server = ServerAnswer({"DeliveryType": "Sandbox"}, status=200)
    assert verdicts_of_postmark(postmark(server=server))["mail"] == "bad"


@pytest.mark.parametrize(
    ("webhooks", "verdict"),
    [
        ([webhook(Url="https://elsewhere.example/hook")], "bad"),
        ([{}, "nonsense"], "bad"),
        ([webhook(Url=f"{HOOK}{'x' * 32}")], "bad"),
        ([webhook(HttpAuth={"Username": "todoke", "Password": "x"})], "bad"),
        ([webhook(HttpAuth=None)], "bad"),
        ([webhook(Bounce={"Enabled": False})], "bad"),
        ([webhook(Triggers=None)], "bad"),
        ([webhook(Open={"Enabled": True})], "warn"),
        ([webhook(Bounce={"Enabled": True, "IncludeContent": True})], "warn"),
        ([webhook(Url="https://elsewhere.example/hook"), webhook()], "good"),
        ([webhook(Bounce={"Enabled": False}), webhook(Delivery={"Enabled": False})], "good"),
    ],
)
def test_the_webhooks_of_postmark(webhooks: list[Any], verdict: str) -> None:
    """None of ours, one with another's secrets, one that leaves words out, one that watches people read."""
    assert verdicts_of_postmark(postmark(*webhooks))["mail.events"] == verdict


def test_secrets_of_postmark_s_webhook_that_are_not_known_here_are_not_judged() -> None:
    """The doctor may run where they are not."""
    facts = postmark(webhook(Url=f"{HOOK}any", HttpAuth=None))
    assert verdicts_of_postmark(facts, PostmarkSettings())["mail.events"] == "good"


def test_what_else_postmark_may_say() -> None:
    """No such stream; no webhook wanted; our own address suppressed; a list that cannot be asked."""
    none = ServerAnswer(error="404 no such stream", status=404)
    assert verdicts_of_postmark(postmark(webhooks=none))["mail.events"] == "bad"
    off = replace(POSTMARK, webhook=False)
    assert verdicts_of_postmark(postmark(), off)["mail.events"] == "warn"
    ours = postmark(suppressed=["desk@garden.example"])
    assert verdicts_of_postmark(ours)["mail.suppressions"] == "bad"
    unasked = postmark(suppressions=ServerAnswer(error="HTTP 500", status=500))
    assert verdicts_of_postmark(unasked)["mail.suppressions"] == "unknown"
