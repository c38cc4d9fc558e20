"""A template without one of its resources, which others go on to name by what it was; and the way back. Pure.

CloudFormation puts another table in the place of a stack's only so: the old leaves the stack (and stays, for its
deletion policy says so), the other is imported, and then everything is told of it. While a stack is in between, its
template carries the whole one along.
"""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from stack_review.template import Json, document
from todoke.model.errors import ConfigError

_MARK = "TodokeAdoption"
_REF = "Ref"
READER = "AWS::Lambda::EventSourceMapping"
"""The type of what reads a stream."""


@dataclass(frozen=True)
class Between:
    """A stack in between: the whole template that it had and will have, and which resource it is about."""

    whole: str
    resource: str
    is_imported: bool


def between(template: str) -> Between | None:
    """What a template carries along; None for one that is whole. Raises ConfigError: if it cannot be read."""
    content = document(template, "the stack's template")
    mark = (content.get("Metadata") or {}).get(_MARK)
    if not isinstance(mark, dict):
        return None
    try:
        whole = zlib.decompress(base64.b64decode(str(mark["Template"]), validate=True)).decode()
        resource = str(mark["Resource"])
    except (KeyError, ValueError, zlib.error) as error:
        raise ConfigError(
            f"The stack's template has Metadata.{_MARK}, which cannot be read: {error}."
        ) from error
    return Between(whole, resource, resource in content["Resources"])


def detached(whole: str, resource: str, values: Mapping[str, str]) -> str:
    """The template without this resource: who names it is given `values`: its Ref, and its attributes by name.

    What reads its stream leaves with it: a reader is made for one stream, so the next one is another. Raises
    ConfigError: if an attribute is named that is not among the values.
    """
    content = document(whole, "the stack's template")
    rest = {
        name: body
        for name, body in content["Resources"].items()
        if name != resource and not _reads(body, resource)
    }
    naming = _Naming(resource, values)
    content = {
        **{part: naming.told(body) for part, body in content.items() if part != "Resources"},
        "Resources": {
            name: _independent(naming.told(body), resource) for name, body in rest.items()
        },
    }
    packed = base64.b64encode(zlib.compress(whole.encode(), 9)).decode()
    mark = {_MARK: {"Resource": resource, "Template": packed}}
    return _text({**content, "Metadata": {**(content.get("Metadata") or {}), **mark}})


def imported(template: str, now: Between) -> str:
    """The template in between with the resource as it is in the whole one, and nothing else changed."""
    content = document(template, "the stack's template")
    body = document(now.whole, "the whole template")["Resources"][now.resource]
    return _text({**content, "Resources": {**content["Resources"], now.resource: body}})


@dataclass(frozen=True)
class _Naming:
    """Puts values in the place of each name of a resource."""

    resource: str
    values: Mapping[str, str]

    def told(self, value: Json) -> Json:
        """The same, with the values."""
        if isinstance(value, list):
            return [self.told(each) for each in value]
        if not isinstance(value, dict):
            return value
        if value == {_REF: self.resource}:
            return self._value(_REF)
        attribute = self._attribute(value)
        if attribute:
            return self._value(attribute)
        if set(value) == {"Fn::Sub"}:
            return {"Fn::Sub": self._substituted(value["Fn::Sub"])}
        return {key: self.told(each) for key, each in value.items()}

    def _attribute(self, value: Mapping[str, Json]) -> str:
        target: Json = value.get("Fn::GetAtt")
        parts = target.split(".", 1) if isinstance(target, str) else target
        is_ours = isinstance(parts, list) and len(parts) == 2 and parts[0] == self.resource
        return str(parts[1]) if is_ours else ""

    def _substituted(self, given: Json) -> Json:
        if isinstance(given, list):
            text, own = given
            told = self.told(own)
            return [text if self.resource in own else self._filled(text), told]
        return self._filled(given)

    def _filled(self, text: str) -> str:
        names = rf"\$\{{{re.escape(self.resource)}(?:\.([\w.]+))?\}}"
        return re.sub(names, lambda match: self._value(match[1] or _REF), text)

    def _value(self, name: str) -> str:
        try:
            return self.values[name]
        except KeyError as error:
            raise ConfigError(
                f"The stack's template names {self.resource}.{name}, which nobody can tell of a table outside of it."
            ) from error


class _Anything(dict[str, str]):
    """A value for each attribute: to see whether one is named."""

    def __missing__(self, name: str) -> str:
        return ""


def _reads(body: Json, resource: str) -> bool:
    source = (body.get("Properties") or {}).get("EventSourceArn")
    return bool(
        body.get("Type") == READER and source != _Naming(resource, _Anything()).told(source)
    )


def _independent(body: Json, resource: str) -> Json:
    """A resource that does not wait for the one that is gone."""
    if "DependsOn" not in body:
        return body
    depends = body["DependsOn"]
    left = [
        name for name in ([depends] if isinstance(depends, str) else depends) if name != resource
    ]
    rest = {key: value for key, value in body.items() if key != "DependsOn"}
    return {**rest, "DependsOn": left} if left else rest


def _text(content: Json) -> str:
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False)
