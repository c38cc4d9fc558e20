"""The sandbox as a whole: how it behaves, its storage, its clock. The handlers and the webhook work on it."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from mail_cloud_sandbox import mail as rfc5322
from mail_cloud_sandbox.behaviour import Behaviour
from mail_cloud_sandbox.block_list import HARD, Blocked, BlockList
from mail_cloud_sandbox.connections import Connections
from mail_cloud_sandbox.database import Database
from mail_cloud_sandbox.faults import Orders
from mail_cloud_sandbox.inbox import Inbox
from mail_cloud_sandbox.mail import Mail
from mail_cloud_sandbox.outbox import Outbox
from mail_cloud_sandbox.outcomes import (
    BLOCKS,
    BOUNCES,
    DELIVERED,
    OUTCOMES,
    SUPPRESSED,
    Outcome,
    Step,
    outcome_of,
    posting_order,
    steps_for,
)
from mail_cloud_sandbox.records import Records
from mail_cloud_sandbox.spool import PlannedCopy, PlannedStep, Spool, searched
from mail_cloud_sandbox.webhook_call import escaped

TIME_FORMAT = "%Y-%m-%d %H:%M:%S"


@dataclass(slots=True, kw_only=True)
class Service:
    """A running sandbox. `woken` is set whenever there may be something new for the webhook to tell."""

    behaviour: Behaviour
    spool: Spool
    inbox: Inbox
    outbox: Outbox
    records: Records
    blocks: BlockList
    faults: Orders
    connections: Connections
    clock: Callable[[], float] = time.time
    woken: asyncio.Event = field(default_factory=asyncio.Event)

    def accept(self, mail: Mail, *, remote: str) -> str:
        """Take `mail`: keep it with all that will happen to it, and return its Message-ID."""
        now = self.clock()
        mail_id = str(uuid.uuid4())
        message_id = f"<{mail_id}@mta01.{self.behaviour.domain}>"
        local = (mail.envelope_from or mail.sender.address).rpartition("@")[0]
        return_path = f"{local}@return.{self.behaviour.domain}"
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
            "attachments": json.dumps(rfc5322.listed(mail), ensure_ascii=False),
            "source": source,
        }
        found_by = searched(
            sender=f"{mail.sender.name} {mail.sender.address}",
            to=[f"{box.name} {box.address}" for box in (*mail.to, *mail.cc)],
            subject=mail.subject,
            text=mail.text,
            html=mail.html,
            files=[file.name for file in mail.attachments],
        )
        self.spool.add(row, found_by, copies)
        self.woken.set()
        return message_id

    def release(self, *, block_id: str = "", email: str = "") -> Sequence[Blocked]:
        """Take an address off the block list; the entries released, none if it was not on it."""
        now = self.clock()
        released = self.blocks.release(now, block_id=block_id, email=email)
        for entry in released:
            self._tell_block(entry, "release", now)
        return released

    def stated_time(self, at: float) -> str:
        """A time as events and records state it: in the console's zone, without naming it."""
        return f"{datetime.fromtimestamp(at, self.behaviour.zone):{TIME_FORMAT}}"

    def block_item(self, entry: Blocked) -> dict[str, str]:
        """An entry of the block list as blocks/list gives it."""
        return {
            "created": self.stated_time(entry.created_at),
            "email": entry.email,
            "id": entry.id,
            "occurred": str(entry.occurred),
            "status": entry.status,
        }

    def _plan(
        self, recipient: str, stated: Mapping[str, str], now: float, remote: str, seed: str
    ) -> PlannedCopy:
        outcome = self._outcome(recipient, now)
        steps = steps_for(outcome, recipient)
        pace = self.behaviour.pace_seconds
        for step in steps:
            if step.event_type == BOUNCES and step.status in HARD:
                self._count_bounce(recipient, step.status, now + step.after * pace)
        posts = [
            (now + after * pace, steps.index(step))
            for after, step in posting_order(steps, outcome, seed + recipient)
            if self.behaviour.tells(step.event_type, step.status)
        ]
        return PlannedCopy(
            recipient=recipient,
            outcome=outcome.name,
            steps=tuple(
                self._planned(step, now + step.after * pace, recipient, stated, remote)
                for step in steps
            ),
            posts=tuple(posts),
        )

    def _outcome(self, recipient: str, now: float) -> Outcome:
        """What the address asks for, unless it is blocked; suppressed@ is, until somebody releases it."""
        asked = outcome_of(recipient)
        if self.blocks.is_blocked(recipient, now):
            return OUTCOMES[SUPPRESSED]
        if asked.name != SUPPRESSED:
            return asked
        if self.blocks.was_released(recipient):
            return DELIVERED
        self._tell_block(self.blocks.add(recipient, now), "block", now)
        return asked

    def _count_bounce(self, recipient: str, status: str, at: float) -> None:
        entry = self.blocks.note_bounce(recipient, status, at, self.behaviour.block_after)
        if entry:
            self._tell_block(entry, "block", at)

    def _tell_block(self, entry: Blocked, operation: str, at: float) -> None:
        if self.behaviour.tells(BLOCKS, ""):
            item = escaped({**self.block_item(entry), "operation": operation})
            self.outbox.add(BLOCKS, item, at)
            self.woken.set()

    def _planned(
        self, step: Step, at: float, recipient: str, stated: Mapping[str, str], remote: str
    ) -> PlannedStep:
        item = ""
        if step.event_type:
            queued = step.status == "queued"
            item = escaped({
                "created": self.stated_time(at),
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


def service_on(
    folder: Path, behaviour: Behaviour, clock: Callable[[], float] = time.time
) -> tuple[Service, Database]:
    """A service on the storage in `folder`, and that storage, to be closed in the end."""
    database = Database(folder)
    service = Service(
        behaviour=behaviour,
        spool=Spool(database, keep_mails=behaviour.keep_mails, keep_bytes=behaviour.keep_bytes),
        inbox=Inbox(database),
        outbox=Outbox(database),
        records=Records(database),
        blocks=BlockList(database),
        faults=Orders(database),
        connections=Connections(behaviour.connections_per_user),
        clock=clock,
    )
    return service, database
