"""The review of a deployment: what will happen to a stack, and what of it a person has to judge. A pure value."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from stack_review.change_set import MISSING, Change
from stack_review.compare import Property, Step, Verb, compare
from stack_review.finding import Finding, Severity
from stack_review.judges import judge, sections, stack_policy
from stack_review.judges.around import Around
from stack_review.settle import settle
from stack_review.template import Json, Resource, Template

_DIGEST_DIGITS = 16


@dataclass(frozen=True)
class Parameter:
    """A parameter that changes; both values are "****" when it is hidden (NoEcho)."""

    name: str
    before: str
    after: str


@dataclass(frozen=True)
class Subject:
    """What is reviewed: the stack, where it is, and what identifies the deployment beyond its templates.

    `policy` is the stack's policy, None where it has none.
    """

    stack: str
    account: str = ""
    region: str = ""
    creates: bool = False
    capabilities: tuple[str, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    policy: Json = None


@dataclass(frozen=True)
class Review:
    """The whole review.

    `digest` names exactly this deployment: stack, account, region, both templates with their parameters worked out,
    changes and findings. Whoever accepts it accepts nothing else. `before` and `after` are the stack's resources,
    `outputs` the names of those that are new, gone or different.
    """

    subject: Subject
    steps: tuple[Step, ...]
    findings: tuple[Finding, ...]
    parameters: tuple[Parameter, ...]
    before: Mapping[str, Resource] = field(default_factory=dict)
    after: Mapping[str, Resource] = field(default_factory=dict)
    outputs: tuple[str, ...] = ()
    digest: str = ""

    @property
    def is_at_risk(self) -> bool:
        """True when something has to be accepted by a person before it is deployed."""
        return any(f.severity is not Severity.NOTE for f in self.findings)

    @property
    def is_empty(self) -> bool:
        """True when nothing changes."""
        return not self.steps and not self.outputs and not self.findings

    @property
    def counts(self) -> dict[Verb, int]:
        """How many resources each thing happens to, without those to which nothing does."""
        counts = {verb: sum(step.verb is verb for step in self.steps) for verb in Verb}
        return {verb: count for verb, count in counts.items() if count}

    @property
    def verdict(self) -> str:
        """The review in one sentence."""
        if self.is_empty:
            return "Nothing changes."
        weights = {s: sum(f.severity is s for f in self.findings) for s in Severity}
        if not self.is_at_risk:
            return "Nothing is at risk: each change has a rule here, and none finds harm. What code does is not judged."
        parts = [
            f"{weights[s]} {_plural(s, weights[s])}"
            for s in (Severity.DANGER, Severity.RISK)
            if weights[s]
        ]
        return f"At risk: {' and '.join(parts)} to accept."


def review(
    subject: Subject,
    old: Template,
    new: Template,
    changes: Iterable[Change],
    parameters: Iterable[Parameter] = (),
) -> Review:
    """Review a deployment, given both templates with their parameters worked out (`resolve.resolved`)."""
    steps = settle(compare(old, new, changes))
    judged = Review(
        subject=subject,
        steps=steps,
        findings=_findings(subject, steps, old, new),
        parameters=tuple(parameters),
        before=old.resources,
        after=new.resources,
        outputs=sections.changed_outputs(old, new),
    )
    return dataclasses.replace(judged, digest=_digest(judged))


def _findings(
    subject: Subject, steps: Iterable[Step], old: Template, new: Template
) -> tuple[Finding, ...]:
    """The worst first."""
    by_name = {step.logical_id: step for step in steps}
    around = Around(old.resources, new.resources, by_name, subject.account)
    found = [
        *judge(around),
        *sections.judge(old, new),
        *stack_policy.judge(by_name, subject.policy),
    ]
    return tuple(
        sorted(found, key=lambda f: (f.severity.rank, f.topic, f.resource, f.sentence, f.change))
    )


def as_json(review: Review) -> dict[str, Any]:
    """The review for a program: one object."""
    return {
        "stack": review.subject.stack,
        "account": review.subject.account,
        "region": review.subject.region,
        "creates": review.subject.creates,
        "at_risk": review.is_at_risk,
        "verdict": review.verdict,
        "digest": review.digest,
        "counts": {verb.value: count for verb, count in review.counts.items()},
        "findings": [dataclasses.asdict(finding) for finding in review.findings],
        "parameters": [dataclasses.asdict(parameter) for parameter in review.parameters],
        "outputs": list(review.outputs),
        "changes": [_step(step) for step in review.steps],
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "resource": step.logical_id,
        "type": step.type,
        "physical_id": step.physical_id,
        "happens": step.verb.value,
        "old_resource": step.fate.value,
        "properties": [_property(p) for p in step.properties],
    }


def _property(changing: Property) -> dict[str, Any]:
    values = {"before": changing.before, "after": changing.after}
    return {
        "name": changing.name,
        **{key: value for key, value in values.items() if value is not MISSING},
        "recreation": changing.recreation,
        "causes": list(changing.causes),
    }


def _digest(review: Review) -> str:
    """The first 64 bits of a SHA-256 over all that was judged. Ids of change sets are not in it."""
    whole = as_json(review) | {
        "digest": "",
        "capabilities": review.subject.capabilities,
        "tags": review.subject.tags,
        "before": {key: dataclasses.asdict(value) for key, value in review.before.items()},
        "after": {key: dataclasses.asdict(value) for key, value in review.after.items()},
    }
    text = json.dumps(whole, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGEST_DIGITS]


def _plural(severity: Severity, count: int) -> str:
    return severity.value if count == 1 else f"{severity.value}s"
