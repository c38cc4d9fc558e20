"""What Postmark says of us, without a mail: judgements over what facts.py asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from todoke.model.own_url import own_url
from todoke.ports.diagnosis import Check, Consultation, DomainNeeds, Verdict
from todoke.services.postmark.facts import PostmarkFacts, ServerAnswer, ask_postmark
from todoke.services.postmark.settings import NAME, TEST_TOKEN, PostmarkSettings

NEEDED_TRIGGERS = ("Delivery", "Bounce", "SpamComplaint")
WATCHING_TRIGGERS = ("Open", "Click")
GUIDE = "docs/services/postmark.md"


class PostmarkDoctor:
    """See ports.ServiceDoctor."""

    def __init__(self, consultation: Consultation) -> None:
        self._settings, self._seconds = consultation.settings, consultation.seconds
        self._own = consultation.own_addresses
        self._postmark = self._settings.mail.own_as(PostmarkSettings)
        self.url = self._postmark.url

    def look_at_mail(self) -> list[Check]:
        """See ports.ServiceDoctor."""
        if self._postmark.api_key.reveal() == TEST_TOKEN:
            says = "The token is Postmark's test token: mails are taken, and none is sent."
            return [Check("mail", Verdict.BAD, says, "Use the token of a server.")]
        facts = ask_postmark(self._postmark, own=self._own, seconds=self._seconds)
        hook = own_url(self._settings.site.door_url, f"/hooks/{NAME}/")
        return judge_postmark(facts, self._postmark, hook=hook)

    def needs_of_domain(self) -> DomainNeeds:
        """See ports.ServiceDoctor. A server's token may not ask for domains: neither DKIM nor Return-Path is known."""
        return DomainNeeds(envelope=None, guide=GUIDE)


def judge_postmark(facts: PostmarkFacts, postmark: PostmarkSettings, *, hook: str) -> list[Check]:
    """The server, its webhooks, and the suppression list. `hook` is the webhook's address without its secret. Pure."""
    if facts.server.error:
        return [_no_server(facts.server)]
    return [
        _judge_server(facts.server),
        _judge_webhooks(facts.webhooks, postmark, hook),
        _judge_suppressions(facts),
    ]


def _no_server(told: ServerAnswer) -> Check:
    if told.status == 401:
        do = (
            "Set TODOKE_POSTMARK_API_KEY to a token of the server (API Tokens), not of the account."
        )
        return Check("mail", Verdict.BAD, "Postmark does not know the server token.", do)
    do = "See that mail.postmark.url is right, and that no firewall is between."
    return Check("mail", Verdict.BAD, f"Postmark does not answer us ({told.error}).", do)


def _judge_server(told: ServerAnswer) -> Check:
    if told.said.get("DeliveryType") == "Sandbox":
        says = "The server is a sandbox: Postmark takes mails, and delivers none."
        return Check(
            "mail", Verdict.BAD, says, "Make a server of the type Live, and use its token."
        )
    says = "Postmark knows the server token. Whether the account is approved, only a mail can show."
    return Check("mail", Verdict.GOOD, says)


def _judge_webhooks(told: ServerAnswer, postmark: PostmarkSettings, hook: str) -> Check:
    name, stream = "mail.events", postmark.message_stream
    if told.error:
        says = f"The webhooks of the stream {stream} cannot be listed ({told.error})."
        return Check(name, Verdict.BAD, says, "Correct mail.postmark.message_stream.")
    if not postmark.webhook:
        says = "mail.postmark.webhook is false: no events are taken."
        return Check(name, Verdict.WARN, says, f"Set the webhook up ({GUIDE}).")
    listed = told.said.get("Webhooks")
    ours = [one for one in listed or () if _address(one).startswith(hook)]
    if not ours:
        says = f"No webhook of the stream {stream} leads to {hook}."
        return Check(name, Verdict.BAD, says, f"Add it ({GUIDE}, step 4).")
    if not any(_is_proven(one, postmark, hook) for one in ours):
        says = "The webhook's secret or its password is not ours, so its calls are refused."
        do = "State the ones of TODOKE_POSTMARK_HOOK_SECRET and TODOKE_POSTMARK_WEBHOOK_KEY."
        return Check(name, Verdict.BAD, says, do)
    return _judge_triggers([one for one in ours if _is_proven(one, postmark, hook)])


def _judge_triggers(webhooks: Sequence[Mapping[str, Any]]) -> Check:
    name = "mail.events"
    enabled = {key for one in webhooks for key, value in _triggers(one).items() if _is_on(value)}
    missing = [key for key in NEEDED_TRIGGERS if key not in enabled]
    if missing:
        says = f"The webhook leaves out {', '.join(missing)}."
        return Check(name, Verdict.BAD, says, "Tick them in the webhook.")
    watching = [key for key in WATCHING_TRIGGERS if key in enabled]
    if watching:
        says = f"The webhook has {' and '.join(watching)}, which watch people read."
        return Check(name, Verdict.WARN, says, "Untick them; todoke does not use them.")
    if any(_has_content(value) for one in webhooks for value in _triggers(one).values()):
        says = "The webhook sends the content of returned mails, which todoke then keeps."
        return Check(name, Verdict.WARN, says, "Untick Include message content.")
    return Check(name, Verdict.GOOD, "The webhook tells us all that is needed.")


def _judge_suppressions(facts: PostmarkFacts) -> Check:
    name = "mail.suppressions"
    if facts.suppressed:
        says = f"Postmark does not send to {', '.join(facts.suppressed)}, who should get mail of this site."
        do = "See that the address works, and reactivate it (Message stream, Suppressions)."
        return Check(name, Verdict.BAD, says, do)
    if facts.suppressions.error:
        says = f"The suppression list cannot be asked ({facts.suppressions.error})."
        return Check(name, Verdict.UNKNOWN, says)
    return Check(name, Verdict.GOOD, "None of the site's own addresses is on the suppression list.")


def _is_proven(webhook: Mapping[str, Any], postmark: PostmarkSettings, hook: str) -> bool:
    """Whether the webhook states our secrets, as far as they are known here: those that are not count as right."""
    secret, password = _address(webhook).removeprefix(hook), _password(webhook)
    knows_secret = not postmark.hook_secret or postmark.hook_secret.matches(secret)
    knows_password = not postmark.webhook_key or postmark.webhook_key.matches(password)
    return knows_secret and knows_password


def _address(webhook: object) -> str:
    url = webhook.get("Url") if isinstance(webhook, Mapping) else None
    return url if isinstance(url, str) else ""


def _password(webhook: Mapping[str, Any]) -> str:
    login = webhook.get("HttpAuth")
    password = login.get("Password") if isinstance(login, Mapping) else None
    return password if isinstance(password, str) else ""


def _triggers(webhook: Mapping[str, Any]) -> Mapping[str, Any]:
    triggers = webhook.get("Triggers")
    return triggers if isinstance(triggers, Mapping) else {}


def _is_on(trigger: object) -> bool:
    return isinstance(trigger, Mapping) and trigger.get("Enabled") is True


def _has_content(trigger: object) -> bool:
    return (
        isinstance(trigger, Mapping) and _is_on(trigger) and trigger.get("IncludeContent") is True
    )
