"""What the judges share: a finding about a step, and values inside properties."""

from __future__ import annotations

import json
from collections.abc import Mapping

from stack_review.change_set import MISSING
from stack_review.compare import Step
from stack_review.finding import Finding, Severity, Topic
from stack_review.template import Json, Resource


def finding(
    step: Step, topic: Topic, severity: Severity, sentence: str, advice: str, change: str = ""
) -> Finding:
    """A finding about `step`; `change` is what changes, the step itself if it is not given."""
    return Finding(
        severity=severity,
        topic=topic,
        resource=step.logical_id,
        type=step.type,
        change=change or _happens(step),
        sentence=sentence,
        advice=advice,
    )


def _happens(step: Step) -> str:
    why = f" because {', '.join(step.why)} changes" if step.why and step.ends_old else ""
    return (
        f"It is {step.verb}{why}." if not step.verb.startswith("may") else f"It {step.verb}{why}."
    )


def from_to(path: str, before: Json, after: Json) -> str:
    """What changes, in one line."""
    return f"{path}: {shown(before)} -> {shown(after)}"


def inside(resource: Resource | None, path: str) -> Json:
    """The value at `A.B` of a resource's properties; MISSING where there is none."""
    value: Json = resource.properties if resource else MISSING
    for part in path.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return MISSING
        value = value[part]
    return value


def is_true(value: Json) -> bool:
    """True for what CloudFormation takes for true."""
    return value is True or (isinstance(value, str) and value.lower() == "true")


def number(value: Json) -> float | None:
    """The number a value is; None for no number."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        return float(value)
    except ValueError:
        return None


def shown(value: Json) -> str:
    """A value in a sentence: short, and in one line."""
    text = in_words(value)
    return text if len(text) <= 80 else text[:77] + "..."


def in_words(value: Json) -> str:
    """A value in one line, references as a person writes them."""
    if value is MISSING:
        return "not set"
    plain = _plain(value)
    return (
        plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False, sort_keys=True)
    )


def _plain(value: Json) -> Json:
    """References as a person writes them: `Table.Arn`."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((key, item),) = value.items()
        if key == "Ref" and isinstance(item, str):
            return item
        if key == "Fn::GetAtt" and isinstance(item, list):
            return ".".join(map(str, item))
        if key == "Fn::Sub" and isinstance(item, str):
            return item
    return {key: _plain(item) for key, item in value.items()}


def listed(value: Json) -> list[Json]:
    """A list; one item as a list of it; nothing as an empty one."""
    if value is MISSING or value is None:
        return []
    return value if isinstance(value, list) else [value]
