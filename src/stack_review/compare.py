"""Put the change set and both templates together: what happens to each resource, and to which of its properties."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from stack_review import kinds
from stack_review.change_set import MISSING, Change, Detail
from stack_review.resolve import causes
from stack_review.template import Json, Resource, Template
from stack_review.told import as_told


class Verb(StrEnum):
    """What happens to a resource."""

    ADDED = "added"
    CHANGED = "changed"
    MAYBE_REPLACED = "may be replaced"
    REPLACED = "replaced"
    REMOVED = "removed"
    IMPORTED = "imported"
    UNCLEAR = "unclear"


class Fate(StrEnum):
    """What becomes of the old resource when one is removed or replaced."""

    NONE = ""
    DELETED = "deleted"
    SNAPSHOT = "deleted after a snapshot"
    RETAINED = "kept outside the stack"


@dataclass(frozen=True)
class Property:
    """A property that changes. A value is MISSING where the property is not set, or not known.

    `recreation` is Always, Conditionally, Never or ""; `by_schema` is True when that is the resource schema's
    word and not the change set's; `causes` are the resources or parameters that it depends on;
    `is_reference` is True when it changes only because it refers to other resources, or is not named at all;
    `is_silent` when the change set says that it changes, and nothing says of all of it from what to what.
    """

    name: str
    before: Json = MISSING
    after: Json = MISSING
    recreation: str = ""
    causes: tuple[str, ...] = ()
    is_reference: bool = False
    is_silent: bool = False
    by_schema: bool = False


@dataclass(frozen=True)
class Step:
    """What happens to one resource. `before` and `after` are None where there is no such resource.

    `told` are both as the change set's own values make them, where it gives any: it knows what stands behind a dynamic
    reference. `attributes` are what changes beside properties and tags, by the change set's word.
    """

    logical_id: str
    type: str
    verb: Verb
    before: Resource | None = None
    after: Resource | None = None
    properties: tuple[Property, ...] = ()
    fate: Fate = Fate.NONE
    physical_id: str = ""
    unannounced: bool = False
    told: tuple[Resource, Resource] | None = None
    attributes: tuple[str, ...] = ()

    @property
    def views(self) -> tuple[Step, ...]:
        """The step by the templates, and by the change set's own values: each is judged, so the worse counts."""
        alone = dataclasses.replace(self, told=None)
        if self.told is None:
            return (alone,)
        return alone, dataclasses.replace(alone, before=self.told[0], after=self.told[1])

    @property
    def ends_old(self) -> bool:
        """True when the old resource leaves the stack, or may."""
        return self.verb in (Verb.REMOVED, Verb.REPLACED, Verb.MAYBE_REPLACED)

    @property
    def why(self) -> tuple[str, ...]:
        """The properties for which the resource is replaced."""
        return tuple(p.name for p in self.properties if p.recreation in ("Always", "Conditionally"))


def compare(old: Template, new: Template, changes: Iterable[Change]) -> tuple[Step, ...]:
    """Each resource to which something happens, by logical id.

    The worse of two words counts: a resource that is gone from the new template is removed, and a property that the
    schema cannot change in place replaces, whatever the change set says; such a step is `unannounced`.
    """
    announced: dict[str, Change] = {}
    for change in changes:
        if not _is_of_nothing(change, old, new):
            announced[change.logical_id] = _worse(announced.get(change.logical_id), change)
    names = sorted({*old.resources, *new.resources, *announced})
    steps = (_step(name, old, new, announced.get(name)) for name in names)
    return tuple(step for step in steps if step)


def _is_of_nothing(change: Change, old: Template, new: Template) -> bool:
    """True of a change to what a condition leaves out before and after, and that has no name to CloudFormation either.

    ministack announces such changes where the template's text refers to what changes.
    """
    is_absent = change.logical_id in old.absent & new.absent
    return is_absent and change.action == "Modify" and not change.physical_id


_SEVERITY = {"": 0, "Import": 1, "Add": 1, "Modify": 2, "Dynamic": 3, "Remove": 4}


def _worse(one: Change | None, other: Change) -> Change:
    if one is None:
        return other
    return max(one, other, key=lambda change: _SEVERITY.get(change.action, 3))


def _step(name: str, old: Template, new: Template, change: Change | None) -> Step | None:
    before, after = old.resources.get(name), new.resources.get(name)
    if change is not None and change.action == "Remove":
        after = None
    details = change.details if change else ()
    told = as_told(before, after, details)
    properties = _properties(before, after, change, told)
    verb = _verb(before, after, change, properties)
    if verb is None:
        return None
    resource = after or before
    step = Step(
        logical_id=name,
        type=resource.type if resource else change.type if change else "",
        verb=verb,
        before=before,
        after=after,
        properties=properties,
        physical_id=change.physical_id if change else "",
        unannounced=_is_unannounced(verb, change, properties),
        told=told,
        attributes=tuple(sorted({d.attribute for d in details} - {"Properties", "Tags", ""})),
    )
    return _with_fate(step, change) if step.ends_old else step


def _verb(
    before: Resource | None,
    after: Resource | None,
    change: Change | None,
    properties: tuple[Property, ...],
) -> Verb | None:
    action = change.action if change else ""
    if action == "Remove" or (before is not None and after is None):
        return Verb.REMOVED
    if action == "Import":
        return Verb.IMPORTED if before is None else Verb.UNCLEAR
    if action not in ("", "Add", "Modify"):
        return Verb.UNCLEAR
    if before is None or after is None:
        # A change set may modify what the old template does not show: a resource of a macro.
        return _modified(change, properties) if action == "Modify" else Verb.ADDED
    if before.type != after.type:
        return Verb.REPLACED
    if change is None and not properties and _same_policies(before, after):
        return None
    return _modified(change, properties)


def _modified(change: Change | None, properties: tuple[Property, ...]) -> Verb:
    recreations = {p.recreation for p in properties}
    if (change and change.replacement == "True") or "Always" in recreations:
        return Verb.REPLACED
    if (change and change.replacement == "Conditional") or "Conditionally" in recreations:
        return Verb.MAYBE_REPLACED
    return Verb.CHANGED


def _same_policies(before: Resource, after: Resource) -> bool:
    return (before.deletion, before.replacement, before.attributes) == (
        after.deletion,
        after.replacement,
        after.attributes,
    )


def _is_unannounced(verb: Verb, change: Change | None, properties: tuple[Property, ...]) -> bool:
    """True when the templates or the schema say worse than the change set."""
    if change is None:
        return verb is not Verb.CHANGED or bool(properties)
    if verb is Verb.REMOVED:
        return change.action != "Remove"
    if verb is Verb.REPLACED:
        return change.replacement != "True"
    return verb is Verb.MAYBE_REPLACED and change.replacement not in ("True", "Conditional")


def _properties(
    before: Resource | None,
    after: Resource | None,
    change: Change | None,
    sides: tuple[Resource, Resource] | None,
) -> tuple[Property, ...]:
    details = [
        d for d in (change.details if change else ()) if d.attribute in ("Properties", "Tags")
    ]
    rows: dict[str, list[Detail]] = {}
    for detail in details:
        rows.setdefault(detail.name or detail.attribute, []).append(detail)
    if before is None or after is None:
        # A Modify of what a template does not show: only the change set speaks.
        if change is None or change.action != "Modify":
            return ()
        return tuple(_told(name, said, MISSING, MISSING, "") for name, said in sorted(rows.items()))
    old, new = before.properties, after.properties
    differing = {n for n in {*old, *new} if old.get(n, MISSING) != new.get(n, MISSING)}
    found = []
    for name in sorted(differing | set(rows)):
        pair = (old, new)
        if name not in differing and sides:
            pair = (sides[0].properties, sides[1].properties)
        was, now = (side.get(name, MISSING) for side in pair)
        found.append(_told(name, rows.get(name, []), was, now, after.type))
    return tuple(found)


_REFERENCES = ("ResourceReference", "ResourceAttribute")
_RECREATION = ("Always", "Conditionally", "Never")


def _told(name: str, rows: list[Detail], before: Json, after: Json, type_: str) -> Property:
    """One property, by the change set's word and the schema's; a whole value goes before a nested one."""
    said = min((_recreation(d) for d in rows), key=_rank, default="")
    known = kinds.needs_replacement(type_, name) if before != after else ""
    whole = [d for d in rows if d.path in ("", f"/Properties/{name}")]
    befores = [d.before for d in whole if d.before is not MISSING]
    afters = [d.after for d in whole if d.after is not MISSING]
    by_schema = bool(known) and known == "Always" and said != "Always"
    before = before if before is not MISSING else befores[0] if befores else MISSING
    after = after if after is not MISSING else afters[0] if afters else MISSING
    is_reference = before == after and all(d.source in _REFERENCES or not d.name for d in rows)
    return Property(
        name=name,
        before=before,
        after=after,
        recreation="Always" if by_schema else said or known,
        causes=tuple(dict.fromkeys(d.cause for d in rows if d.cause)),
        is_reference=is_reference,
        is_silent=(before == after and not is_reference) or any(_is_hidden(d, after) for d in rows),
        by_schema=by_schema or (bool(known) and not said),
    )


def _is_hidden(detail: Detail, value: Json) -> bool:
    """True when the value has in it a parameter that changes and that is not known."""
    return detail.source == "ParameterReference" and detail.cause in causes(value)


def _recreation(detail: Detail) -> str:
    """Always only when it is sure: a dynamic value may turn out to be the same."""
    if detail.recreation == "Always" and detail.evaluation == "Dynamic":
        return "Conditionally"
    return detail.recreation


def _rank(recreation: str) -> int:
    return _RECREATION.index(recreation) if recreation in _RECREATION else len(_RECREATION)


def _with_fate(step: Step, change: Change | None) -> Step:
    return dataclasses.replace(step, fate=fate_of(step, change.policy if change else ""))


def fate_of(step: Step, policy: str) -> Fate:
    """What becomes of the old resource: the worst of what the templates and the change set say.

    A removal goes by the DeletionPolicy that the stack has now, a replacement by the new UpdateReplacePolicy.
    """
    removed = step.verb is Verb.REMOVED
    if removed:
        written = step.before and removal_policy(step.before)
    else:
        written = step.after and (step.after.replacement or "Delete")
    words = [word for word in (written, policy.removeprefix("ReplaceAnd")) if word]
    fates = [_FATES.get(word, Fate.DELETED) for word in words] or [Fate.DELETED]
    return min(fates, key=_WORST.index)


_FATES: Mapping[str, Fate] = {
    "Retain": Fate.RETAINED,
    "RetainExceptOnCreate": Fate.RETAINED,
    "Snapshot": Fate.SNAPSHOT,
}
_WORST = (Fate.DELETED, Fate.SNAPSHOT, Fate.RETAINED, Fate.NONE)


def removal_policy(resource: Resource) -> str:
    """The DeletionPolicy of a resource, its type's where it has none."""
    is_alone = (
        resource.type == "AWS::RDS::DBInstance" and "DBClusterIdentifier" not in resource.properties
    )
    by_type = "Snapshot" if is_alone or resource.type in kinds.SNAPSHOT_BY_DEFAULT else "Delete"
    return resource.deletion or by_type
