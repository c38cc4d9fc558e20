"""A table that was restored, held against what its stack's template says of one.

A restored table has its indexes, its billing and its encryption. It has no stream, no time to live, no recovery, no
protection and no tags (docs/aws.md names the source); an import changes nothing of that, so they are set before.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from stack_review.errors import AwsError
from stack_review.session import Client, asked, code_of
from stack_review.template import Json
from todoke.model.errors import ConfigError, NotFound

_WAIT_SECONDS = 600.0


@dataclass(frozen=True)
class Setting:
    """What a table lacks: in words, and what sets it."""

    words: str
    put: Callable[[], None]


def table_of(client: Client, name: str) -> dict[str, Any]:
    """What DynamoDB says of a table. Raises NotFound: if there is none."""
    try:
        return dict(asked(client.describe_table, TableName=name)["Table"])
    except AwsError as error:
        if code_of(error) == "ResourceNotFoundException":
            raise NotFound(f"There is no table {name} here.") from error
        raise


def require_same_shape(table: Mapping[str, Any], properties: Mapping[str, Json]) -> None:
    """Raises ConfigError: if a table is not (yet) as these properties of a template say, in what nobody can change."""
    name = table["TableName"]
    if table["TableStatus"] != "ACTIVE" or (table.get("RestoreSummary") or {}).get(
        "RestoreInProgress"
    ):
        raise ConfigError(
            f"The table {name} is not restored yet ({table['TableStatus']}): wait for it."
        )
    faults = [
        what
        for what, there, wanted in (
            ("keys", _keys(table["KeySchema"]), _keys(properties["KeySchema"])),
            ("indexes", _indexes(table), _indexes(properties)),
            ("attributes", _attributes(table), _attributes(properties)),
        )
        if there != wanted
    ]
    if faults:
        raise ConfigError(
            f"The table {name} has other {' and '.join(faults)} than the stack's template: it is none of its."
        )


def missing_settings(
    client: Client,
    table: Mapping[str, Any],
    properties: Mapping[str, Json],
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Setting]:
    """What the table lacks of these properties of a template, whose parameters are resolved."""
    name, arn = table["TableName"], table["TableArn"]
    update = partial(_update, client, name, sleep)
    view = (properties.get("StreamSpecification") or {}).get("StreamViewType", "")
    has_stream = (table.get("StreamSpecification") or {}).get("StreamViewType", "") == view
    if view and not has_stream:
        stream = {"StreamEnabled": True, "StreamViewType": view}
        yield Setting(f"its stream ({view})", partial(update, StreamSpecification=stream))
    expiry = (properties.get("TimeToLiveSpecification") or {}).get("AttributeName", "")
    if expiry and _expiry(client, name) != expiry:
        spec = {"Enabled": True, "AttributeName": expiry}
        put = partial(
            asked, client.update_time_to_live, TableName=name, TimeToLiveSpecification=spec
        )
        yield Setting(f"its time to live (attribute {expiry})", put)
    if _is_on(
        properties, "PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled"
    ) and not (_has_recovery(client, name)):
        on = {"PointInTimeRecoveryEnabled": True}
        put = partial(
            asked,
            client.update_continuous_backups,
            TableName=name,
            PointInTimeRecoverySpecification=on,
        )
        yield Setting("its point-in-time recovery", put)
    if _is_true(properties.get("DeletionProtectionEnabled")) and not table.get(
        "DeletionProtectionEnabled"
    ):
        yield Setting("its deletion protection", partial(update, DeletionProtectionEnabled=True))
    tags = _missing_tags(client, arn, properties)
    if tags:
        put = partial(asked, client.tag_resource, ResourceArn=arn, Tags=tags)
        yield Setting(f"its tags ({', '.join(tag['Key'] for tag in tags)})", put)


def _update(client: Client, name: str, sleep: Callable[[float], None], **change: object) -> None:
    """Change a table, and wait until it can be changed again."""
    asked(client.update_table, TableName=name, **change)
    end = time.monotonic() + _WAIT_SECONDS
    while table_of(client, name)["TableStatus"] != "ACTIVE":
        if time.monotonic() > end:
            raise AwsError(
                f"DynamoDB has not changed the table {name} within {_WAIT_SECONDS:.0f} s."
            )
        sleep(1)


def _expiry(client: Client, name: str) -> str:
    told = asked(client.describe_time_to_live, TableName=name)["TimeToLiveDescription"]
    is_on = told["TimeToLiveStatus"] in {"ENABLED", "ENABLING"}
    return str(told["AttributeName"]) if is_on else ""


def _has_recovery(client: Client, name: str) -> bool:
    told = asked(client.describe_continuous_backups, TableName=name)["ContinuousBackupsDescription"]
    status = (told.get("PointInTimeRecoveryDescription") or {}).get("PointInTimeRecoveryStatus")
    return bool(status == "ENABLED")


def _missing_tags(client: Client, arn: str, properties: Mapping[str, Json]) -> list[dict[str, str]]:
    there = {
        t["Key"]: t["Value"] for t in asked(client.list_tags_of_resource, ResourceArn=arn)["Tags"]
    }
    wanted = {str(t["Key"]): str(t["Value"]) for t in properties.get("Tags") or ()}
    return [{"Key": k, "Value": v} for k, v in sorted(wanted.items()) if there.get(k) != v]


def _is_on(properties: Mapping[str, Json], part: str, name: str) -> bool:
    return _is_true((properties.get(part) or {}).get(name))


def _is_true(value: Json) -> bool:
    return str(value).lower() == "true"


def _keys(schema: Any) -> list[tuple[str, str]]:
    return [(key["AttributeName"], key["KeyType"]) for key in schema]


def _attributes(of: Mapping[str, Any]) -> set[tuple[str, str]]:
    return {(a["AttributeName"], a["AttributeType"]) for a in of["AttributeDefinitions"]}


def _indexes(of: Mapping[str, Any]) -> dict[str, Any]:
    return {
        index["IndexName"]: (
            _keys(index["KeySchema"]),
            index["Projection"]["ProjectionType"],
            sorted(index["Projection"].get("NonKeyAttributes") or ()),
        )
        for index in of.get("GlobalSecondaryIndexes") or ()
    }
