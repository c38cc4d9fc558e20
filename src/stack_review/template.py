"""A CloudFormation template as a value: read from YAML or JSON, with its resources by logical id."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from stack_review.errors import InputError

Json = Any
"""What JSON can say. An intrinsic function is an object of one key, as in JSON templates: `{"Ref": "Table"}`."""


@dataclass(frozen=True)
class Resource:
    """One resource of a template.

    `deletion` and `replacement` are its DeletionPolicy and UpdateReplacePolicy, "" where it has none. `condition` is
    the name of the condition under which it exists, "" for always. `attributes` are what else steers it beside its
    properties: UpdatePolicy, CreationPolicy, and AWS::CloudFormation::Init of its Metadata.
    """

    logical_id: str
    type: str
    properties: Mapping[str, Json] = field(default_factory=dict)
    deletion: str = ""
    replacement: str = ""
    condition: str = ""
    depends_on: tuple[str, ...] = ()
    attributes: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True)
class Template:
    """The parts of a template that say what there will be; `sections` are its Rules, Hooks and Transform.

    `absent` are the names of resources that a condition leaves out, once it is worked out.
    """

    resources: Mapping[str, Resource] = field(default_factory=dict)
    parameters: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    conditions: Mapping[str, Json] = field(default_factory=dict)
    mappings: Mapping[str, Json] = field(default_factory=dict)
    outputs: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    sections: Mapping[str, Json] = field(default_factory=dict)
    absent: frozenset[str] = frozenset()


def parse(text: str, name: str = "the template") -> Template:
    """Read a template. Raises InputError: if it is neither YAML nor JSON, or has no resources."""
    return from_document(document(text, name), name)


def document(text: str, name: str) -> Json:
    """The template as JSON would have it, its short tags (`!Ref`) written out.

    Raises InputError: if it is neither YAML nor JSON; it says where.
    """
    if text.lstrip().startswith("{"):
        try:
            return json.loads(text)
        except ValueError as error:
            raise InputError(f"{name} is not JSON: {error}.") from error
    return _from_yaml(text, name)


def without_aliases(text: str, name: str) -> str:
    """The template as it can be sent: CloudFormation takes no YAML aliases, so one that has any becomes JSON.

    Raises InputError: if it is neither YAML nor JSON.
    """
    if text.lstrip().startswith("{") or not _has_aliases(text, name):
        return text
    return json.dumps(document(text, name), ensure_ascii=False, indent=1)


def compact(text: str, name: str) -> str:
    """The same template as JSON on one line, which a request has room for where YAML with its comments is too long."""
    return json.dumps(document(text, name), separators=(",", ":"), ensure_ascii=False)


def from_document(content: Json, name: str = "the template") -> Template:
    """Make a Template of what YAML or JSON said. Raises InputError: if a part is not what CloudFormation takes."""
    if not isinstance(content, dict) or not isinstance(content.get("Resources"), dict):
        raise InputError(f"{name} has no Resources: it is no CloudFormation template.")
    return Template(
        resources={key: _resource(key, value, name) for key, value in content["Resources"].items()},
        parameters=_tables(content, "Parameters", name),
        conditions=_table(content, "Conditions", name),
        mappings=_table(content, "Mappings", name),
        outputs=_tables(content, "Outputs", name),
        sections={key: content[key] for key in ("Hooks", "Rules", "Transform") if key in content},
    )


def _resource(logical_id: str, value: Json, name: str) -> Resource:
    if not isinstance(value, dict) or not isinstance(value.get("Type"), str):
        raise InputError(f"{name}: the resource {logical_id} has no Type.")
    properties = value.get("Properties") or {}
    if not isinstance(properties, dict):
        raise InputError(f"{name}: the Properties of {logical_id} are no table.")
    depends = value.get("DependsOn") or []
    return Resource(
        logical_id=logical_id,
        type=value["Type"],
        properties=properties,
        deletion=_word(value.get("DeletionPolicy")),
        replacement=_word(value.get("UpdateReplacePolicy")),
        condition=_word(value.get("Condition")),
        depends_on=(depends,) if isinstance(depends, str) else tuple(map(str, depends)),
        attributes=_attributes(value),
    )


_SETUP = "AWS::CloudFormation::Init"


def _attributes(value: Mapping[str, Json]) -> dict[str, Json]:
    found = {key: value[key] for key in ("CreationPolicy", "UpdatePolicy") if key in value}
    metadata = value.get("Metadata")
    setup = metadata.get(_SETUP) if isinstance(metadata, dict) else None
    return found | ({_SETUP: setup} if setup else {})


def _word(value: Json) -> str:
    """A policy as written; one that is computed (`Fn::If`) is kept as JSON, and so is no known policy."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def _table(content: Mapping[str, Json], key: str, name: str) -> Mapping[str, Json]:
    table = content.get(key) or {}
    if not isinstance(table, dict):
        raise InputError(f"{name}: {key} is no table.")
    return table


def _tables(content: Mapping[str, Json], key: str, name: str) -> Mapping[str, Mapping[str, Json]]:
    return {k: v if isinstance(v, dict) else {} for k, v in _table(content, key, name).items()}


def _from_yaml(text: str, name: str) -> Json:
    import yaml

    try:
        return yaml.load(text, _loader())  # noqa: S506 - a SafeLoader that knows CloudFormation's tags
    except yaml.YAMLError as error:
        raise InputError(f"{name} is not YAML: {' '.join(str(error).split())}.") from error


def _has_aliases(text: str, name: str) -> bool:
    import yaml

    try:
        return any(
            isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, yaml.SafeLoader)
        )
    except yaml.YAMLError as error:
        raise InputError(f"{name} is not YAML: {' '.join(str(error).split())}.") from error


def _loader() -> Any:
    """A safe YAML loader that writes CloudFormation's short tags out, and leaves dates the words they are."""
    import yaml

    class Loader(yaml.SafeLoader):
        yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML's own shape
            first: [pair for pair in pairs if pair[0] != "tag:yaml.org,2002:timestamp"]
            for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
        }

    def written_out(loader: Any, suffix: str, node: Any) -> Json:
        if isinstance(node, yaml.ScalarNode):
            value: Json = loader.construct_scalar(node)
        elif isinstance(node, yaml.SequenceNode):
            value = loader.construct_sequence(node, deep=True)
        else:
            value = loader.construct_mapping(node, deep=True)
        if suffix in ("Ref", "Condition"):
            return {suffix: value}
        if suffix == "GetAtt" and isinstance(value, str):
            value = value.split(".", 1)
        return {f"Fn::{suffix}": value}

    Loader.add_multi_constructor("!", written_out)
    return Loader
