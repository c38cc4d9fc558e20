"""Reviews made from files alone: two templates with or without a change set, or one recording of them all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stack_review.change_set import Change, read_changes
from stack_review.errors import InputError
from stack_review.parameters import changed, known, read_text
from stack_review.predict import predict
from stack_review.resolve import resolved
from stack_review.review import Review, Subject, review
from stack_review.template import Json, Template, document, from_document, parse


@dataclass(frozen=True)
class Side:
    """One side of a change: a template, None where there is no stack yet, and the values of its parameters.

    What has no value here has its default; one without a default is not known.
    """

    template: Template | None
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def all_values(self) -> dict[str, str]:
        """The values of every parameter that has one."""
        declared = self.template.parameters if self.template else {}
        defaults = {
            name: str(parameter["Default"])
            for name, parameter in declared.items()
            if "Default" in parameter
        }
        return defaults | {name: value for name, value in self.values.items() if name in declared}

    def worked_out(self, stack: str) -> Template:
        """The template with its parameters put in, as far as they are known."""
        if self.template is None:
            return Template()
        return resolved(self.template, known(self.all_values, {"AWS::StackName": stack}))


def review_sides(
    stack: str,
    before: Side,
    after: Side,
    changes: tuple[Change, ...] | None = None,
    policy: Json = None,
) -> Review:
    """The review of a stack's change; `changes` None where no change set was made, `policy` the stack's."""
    old, new = before.worked_out(stack), after.worked_out(stack)
    return review(
        Subject(stack, creates=before.template is None, policy=policy),
        old,
        new,
        predict(old, new) if changes is None else changes,
        changed(before.all_values, after.all_values),
    )


def read_template(path: Path) -> Template:
    """A template. Raises InputError: if it cannot be read or is none."""
    return parse(read_text(path), str(path))


def read_change_set(path: Path) -> tuple[Change, ...]:
    """The changes that a file holds: an answer of DescribeChangeSet, or its list `Changes` alone.

    Raises InputError: if it holds none, or only a first page of them.
    """
    content = _json(path)
    if isinstance(content, dict) and content.get("NextToken"):
        raise InputError(
            f"{path} is only a page of the change set: put the Changes of all into one list."
        )
    return _changes(content.get("Changes") if isinstance(content, dict) else content, path)


def read_stack_policy(path: Path) -> Json:
    """A stack's policy: the document, or the answer of GetStackPolicy. Raises InputError: if it is none."""
    content = _json(path)
    body = content.get("StackPolicyBody") if isinstance(content, dict) else None
    policy = document(body, str(path)) if isinstance(body, str) else content
    if not isinstance(policy, dict) or "Statement" not in policy:
        raise InputError(f"{path} is no stack policy: it has no Statement.")
    return policy


def read_recording(path: Path, stack: str) -> Review:
    """The review of a recording: `old` (null for a new stack), `new`, `changes`, `parameters`, `parameters_before`.

    Without `parameters_before` they were what `parameters` are; `stack_policy` is the stack's, if it has one. Raises
    InputError: if it is none.
    """
    content = _json(path)
    if not isinstance(content, dict) or "new" not in content or "changes" not in content:
        raise InputError(f"{path} is no recording: it has old, new and changes.")
    values = _values(content, "parameters", path)
    former = (
        _values(content, "parameters_before", path) if "parameters_before" in content else values
    )
    old = content.get("old")
    return review_sides(
        stack,
        Side(None if old is None else from_document(old, f"{path}: old"), former),
        Side(from_document(content["new"], f"{path}: new"), values),
        _changes(content["changes"], path),
        content.get("stack_policy"),
    )


def _json(path: Path) -> Json:
    try:
        return json.loads(read_text(path))
    except ValueError as error:
        raise InputError(f"{path} is not JSON: {error}.") from error


def _changes(rows: Any, path: Path) -> tuple[Change, ...]:
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise InputError(f"{path} has no list of Changes: it is no answer of DescribeChangeSet.")
    return read_changes(rows)


def _values(content: Mapping[str, Json], key: str, path: Path) -> dict[str, str]:
    table = content.get(key) or {}
    if not isinstance(table, dict):
        raise InputError(f"{path}: {key} is no table of values.")
    return {str(name): str(value) for name, value in table.items()}
