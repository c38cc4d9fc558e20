"""What the record APIs can be asked: what has happened, day by day, for as long as the service keeps it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from mail_cloud_sandbox.database import Database, Row
from mail_cloud_sandbox.outcomes import SUPPRESSED

KEPT_SECONDS = 40 * 86_400
"""How long the delivery log and the error log are kept, as documented."""

_EVERYTHING = {
    "created": "",
    "start_date": "0000-00-00",
    "end_date": "9999-99-99",
    "from": "",
    "to": "",
    "api_data": "",
    "status": "",
}


class Records:
    """The record APIs' view of the sandbox's file."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def items(
        self,
        event_type: str,
        now: float,
        wanted: Mapping[str, str],
        *,
        whole: Collection[str],
        rows: int,
        page: int,
    ) -> Sequence[str]:
        """The JSON objects of what has happened, oldest first; `wanted` as `transaction.py` checked it.

        `created` is the beginning of the time as the object states it, `start_date` and `end_date` bound its day;
        `from`, `to` and `api_data` are parts of the object's values, or all of it for those in `whole`; `status` is
        the whole value.
        """
        cursor = self._db.execute(
            "SELECT item FROM step WHERE event_type = :event_type"
            " AND happens_at BETWEEN :oldest AND :now"
            " AND instr(item ->> '$.created', :created) = 1"
            " AND substr(item ->> '$.created', 1, 10) BETWEEN :start_date AND :end_date"
            " AND instr(lower(item ->> '$.from'), lower(:from)) > 0"
            " AND instr(lower(item ->> '$.to'), lower(:to)) > 0"
            " AND instr(item ->> '$.apiData', :api_data) > 0"
            " AND (NOT :whole_from OR lower(:from) IN ('', lower(item ->> '$.from')))"
            " AND (NOT :whole_to OR lower(:to) IN ('', lower(item ->> '$.to')))"
            " AND (NOT :whole_api_data OR :api_data IN ('', item ->> '$.apiData'))"
            " AND :status IN ('', status)"
            " ORDER BY happens_at, copy_seq, position LIMIT :rows OFFSET :skip",
            {
                **_EVERYTHING,
                **wanted,
                **{f"whole_{name}": name in whole for name in ("from", "to", "api_data")},
                "event_type": event_type,
                "oldest": now - KEPT_SECONDS,
                "now": now,
                "rows": rows,
                "skip": rows * page,
            },
        )
        return [row[0] for row in cursor]

    def statistics(self, month: str, now: float) -> Sequence[Row]:
        """For each day of `month` (such as 2031-05) with mail: its date, and how many were queued, succeeded ..."""
        return self._db.execute(
            "SELECT substr(item ->> '$.created', 1, 10) AS date,"
            " sum(status = 'queued') AS queued, sum(status = 'succeeded') AS succeeded,"
            " sum(status = 'failed' AND label <> :suppressed) AS failed,"
            " sum(status = 'failed' AND label = :suppressed) AS blocked"
            " FROM step WHERE event_type = 'deliveries' AND happens_at <= :now"
            " AND substr(item ->> '$.created', 1, 7) = :month GROUP BY date ORDER BY date",
            {"suppressed": SUPPRESSED, "now": now, "month": month},
        ).fetchall()
