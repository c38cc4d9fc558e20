"""Work out a template's parameters and conditions, as far as they can be known before it is executed."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from stack_review.template import Json, Resource, Template

_SUBSTITUTION = re.compile(r"\$\{([^!][^}]*)\}")
_MOST_LEVELS = 100


class _NoValue:
    """What `AWS::NoValue` leaves: nothing."""


_NOTHING = _NoValue()


def resolved(template: Template, values: Mapping[str, str]) -> Template:
    """`template` with parameters, mappings and conditions worked out, and without the resources that do not exist.

    `values` are parameters, and pseudo parameters such as `AWS::Region`; a hidden one (NoEcho) is left out of it. What
    cannot be known (a hidden parameter, an attribute of a resource) stays as its intrinsic function; a resource whose
    condition cannot be known is taken to exist.
    """
    working = _Resolving(template, values)
    resources = {}
    for key, resource in template.resources.items():
        if resource.condition and working.condition(resource.condition) is False:
            continue
        resources[key] = dataclasses.replace(
            resource,
            properties=working.value(dict(resource.properties)),
            attributes=working.value(dict(resource.attributes)),
        )
    outputs = {
        key: _as_table(working.value(dict(output)))
        for key, output in template.outputs.items()
        if not output.get("Condition") or working.condition(output["Condition"]) is not False
    }
    absent = frozenset(template.resources.keys() - resources.keys())
    return dataclasses.replace(template, resources=resources, outputs=outputs, absent=absent)


def references(resource: Resource) -> frozenset[str]:
    """The names that a resource's properties refer to, by Ref, GetAtt and Sub, and those it depends on."""
    names = {cause.partition(".")[0] for cause in causes(resource.properties)}
    return frozenset(names | set(resource.depends_on))


def causes(value: Json) -> frozenset[str]:
    """What a value refers to, as a change set names it: `Table` by Ref, `Table.Arn` by GetAtt, either by Sub."""
    return frozenset(_causes(value))


def _causes(value: Json) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            if key == "Ref" and isinstance(item, str):
                yield item
            elif key == "Fn::GetAtt":
                yield ".".join(map(str, item)) if isinstance(item, list) else str(item)
            elif key == "Fn::Sub":
                yield from _SUBSTITUTION.findall(
                    item if isinstance(item, str) else str((item or [""])[0])
                )
            yield from _causes(item)
    elif isinstance(value, list):
        for item in value:
            yield from _causes(item)


def _as_table(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, dict) else {}


class _Resolving:
    """One template's values at work. A method gives the value, or the function itself where it cannot be known."""

    def __init__(self, template: Template, values: Mapping[str, str]) -> None:
        self._template = template
        self._values = dict(values)
        self._depth = 0
        self._functions: dict[str, Callable[[Json], Json]] = {
            "Ref": self._ref,
            "Fn::If": self._if,
            "Fn::Sub": self._sub,
            "Fn::Join": self._join,
            "Fn::Select": self._select,
            "Fn::Split": self._split,
            "Fn::FindInMap": self._find_in_map,
        }

    def value(self, value: Json) -> Json:
        """A value with its functions worked out."""
        if isinstance(value, list):
            items = [self.value(item) for item in value]
            return [item for item in items if item is not _NOTHING]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((name, argument),) = value.items()
            if name in self._functions:
                return self._called(name, argument)
        table = {key: self.value(item) for key, item in value.items()}
        return {key: item for key, item in table.items() if item is not _NOTHING}

    def _called(self, name: str, argument: Json) -> Json:
        try:
            return self._functions[name](argument)
        except (AttributeError, TypeError, ValueError, KeyError, IndexError):
            return {name: argument}  # CloudFormation will say what is wrong with it

    def condition(self, name: str) -> bool | None:
        """True or False; None when it depends on what cannot be known."""
        self._depth += 1
        try:
            if self._depth > _MOST_LEVELS or name not in self._template.conditions:
                return None
            return self._truth(self._template.conditions[name])
        finally:
            self._depth -= 1

    def _truth(self, rule: Json) -> bool | None:
        if not isinstance(rule, dict) or len(rule) != 1:
            return None
        ((name, argument),) = rule.items()
        if name == "Condition":
            return self.condition(str(argument))
        if name == "Fn::Equals" and isinstance(argument, list) and len(argument) == 2:
            left, right = (self.value(side) for side in argument)
            return None if _is_open(left) or _is_open(right) else _text(left) == _text(right)
        if not isinstance(argument, list):
            return None
        parts = [self._truth(part) for part in argument]
        if name == "Fn::Not" and len(parts) == 1:
            return None if parts[0] is None else not parts[0]
        if name == "Fn::And":
            return False if False in parts else None if None in parts else True
        if name == "Fn::Or":
            return True if True in parts else None if None in parts else False
        return None

    def _ref(self, name: Json) -> Json:
        if name == "AWS::NoValue":
            return _NOTHING
        if name in self._values:
            value = self._values[name]
            kind = str(self._template.parameters.get(name, {}).get("Type", ""))
            return value.split(",") if kind.startswith(("List<", "CommaDelimited")) else value
        return {"Ref": name}

    def _if(self, argument: Json) -> Json:
        name, yes, no = argument
        truth = self.condition(name)
        if truth is None:
            return {"Fn::If": [name, self._kept(yes), self._kept(no)]}
        return self.value(yes if truth else no)

    def _kept(self, value: Json) -> Json:
        known = self.value(value)
        return {"Ref": "AWS::NoValue"} if known is _NOTHING else known

    def _sub(self, argument: Json) -> Json:
        text, extra = (argument, {}) if isinstance(argument, str) else argument
        own = {key: self.value(item) for key, item in extra.items()}
        unknown = False

        def replace(match: re.Match[str]) -> str:
            nonlocal unknown
            value = own.get(match[1], self._values.get(match[1], _NOTHING))
            if isinstance(value, (str, int, float)):
                return str(value)
            unknown = True
            return match[0]

        done = _SUBSTITUTION.sub(replace, text)
        if not unknown:
            return done.replace("${!", "${")
        return {"Fn::Sub": [done, own] if own else done}

    def _join(self, argument: Json) -> Json:
        glue, parts = argument
        values = self.value(parts)
        if isinstance(values, list) and not any(map(_is_open, values)):
            return glue.join(map(_text, values))
        return {"Fn::Join": [glue, values]}

    def _select(self, argument: Json) -> Json:
        index, parts = (self.value(item) for item in argument)
        if isinstance(parts, list):
            return parts[int(index)]
        return {"Fn::Select": [index, parts]}

    def _split(self, argument: Json) -> Json:
        glue, text = argument[0], self.value(argument[1])
        return text.split(glue) if isinstance(text, str) else {"Fn::Split": [glue, text]}

    def _find_in_map(self, argument: Json) -> Json:
        name, first, second = (self.value(item) for item in argument[:3])
        if any(map(_is_open, (name, first, second))):
            return {"Fn::FindInMap": [name, first, second]}
        return self._template.mappings[name][first][second]


def _is_open(value: Any) -> bool:
    return value is _NOTHING or isinstance(value, (dict, list))


def _text(value: Json) -> str:
    """A scalar as CloudFormation compares it: `true` for True, `1` for 1."""
    return str(value).lower() if isinstance(value, bool) else str(value)
