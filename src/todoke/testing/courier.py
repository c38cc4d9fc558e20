"""A courier that answers as it is told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from todoke.model.webhook import Webhook
from todoke.ports.courier import Reply


@dataclass
class FakeCourier:
    """See Courier. `replies` are given in turn, the last for ever; `posted` keeps what came: webhook, headers, body."""

    replies: list[Reply] = field(default_factory=lambda: [Reply(status=200)])
    posted: list[tuple[str, Mapping[str, str], dict[str, Any]]] = field(default_factory=list)
    faults: dict[str, str] = field(default_factory=dict)

    def post(self, webhook: Webhook, body: bytes, headers: Mapping[str, str]) -> Reply:
        """See Courier."""
        self.posted.append((webhook.name, headers, json.loads(body)))
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]

    def find(self, webhook: Webhook) -> str:
        """See Courier."""
        return self.faults.get(webhook.name, "")

    @property
    def ids(self) -> list[str]:
        """The webhook-ids that came."""
        return [headers["webhook-id"] for _, headers, _ in self.posted]
