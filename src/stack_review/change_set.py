"""What CloudFormation says in a change set, as values: read from the answers of DescribeChangeSet."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from stack_review.template import Json

MISSING = object()
"""There is no such value: the property is not set, or the API did not say."""


@dataclass(frozen=True)
class Detail:
    """One reason for a resource's change: `Target` and its causes in the API.

    `attribute` is what changes (Properties, Tags, DeletionPolicy ...), `name` the property. `recreation` is Always,
    Conditionally, Never or "". `cause` names the resource or parameter whose change causes this one. `before` and
    `after` are MISSING where the API gives none.
    """

    attribute: str
    name: str = ""
    path: str = ""
    recreation: str = ""
    evaluation: str = ""
    source: str = ""
    cause: str = ""
    before: Json = MISSING
    after: Json = MISSING


@dataclass(frozen=True)
class Change:
    """One resource's change: `ResourceChange` in the API.

    `action` is Add, Modify, Remove, Import, Dynamic or a word newer than this code; `replacement` is True, False,
    Conditional or ""; `policy` is what becomes of the old resource (Delete, Retain, Snapshot, ReplaceAndDelete,
    ReplaceAndRetain, ReplaceAndSnapshot) or "".
    """

    action: str
    logical_id: str
    type: str
    physical_id: str = ""
    replacement: str = ""
    policy: str = ""
    details: tuple[Detail, ...] = ()


def read_changes(entries: Iterable[Mapping[str, Any]]) -> tuple[Change, ...]:
    """The changes of all pages of DescribeChangeSet, in order; what is no resource change is left out."""
    return tuple(
        _change(entry["ResourceChange"])
        for entry in entries
        if isinstance(entry.get("ResourceChange"), dict)
    )


def _change(said: Mapping[str, Any]) -> Change:
    return Change(
        action=str(said.get("Action", "")),
        logical_id=str(said.get("LogicalResourceId", "")),
        type=str(said.get("ResourceType", "")),
        physical_id=str(said.get("PhysicalResourceId", "")),
        replacement=str(said.get("Replacement", "")),
        policy=str(said.get("PolicyAction", "")),
        details=tuple(map(_detail, said.get("Details", ()))),
    )


_VALUES = ("BeforeValue", "AfterValue")
_UNSAID = ("{{changeSet:KNOWN_AFTER_APPLY}}", "****")
"""What stands in a value that CloudFormation learns only while it deploys, or that is hidden: then none is said."""


def _detail(said: Mapping[str, Any]) -> Detail:
    target = said.get("Target", {})
    if any(word in str(target.get(key, "")) for key in _VALUES for word in _UNSAID):
        target = {key: value for key, value in target.items() if key not in _VALUES}
    return Detail(
        attribute=str(target.get("Attribute", "")),
        name=str(target.get("Name", "")),
        path=str(target.get("Path", "")),
        recreation=str(target.get("RequiresRecreation", "")),
        evaluation=str(said.get("Evaluation", "")),
        source=str(said.get("ChangeSource", "")),
        cause=str(said.get("CausingEntity", "")),
        before=_value(target, "BeforeValue"),
        after=_value(target, "AfterValue"),
    )


def _value(target: Mapping[str, Any], key: str) -> Json:
    """A value as the API writes it: JSON where it is an object or a list, else a word."""
    if key not in target:
        return MISSING
    text = target[key]
    if isinstance(text, str) and text[:1] in "[{":
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text
