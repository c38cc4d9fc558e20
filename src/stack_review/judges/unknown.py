"""What no judge knows is said to be unknown, and is a risk; never safe."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from stack_review import kinds
from stack_review.change_set import MISSING
from stack_review.compare import Property, Step, Verb
from stack_review.differences import Difference, Path, is_function, is_same, leaves
from stack_review.finding import Finding, Severity, Topic
from stack_review.judges import harmless, policies
from stack_review.judges.around import Around
from stack_review.judges.phrases import finding, from_to
from stack_review.judges.places import is_within
from stack_review.judges.versions import POINTERS
from stack_review.settle import lasts
from stack_review.template import Resource

_LOOK = "Read in AWS's resource reference what it holds and what happens to it."
_READ = (
    "Read in AWS's reference of {} what it does; accept the review if you know that this is meant."
)
_ATTRIBUTES = {
    "DeletionPolicy",
    "UpdateReplacePolicy",
    "Metadata",
    "UpdatePolicy",
    "CreationPolicy",
}
"""What changes beside properties, and is compared by the templates."""
_MOST = 3

Places = Callable[[str], Iterable[Path]]


def judge(step: Step, around: Around, known: tuple[Places, ...]) -> Iterator[Finding]:
    """Findings about what nothing here knows; `known` give the places of a type that somebody does."""
    if step.verb is Verb.UNCLEAR:
        yield _unknown(
            step,
            "CloudFormation itself cannot tell beforehand what happens to it.",
            "Find out what its change depends on, or take it for a replacement.",
        )
    types = {step.type} | ({step.before.type} if step.before else set())
    unknown = sorted(t for t in types if not kinds.is_known(t))
    for type_ in unknown:
        yield _type(step, type_)
    if step.unannounced and step.ends_old and step.type not in kinds.RENEWED:
        yield _unknown(
            step,
            f"The change set does not say that it is {step.verb}, but the templates do{_named(step)}.",
            "Take the worse of both for true.",
        )
    if step.verb is Verb.ADDED and step.after and (unread := _unread(step.after)):
        yield _unknown(
            step,
            "This policy cannot be read: whom it lets in is not known.",
            "Write it out.",
            unread,
        )
    if not unknown and step.verb in (Verb.CHANGED, Verb.REPLACED, Verb.MAYBE_REPLACED):
        yield from _changes(
            step, around, [place for places in known for place in places(step.type)]
        )


_POLICIES = re.compile(r"(Policy|PolicyDocument|PolicyText|AccessPolicies)$")


def _unread(resource: Resource) -> str:
    """The policies of a resource that are text or a function, and that nobody can read."""
    return ", ".join(
        leaf.path
        for leaf in leaves({}, resource.properties)
        if _POLICIES.search(leaf.place[-1])
        and (is_function(leaf.after) or str(leaf.after).lstrip().startswith("{"))
        and not policies.is_document(leaf.after)
    )


def _changes(step: Step, around: Around, known: list[Path]) -> Iterator[Finding]:
    if step.before is not None and step.after is not None:
        if step.before.type != step.after.type:
            return
        yield from _places(step, known)
        yield from _attributes(step)
    elif step.verb is Verb.CHANGED:
        yield _unknown(step, "The template does not show it: a macro makes it.", _read(step))
    listed = harmless.known_places(step.type)
    for changing in step.properties:
        is_open = changing.is_reference and not _is_settled(step, changing, around)
        if (changing.is_silent or is_open) and not is_within((changing.name,), listed):
            yield _hidden(step, changing)


def _places(step: Step, known: list[Path]) -> Iterator[Finding]:
    """Each place that differs by the templates or the change set, and that nobody knows."""
    replacing = {p.name for p in step.properties if p.recreation in ("Always", "Conditionally")}
    judged = set() if step.type in kinds.RENEWED or not step.ends_old else replacing
    found: dict[str, Difference] = {}
    for view in step.views:
        if view.before is None or view.after is None:
            continue
        for leaf in leaves(view.before.properties, view.after.properties):
            is_known = is_within(leaf.place, known) or policies.knows(leaf, view.before, view.after)
            if leaf.place[0] not in judged and not is_known:
                found.setdefault(leaf.path, leaf)
    if found:
        told = [from_to(leaf.path, leaf.before, leaf.after) for leaf in found.values()]
        more = f", and {len(told) - _MOST} more" if len(told) > _MOST else ""
        yield _unknown(
            step, "This review has no rule for that, so what may happen is not known.", _read(step),
            "; ".join(told[:_MOST]) + more,
        )  # fmt: skip


def _attributes(step: Step) -> Iterator[Finding]:
    """How it is made and updated (UpdatePolicy, CreationPolicy, commands in its Metadata)."""
    if step.before is None or step.after is None:
        return
    old, new = step.before.attributes, step.after.attributes
    for name in sorted({*old, *new}):
        before, after = old.get(name, MISSING), new.get(name, MISSING)
        if not is_same(before, after):
            yield _unknown(
                step, "It is set up or updated otherwise: other commands, or without waiting and watching.",
                "Check how a bad deployment is noticed, and what runs on the machine.", from_to(name, before, after),
            )  # fmt: skip
    if strange := sorted(set(step.attributes) - _ATTRIBUTES):
        yield _unknown(
            step,
            "What that is, this review does not know.",
            _read(step),
            f"{', '.join(strange)} changes",
        )
    differs = step.properties or step.attributes or old != new
    if step.verb is Verb.CHANGED and not differs and _policies_of(step, 0) == _policies_of(step, 1):
        yield _unknown(
            step, "CloudFormation says that it changes, and nothing says what.", _read(step)
        )


def _policies_of(step: Step, side: int) -> tuple[str, str]:
    resource = (step.before, step.after)[side]
    return (resource.deletion, resource.replacement) if resource else ("", "")


def _hidden(step: Step, changing: Property) -> Finding:
    through = f" (through {', '.join(changing.causes)})" if changing.causes else ""
    return _unknown(
        step,
        "The value is hidden, or not known beforehand: nobody can compare it here.",
        "Make sure that it is the value you mean.",
        f"{changing.name} changes{through}",
    )


def _is_settled(step: Step, changing: Property, around: Around) -> bool:
    """True when a reference keeps its value, or the review of what it refers to says what becomes of it."""
    if changing.name == "Properties":
        return True  # not named at all: what differs is seen in the templates
    pointer = POINTERS.get(step.type) == changing.name
    watches = (step.type, changing.name) == ("AWS::CloudWatch::Alarm", "Dimensions")
    return all(
        pointer or (watches and _is_new_version(cause, around)) or _is_cause_settled(cause, around)
        for cause in changing.causes
    )


def _is_new_version(cause: str, around: Around) -> bool:
    """True of the number of a version that this deployment publishes: who watches a version goes on with that one."""
    name, _, attribute = cause.partition(".")
    other = around.steps.get(name)
    is_version = other is not None and other.type == "AWS::Lambda::Version"
    return is_version and attribute == "Version" and other is not None and other.ends_old


def _is_cause_settled(cause: str, around: Around) -> bool:
    other = around.steps.get(cause.partition(".")[0])
    if other is None or other.type in kinds.RENEWED:
        return lasts(cause, around.steps, moving=False) and (other is None or not other.ends_old)
    if other.verb is Verb.ADDED:
        return False
    return other.verb is not Verb.CHANGED or lasts(cause, around.steps, moving=False)


def _read(step: Step) -> str:
    return _READ.format(step.type)


def _unknown(step: Step, sentence: str, advice: str, change: str = "") -> Finding:
    return finding(step, Topic.UNKNOWN, Severity.RISK, sentence, advice, change)


def _named(step: Step) -> str:
    names = [p.name for p in step.properties if p.by_schema]
    return f" ({', '.join(names)} cannot be changed in place)" if names else ""


def _type(step: Step, type_: str) -> Finding:
    if type_ == "AWS::CloudFormation::Stack":
        return _unknown(
            step,
            "What happens inside a nested stack is not part of this review.",
            "Plan the nested stack by its own name and template.",
        )
    kind = "custom resource" if type_.startswith("Custom::") else "type"
    return _unknown(
        step,
        f"The {kind} {type_} is not known to this review: it may hold data, or open a door.",
        _LOOK,
    )
