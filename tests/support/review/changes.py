"""Recorded change sets (recorded/) and small templates: what the tests of the review share."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stack_review.change_set import read_changes
from stack_review.files import read_recording
from stack_review.review import Review, Subject, review
from stack_review.template import Template, from_document

RECORDED = sorted((Path(__file__).parent / "recorded").glob("*.json"))
SUBJECT = Subject("forms", account="123456789012", region="eu-central-1")


def recorded(name: str) -> Review:
    """The review of a recorded change set."""
    return read_recording(Path(__file__).parent / "recorded" / f"{name}.json", "forms")


def template(**resources: Mapping[str, Any]) -> Template:
    """A template of these resources."""
    return from_document({"Resources": resources})


def resource(
    type_: str, *, deletion: str = "", replacement: str = "", **properties: Any
) -> dict[str, Any]:
    """A resource as a template has it."""
    found: dict[str, Any] = {"Type": f"AWS::{type_}", "Properties": properties}
    if deletion:
        found["DeletionPolicy"] = deletion
    if replacement:
        found["UpdateReplacePolicy"] = replacement
    return found


def change(
    action: str, logical_id: str, type_: str, replacement: str = "", **more: Any
) -> dict[str, Any]:
    """A change as DescribeChangeSet lists it."""
    found = {"Action": action, "LogicalResourceId": logical_id, "ResourceType": f"AWS::{type_}"}
    if replacement:
        found["Replacement"] = replacement
    return {"Type": "Resource", "ResourceChange": found | more}


def reviewed(old: Template, new: Template, *changes: Mapping[str, Any]) -> Review:
    """The review of a change set made here."""
    return review(SUBJECT, old, new, read_changes(changes))


def said(found: Review) -> list[tuple[str, str, str]]:
    """Severity, topic and resource of each finding."""
    return [(f.severity.value, f.topic.value, f.resource) for f in found.findings]
