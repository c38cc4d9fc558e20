"""The sandbox as a whole: how it behaves, its storage, its clock. The handlers and the webhook work on it."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo

from todoke.sandbox import mail as rfc5322
from todoke.sandbox.mail import Mail
from todoke.sandbox.outcomes import Step, outcome_of, posting_order, steps_for
from todoke.sandbox.spool import PlannedCopy, PlannedStep, Spool


def _always() -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What a real account's console and plan would set, and how fast things happen here.

    `webhook_url` "" means that no webhook is set up; `webhook_json` is the console's "use JSON format".
    `webhook_enabled` is asked whenever there is something to tell: while it says no, what happens is lost to the
    webhook for good, as with the webhook switched off in the console; the records have it all the same.
    `api_users` None takes any pair of user and key, `from_domains` None any sender. `retry_seconds` are the waits
    before each further try of a webhook call; then its events are lost, as a real service gives up.
    """

    webhook_url: str = ""
    webhook_key: str = ""
    webhook_json: bool = False
    webhook_enabled: Callable[[], bool] = _always
    webhook_batch_seconds: float = 1.0
    webhook_timeout_seconds: float = 5.0
    retry_seconds: tuple[float, ...] = (1.0, 5.0, 30.0, 120.0, 600.0)
    api_users: Mapping[str, str] | None = None
    from_domains: Collection[str] | None = None
    server_composition: str = "sandbox"
    time_zone: tzinfo
    pace_seconds: float = 1.5


@dataclass(slots=True, kw_only=True)
class Service:
    """A running sandbox. `woken` is set whenever there may be something new for the webhook to tell."""

    behaviour: Behaviour
    spool: Spool
    clock: Callable[[], float] = time.time
    woken: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def domain(self) -> str:
        """The domain that this server group's own names end in."""
        return f"{self.behaviour.server_composition}.smtps.example"

    def accept(self, mail: Mail, *, remote: str) -> str:
        """Take `mail`: keep it with all that will happen to it, and return its Message-ID."""
        now = self.clock()
        mail_id = str(uuid.uuid4())
        message_id = f"<{mail_id}@mta01.{self.domain}>"
        local = (mail.envelope_from or mail.sender.address).rpartition("@")[0]
        return_path = f"{local}@return.{self.domain}"
        stated = {
            "returnPath": return_path,
            "from": mail.sender.address,
            "messageId": message_id,
            "subject": mail.subject,
            "apiData": mail.api_data,
        }
        copies = [self._plan(r, stated, now, remote, mail_id) for r in mail.recipients]
        at = datetime.fromtimestamp(now, UTC)
        source = rfc5322.source(mail, message_id=message_id, return_path=return_path, at=at)
        row = {
            "id": mail_id,
            "message_id": message_id,
            "accepted_at": now,
            "api_user": mail.api_user,
            "sender": mail.sender.address,
            "return_path": return_path,
            "subject": mail.subject,
            "api_data": mail.api_data,
            "text": mail.text,
            "html": mail.html,
            "attachments": json.dumps(rfc5322.listed(mail.attachments), ensure_ascii=False),
            "source": source,
        }
        self.spool.add(row, copies)
        self.woken.set()
        return message_id

    def _plan(
        self, recipient: str, stated: Mapping[str, str], now: float, remote: str, seed: str
    ) -> PlannedCopy:
        outcome = outcome_of(recipient)
        steps = steps_for(outcome, recipient)
        pace = self.behaviour.pace_seconds
        posts: Sequence[tuple[float, int]] = ()
        if self.behaviour.webhook_url:
            order = posting_order(steps, outcome, seed + recipient)
            posts = [(now + after * pace, steps.index(step)) for after, step in order]
        return PlannedCopy(
            recipient=recipient,
            outcome=outcome.name,
            steps=tuple(
                self._planned(step, now + step.after * pace, recipient, stated, remote)
                for step in steps
            ),
            posts=tuple(posts),
        )

    def _planned(
        self, step: Step, at: float, recipient: str, stated: Mapping[str, str], remote: str
    ) -> PlannedStep:
        item = ""
        if step.event_type:
            queued = step.status == "queued"
            created = datetime.fromtimestamp(at, self.behaviour.time_zone)
            item = escaped_json({
                "created": f"{created:%Y-%m-%d %H:%M:%S}",
                **stated,
                "to": recipient,
                "reason": step.reason,
                "senderIp": "" if queued else "192.0.2.20",
                "sourceIp": remote if queued else "",
                "status": step.status,
            })  # fmt: skip
        return PlannedStep(
            happens_at=at,
            label=step.label,
            event_type=step.event_type,
            status=step.status,
            reason=step.reason,
            item=item,
        )


def escaped_json(value: Mapping[str, str]) -> str:
    r"""JSON as the webhook writes it: compact, `<` and `>` as \u003C and \u003E."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003C").replace(">", "\\u003E")
