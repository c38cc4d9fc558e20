"""What a change of an adoption may do, and what a restored table lacks."""

from __future__ import annotations

from typing import Any

import pytest

from stack_review.change_set import Change
from stack_review.template import parse
from support.variants import replace
from todoke.aws.deploy.adopt import more_than_leaving, more_than_telling, values_of_table
from todoke.aws.deploy.detach import READER
from todoke.aws.deploy.prepare import own_template
from todoke.aws.deploy.restored import missing_settings, require_same_shape
from todoke.model.errors import ConfigError, Error

LEAVES = Change("Remove", "Table", "AWS::DynamoDB::Table", policy="Retain")
READER_GOES = Change("Remove", "SenderFromStream", READER, policy="Delete")
READER_COMES = Change("Add", "SenderFromStream", READER)
IN_PLACE = Change("Modify", "Web", "AWS::Lambda::Function", replacement="False")


def test_what_belongs_to_each_step() -> None:
    """The table leaves and stays, its reader goes; the reader of the new one comes; functions are told."""
    assert more_than_leaving([LEAVES, READER_GOES, IN_PLACE], "Table") == []
    assert more_than_telling([READER_COMES, IN_PLACE]) == []


@pytest.mark.parametrize(
    "change",
    [
        replace(LEAVES, policy="Delete"),
        replace(LEAVES, logical_id="Another"),
        replace(IN_PLACE, replacement="True"),
        replace(IN_PLACE, replacement="Conditional"),
        replace(IN_PLACE, action="Remove"),
        replace(IN_PLACE, action="Add"),
        replace(IN_PLACE, action="Dynamic"),
        replace(IN_PLACE, action="Import"),
        replace(LEAVES, action="Modify", replacement="True"),
        replace(READER_COMES, type="AWS::Lambda::Function"),
    ],
    ids=lambda change: f"{change.action}-{change.logical_id}-{change.replacement}{change.policy}",
)
def test_whatever_else_is_too_much(change: Change) -> None:
    """Whoever else deployed meanwhile, or whatever CloudFormation makes of it: the step is refused."""
    assert more_than_leaving([LEAVES, change], "Table") == [change]
    assert more_than_telling([IN_PLACE, change]) == [change]


def test_a_reader_may_not_go_while_everything_is_told() -> None:
    """Nor come while the table leaves."""
    assert more_than_telling([READER_GOES]) == [READER_GOES]
    assert more_than_leaving([READER_COMES], "Table") == [READER_COMES]


STREAM = "arn:aws:dynamodb:eu-west-1:1:table/t/stream/2026"


def test_what_a_stack_knows_of_its_table_is_told_of_one_that_was_deleted() -> None:
    """By its outputs, which are what they were; where these do not tell, it is refused."""
    arn = STREAM.partition("/stream/")[0]
    known = {"Ref": "t", "Arn": arn, "StreamArn": STREAM}
    assert values_of_table("t", {"TableArn": arn, "LatestStreamArn": STREAM}, {}) == known
    assert values_of_table("t", {}, {"StreamArn": STREAM}) == known
    with pytest.raises(Error, match="stream of t"):
        values_of_table("t", {}, {})


PROPERTIES = parse(own_template().read_text("utf-8")).resources["Table"].properties | {
    "DeletionProtectionEnabled": "true",
    "Tags": [{"Key": "application", "Value": "todoke"}],
}


def a_table(**more: Any) -> dict[str, Any]:
    """A table as DynamoDB describes one that was just restored."""
    same = ("KeySchema", "AttributeDefinitions", "GlobalSecondaryIndexes")
    known = {name: PROPERTIES[name] for name in same}
    return {"TableName": "r", "TableArn": "arn:r", "TableStatus": "ACTIVE", **known, **more}


class FakeDynamo:
    """DynamoDB with one restored table; what it is told to set is set."""

    def __init__(self) -> None:
        self.table = a_table()
        self.expiry = ""
        self.recovers = False
        self.tags: list[dict[str, str]] = []
        self.waits = 2

    def describe_table(self, TableName: str) -> Any:
        """A change takes a while."""
        self.waits -= 1
        status = "UPDATING" if self.waits > 0 else "ACTIVE"
        return {"Table": self.table | {"TableStatus": status}}

    def update_table(self, TableName: str, **change: Any) -> None:
        """A stream, or protection."""
        self.waits = 2
        self.table |= change

    def describe_time_to_live(self, TableName: str) -> Any:
        """On or off."""
        status = "ENABLED" if self.expiry else "DISABLED"
        return {"TimeToLiveDescription": {"TimeToLiveStatus": status, "AttributeName": self.expiry}}

    def update_time_to_live(self, TableName: str, TimeToLiveSpecification: Any) -> None:
        """On."""
        self.expiry = TimeToLiveSpecification["AttributeName"]

    def describe_continuous_backups(self, TableName: str) -> Any:
        """On or off."""
        status = "ENABLED" if self.recovers else "DISABLED"
        told = {"PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": status}}
        return {"ContinuousBackupsDescription": told}

    def update_continuous_backups(
        self, TableName: str, PointInTimeRecoverySpecification: Any
    ) -> None:
        """On."""
        self.recovers = PointInTimeRecoverySpecification["PointInTimeRecoveryEnabled"]

    def list_tags_of_resource(self, ResourceArn: str) -> Any:
        """Those there are."""
        return {"Tags": self.tags}

    def tag_resource(self, ResourceArn: str, Tags: list[dict[str, str]]) -> None:
        """More."""
        self.tags += Tags


def test_a_restored_table_gets_all_it_lacks() -> None:
    """Each named in words; once set, nothing is left; what the template does not ask for is not set."""
    client = FakeDynamo()
    waits: list[float] = []
    missing = list(missing_settings(client, client.table, PROPERTIES, waits.append))
    assert [setting.words for setting in missing] == [
        "its stream (NEW_AND_OLD_IMAGES)",
        "its time to live (attribute e)",
        "its point-in-time recovery",
        "its deletion protection",
        "its tags (application)",
    ]
    for setting in missing:
        setting.put()
    assert waits
    assert list(missing_settings(client, client.table, PROPERTIES)) == []
    bare = {name: PROPERTIES[name] for name in ("KeySchema", "AttributeDefinitions")}
    assert list(missing_settings(FakeDynamo(), a_table(), bare)) == []


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"TableStatus": "CREATING"}, "is not restored yet"),
        ({"RestoreSummary": {"RestoreInProgress": True}}, "is not restored yet"),
        ({"KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}]}, "other keys"),
        ({"GlobalSecondaryIndexes": PROPERTIES["GlobalSecondaryIndexes"][:2]}, "other indexes"),
        ({"AttributeDefinitions": PROPERTIES["AttributeDefinitions"][:2]}, "other attributes"),
    ],
)
def test_another_s_table_is_refused(more: dict[str, Any], told: str) -> None:
    """And one that is still being restored."""
    require_same_shape(a_table(), PROPERTIES)
    with pytest.raises(ConfigError, match=told):
        require_same_shape(a_table(**more), PROPERTIES)
