"""What a change set would list, predicted from both templates and the resource schemas where there is no change set.

It knows neither what CloudFormation finds in the account nor how macros are carried out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stack_review import kinds
from stack_review.change_set import Change, Detail
from stack_review.compare import Step, Verb, compare
from stack_review.resolve import causes
from stack_review.template import Resource, Template

_ACTIONS = {Verb.ADDED: "Add", Verb.REMOVED: "Remove"}
_REPLACEMENTS = {Verb.REPLACED: "True", Verb.MAYBE_REPLACED: "Conditional"}
_NEW_IDENTITY = (Verb.REPLACED, Verb.MAYBE_REPLACED)


def predict(old: Template, new: Template) -> tuple[Change, ...]:
    """A change for each resource that differs, and for what refers to it: a replacement reaches what hangs on it."""
    changes: tuple[Change, ...] = ()
    while True:
        steps = {step.logical_id: step for step in compare(old, new, changes)}
        predicted = tuple(
            _change(name, step, steps) for name, step in (steps | _reached(old, new, steps)).items()
        )
        if predicted == changes:
            return predicted
        changes = predicted


def _reached(old: Template, new: Template, steps: Mapping[str, Step]) -> dict[str, Step]:
    """A step for each resource that stays as written while what it refers to changes."""
    return {
        name: Step(name, resource.type, Verb.CHANGED, old.resources[name], resource)
        for name, resource in new.resources.items()
        if name in old.resources and name not in steps and any(_details(resource, steps))
    }


def _change(name: str, step: Step, steps: Mapping[str, Step]) -> Change:
    is_modified = step.verb not in _ACTIONS
    return Change(
        action=_ACTIONS.get(step.verb, "Modify"),
        logical_id=name,
        type=step.type,
        replacement=_REPLACEMENTS.get(step.verb, "False") if is_modified else "",
        details=tuple(_details(step.after, steps)) if is_modified and step.after else (),
    )


def _details(resource: Resource, steps: Mapping[str, Step]) -> Iterator[Detail]:
    """The properties that may get another value with what they refer to."""
    for name, value in sorted(resource.properties.items()):
        for cause in sorted(causes(value)):
            target, _, attribute = cause.partition(".")
            step = steps.get(target)
            if target == resource.logical_id or step is None or step.verb is Verb.ADDED:
                continue
            if attribute or step.verb in _NEW_IDENTITY:
                yield Detail(
                    attribute="Properties",
                    name=name,
                    recreation=kinds.needs_replacement(resource.type, name) or "Never",
                    evaluation="Dynamic",
                    source="ResourceAttribute" if attribute else "ResourceReference",
                    cause=cause,
                )
