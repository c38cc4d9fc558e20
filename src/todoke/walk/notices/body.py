"""What a notice says, as JSON; docs/webhooks.schema.json describes it. Pure."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from todoke.model import ids
from todoke.model.json_text import to_json
from todoke.model.notice import Notice
from todoke.model.show import rfc3339
from todoke.model.submission import Submission


def body_of(
    notice: Notice, submission: Submission | None = None, hidden: Collection[str] = ()
) -> bytes:
    """Ids, form, times, words. With a `submission` its text answers too, but those of the names that are `hidden`, and
    no file."""
    data: dict[str, Any] = {}
    if notice.submission_id:
        data["submission"] = {
            "id": notice.submission_id,
            "reference": ids.number(notice.submission_id),
            "form": notice.form,
            "received_at": rfc3339(ids.time_of(notice.submission_id)),
        }
    elif notice.form:
        data["form"] = notice.form
    if notice.message:
        told = notice.message
        words = {"reason": told.reason, "permanence": told.permanence}
        data["message"] = {
            "id": told.id,
            "role": told.role,
            "status": told.status,
            "attempt": told.attempt,
            **{name: word for name, word in words.items() if word},
        }
    if notice.reason:
        data["reason"] = notice.reason
    if notice.until:
        data["until"] = rfc3339(notice.until)
    if submission is not None:
        data["answers"] = [
            {"name": entry.name, "value": entry.value}
            for entry in submission.entries
            if isinstance(entry.value, str) and entry.name not in hidden
        ]
    said = {"type": notice.type.value, "timestamp": rfc3339(notice.at), "data": data}
    return to_json(said).encode()
