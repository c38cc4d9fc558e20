"""A Postmark of our own on loopback: it judges each call as the documentation says, and can be told to misbehave."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from support.mail.mails import settings
from support.mail.scripted_server import HttpScript, LineServer, answer_of
from support.variants import replace
from todoke.model.settings import Secret, Settings
from todoke.services.postmark.settings import PostmarkSettings

TOKEN = "SECRET-token-93b1"
SUPPRESSIONS = "/message-streams/outbound/suppressions"
STAYS = "You do not have the required authority to change this suppression."
REQUIRED = ("From", "To", "TextBody", "MessageStream")


def error(status: int, code: int, words: str = "details", *headers: str) -> str:
    """An answer with an error code."""
    return answer_of(status, json.dumps({"ErrorCode": code, "Message": words}), *headers)


@dataclass
class PostmarkScript(HttpScript):
    """Answers calls with the right token; `facts` are what GETs tell, by path without its query.

    `suppressed` is the list of the stream `outbound`: an address's reason, and since when.
    """

    facts: dict[str, Any] = field(default_factory=dict)
    mails: list[dict[str, Any]] = field(default_factory=list)
    suppressed: dict[str, tuple[str, str]] = field(default_factory=dict)

    def answer(self, start: str, headers: dict[str, str], body: bytes) -> str:
        """See HttpScript."""
        if headers.get("x-postmark-server-token") != TOKEN:
            return error(401, 10, "No Account or Server API tokens were supplied.")
        method, target, _ = start.split(" ")
        if target == f"{SUPPRESSIONS}/dump" and target not in self.facts:
            rows = [
                {
                    "EmailAddress": address,
                    "SuppressionReason": reason,
                    "Origin": "Recipient",
                    "CreatedAt": at,
                }
                for address, (reason, at) in self.suppressed.items()
            ]
            return answer_of(200, json.dumps({"Suppressions": rows}))
        if method == "GET":
            found = self.facts.get(target) or self.facts.get(target.partition("?")[0])
            if isinstance(found, str):
                return found
            return error(404, 701) if found is None else answer_of(200, json.dumps(found))
        if headers.get("content-type") != "application/json":
            return error(422, 409, "JSON required.")
        if target == f"{SUPPRESSIONS}/delete":
            return answer_of(200, json.dumps({"Suppressions": self._delete(json.loads(body))}))
        mail = json.loads(body)
        if target != "/email" or any(not mail.get(key) for key in REQUIRED):
            return error(422, 300, "Zero recipients specified")
        self.mails.append(mail)
        said = {
            "To": mail["To"],
            "SubmittedAt": "2026-05-06T07:08:09.1234567-04:00",
            "MessageID": str(UUID(int=len(self.mails))),
            "ErrorCode": 0,
            "Message": "OK",
        }
        return answer_of(200, json.dumps(said))

    def _delete(self, asked: dict[str, Any]) -> list[dict[str, Any]]:
        """As documented: a complaint stays, and what is not on the list is deleted as well."""
        told: list[dict[str, Any]] = []
        for entry in asked["Suppressions"]:
            address = entry["EmailAddress"]
            stays = self.suppressed.get(address, ("",))[0] == "SpamComplaint"
            if not stays:
                self.suppressed.pop(address, None)
            told.append(
                {
                    "EmailAddress": address,
                    "Status": "Failed" if stays else "Deleted",
                    "Message": STAYS if stays else None,
                }
            )
        return told


@contextmanager
def postmark_server(script: PostmarkScript) -> Iterator[str]:
    """Serve the script; gives its URL."""
    server = LineServer(script.talk)
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.close()


def postmark_settings(url: str, **changes: Any) -> Settings:
    """Settings that send through the server at `url`; `changes` are PostmarkSettings' own fields."""
    own = replace(PostmarkSettings(url=url, api_key=Secret(TOKEN), timeout_seconds=1.0), **changes)
    usual = settings()
    return replace(usual, mail=replace(usual.mail, service="postmark", own=own))
