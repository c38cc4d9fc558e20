"""What the events of Amazon SES cost in the table: their tags name the attempt, so no mail needs a pointer."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

import support.aws.emulators as aws_emulators
from support.mail.ses_server import SesScript, ses_settings
from support.store.desk import SECRET, START, Desk
from todoke.model.address import Address
from todoke.model.delivery import Status
from todoke.ports.journal import Journaled
from todoke.services.ses.events import read_message
from todoke.services.ses.mailer import SesMailer
from todoke.services.table import TOKENED
from todoke.stores.dynamodb.store import DynamoStore
from todoke.walk.app import App
from todoke.walk.send.round import send_round
from todoke.walk.track import track

pytestmark = pytest.mark.aws
VISITOR = Address("aoi@example.net")


class Walk:
    """A submission whose two mails went through SES, over a table that counts its units."""

    def __init__(self, script: SesScript, mailer: SesMailer, url: str, tokened: Any) -> None:
        self.units: Counter[str] = Counter()
        client = aws_emulators.client_of(aws_emulators.dynamodb_local())
        client.meta.events.register("provide-client-params.dynamodb.*", _ask)
        client.meta.events.register("after-call.dynamodb.*", self._count)
        name = aws_emulators.new_table(client)
        self.store = DynamoStore(
            name, secret=SECRET, clock=lambda: START, tokened=tokened, client=client
        )
        self.script = script
        settings = ses_settings(url, configuration_set="todoke")
        self.app = App(settings=settings, store=self.store, mailer=mailer, clock=lambda: START)
        desk = Desk(self.store)
        self.kept = desk.add(desk.submission(visitor=VISITOR)).submission
        script.answers = [(200, {"MessageId": f"0102-{n}"}) for n in range(2)]
        self.units.clear()
        assert len(send_round(self.app, 10).outcomes) == 2

    def deliver(self, *, tags: bool = True) -> list[Journaled]:
        """SES tells that both were delivered, by event publishing or, without tags, as a notification of old."""
        words: list[Journaled] = []
        for number, request in enumerate(self.script.sent[-2:]):
            call = request.json
            [to] = call["Destination"]["ToAddresses"]
            mail: dict[str, Any] = {"messageId": f"0102-{number}", "destination": [to]}
            if tags:
                mail["tags"] = {tag["Name"]: [tag["Value"]] for tag in call["EmailTags"]}
            kind = "eventType" if tags else "notificationType"
            told = {kind: "Delivery", "mail": mail, "delivery": {"recipients": [to]}}
            events = read_message(json.dumps(told).encode(), now=START + timedelta(seconds=5))
            words += track(self.app, events)
        return words

    @property
    def statuses(self) -> set[Status]:
        """The statuses of both."""
        timeline = self.store.timeline(self.kept.id)
        assert timeline
        return {m.standing.status for m in timeline.messages}

    def _count(self, parsed: dict[str, Any], model: Any, **_: Any) -> None:
        self.units[model.name] += 1
        stated = parsed.get("ConsumedCapacity") or []
        for one in stated if isinstance(stated, list) else [stated]:
            is_read = model.name in {"GetItem", "BatchGetItem", "Query"}
            self.units["read" if is_read else "write"] += one["CapacityUnits"]


def _ask(params: dict[str, Any], model: Any, **_: Any) -> None:
    if "ReturnConsumedCapacity" in model.input_shape.members:
        params["ReturnConsumedCapacity"] = "TOTAL"


def test_no_mail_needs_a_pointer(ses: tuple[SesScript, SesMailer, str]) -> None:
    """Two writes less for a submission with two mails, and two looks for events that came before their answer."""
    counted = []
    for tokened in (TOKENED, frozenset[str]()):
        walk = Walk(*ses, tokened)
        assert walk.deliver() == [Journaled.NEW, Journaled.NEW]
        assert walk.statuses == {Status.DELIVERED}
        counted.append(walk.units)
        walk.store.close()
    with_tokens, without = counted
    assert "ses" in TOKENED
    assert without["write"] - with_tokens["write"] == 2
    assert without["Query"] - with_tokens["Query"] == 2


def test_a_notification_of_old_is_matched_by_its_recipient(
    ses: tuple[SesScript, SesMailer, str],
) -> None:
    """It has no tag, and finds the mail by the id that SES gave it, among those to its address."""
    walk = Walk(*ses, TOKENED)
    assert walk.deliver(tags=False) == [Journaled.NEW, Journaled.NEW]
    assert walk.statuses == {Status.DELIVERED}
    walk.store.close()
