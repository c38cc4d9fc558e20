"""IAM policy documents, wherever they stand: their statements, and which of them allow more or less than before."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from stack_review.change_set import MISSING
from stack_review.differences import Difference, Path, is_function
from stack_review.judges.networks import is_internet
from stack_review.judges.phrases import in_words, listed
from stack_review.template import Json, Resource

_INSIDE = (("Statement",), ("Id",))
"""The keys of a document that are judged; its Version only where all of it comes or goes."""


@dataclass(frozen=True)
class Statement:
    """One statement of a policy. Lists are sorted; `condition` is JSON, "" for none.

    `place` is where its document stands. `refused` names NotAction, NotResource or NotPrincipal, which mean everything
    else; `is_bounded` is True when a condition limits it that is more than "from almost anywhere".
    """

    effect: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    principals: tuple[str, ...]
    condition: str
    place: str
    refused: tuple[str, ...] = ()
    is_bounded: bool = False

    @property
    def is_for_anybody(self) -> bool:
        """True when it names every principal there is."""
        return any(p in ("*", "AWS:*") for p in self.principals)

    @property
    def is_trust(self) -> bool:
        """True when it says who may take a role on."""
        return self.place.startswith("AssumeRolePolicyDocument")


def statements(resource: Resource | None) -> tuple[Statement, ...]:
    """Every statement in a resource's policy documents."""
    if resource is None:
        return ()
    return tuple(
        statement
        for place, document in _documents((), resource.properties)
        for statement in _of_document(document, ".".join(place))
    )


def uncovered(of: Iterable[Statement], by: Iterable[Statement]) -> tuple[Statement, ...]:
    """The statements that allow what those of `by` together do not."""
    others = [one for one in by if one.effect == "Allow"]
    return tuple(one for one in of if one.effect == "Allow" and not _is_covered(one, others))


def denied_only_by(of: Iterable[Statement], by: Iterable[Statement]) -> tuple[Statement, ...]:
    """The statements that deny something, and are not among those of `by`."""
    others = tuple(by)
    return tuple(one for one in of if one.effect == "Deny" and one not in others)


def knows(leaf: Difference, *sides: Resource | None) -> bool:
    """True when a place where two resources differ is in a policy document that can be read on both sides."""
    if any(is_document(v) for v in (leaf.before, leaf.after)):
        return all(v is MISSING or is_document(v) for v in (leaf.before, leaf.after))
    place = tuple("[]" if key.startswith("[") else key for key in leaf.place)
    documents = (where for side in sides if side for where, _ in _documents((), side.properties))
    is_whole = "[]" in leaf.place or any(s and place[0] not in s.properties for s in sides)
    keys = (*_INSIDE, ("Version",)) if is_whole else _INSIDE
    return any(
        place[: len(where)] == where and place[len(where) : len(where) + 1] in keys
        for where in documents
    )


def is_document(value: Json) -> bool:
    """True for a policy document, also one that is written as text."""
    return _document(value) is not None


def _documents(place: Path, value: Json) -> Iterator[tuple[Path, Mapping[str, Json]]]:
    document = _document(value)
    if document is not None:
        yield place, document
    elif isinstance(value, Mapping):
        for key, item in value.items():
            # The branches of a condition that nobody knows stand where the value stands.
            yield from _documents(place if is_function(value) else (*place, str(key)), item)
    elif isinstance(value, list):
        for item in value:
            yield from _documents((*place, "[]"), item)


def _document(value: Json) -> Mapping[str, Json] | None:
    """A value as a policy document; None if it is none, or cannot be read."""
    text = _text(value)
    if text is not None:
        try:
            value = json.loads(text)
        except ValueError:
            return None
    if not isinstance(value, Mapping) or "Statement" not in value:
        return None
    entries = listed(value["Statement"])
    return value if all(_is_statement(entry) for entry in entries) else None


def _text(value: Json) -> str | None:
    """The text that a value is, with references in it as a person writes them."""
    if isinstance(value, str):
        return value
    if not is_function(value):
        return None
    ((name, argument),) = value.items()
    if name == "Fn::Sub":
        return argument if isinstance(argument, str) else str(listed(argument)[0])
    if name == "Fn::Join" and isinstance(argument, list) and len(argument) == 2:
        return str(argument[0]).join(map(in_words, listed(argument[1])))
    return None


def _is_statement(entry: Json) -> bool:
    return isinstance(entry, Mapping) and ("Effect" in entry or is_function(entry))


def _of_document(document: Mapping[str, Json], place: str) -> Iterator[Statement]:
    for entry in listed(document["Statement"]):
        yield from _of_entry(entry, place, "")


def _of_entry(entry: Json, place: str, given: str) -> Iterator[Statement]:
    """One statement, or those in both branches of a condition that is not known."""
    if not isinstance(entry, Mapping):
        return
    if not is_function(entry):
        yield _statement(entry, place, given)
        return
    for branch in listed(entry.get("Fn::If"))[1:]:
        yield from _of_entry(branch, place, given or in_words(entry))


def _statement(entry: Mapping[str, Json], place: str, given: str) -> Statement:
    principal = entry.get("Principal", entry.get("NotPrincipal", []))
    condition = entry.get("Condition")
    return Statement(
        effect=str(entry.get("Effect", "")),
        actions=_words(entry.get("Action", entry.get("NotAction"))),
        resources=_words(entry.get("Resource", entry.get("NotResource"))),
        principals=tuple(sorted(_principals(principal))),
        condition=(json.dumps(condition, sort_keys=True) if condition else "") + given,
        place=place,
        refused=tuple(key for key in ("NotAction", "NotResource", "NotPrincipal") if key in entry),
        is_bounded=_is_bound(condition),
    )


def _is_bound(condition: Json) -> bool:
    """True for a condition, unless all that it asks for is an address from a large part of the internet."""
    if not isinstance(condition, Mapping) or not condition:
        return bool(condition)
    tests = [
        (operator, key, value)
        for operator, table in condition.items()
        for key, value in (table.items() if isinstance(table, Mapping) else [("", table)])
    ]
    return not all(
        operator == "IpAddress" and key.lower() == "aws:sourceip" and is_internet(listed(value))
        for operator, key, value in tests
    )


def _words(value: Json) -> tuple[str, ...]:
    return tuple(sorted(map(in_words, listed(value))))


def _principals(value: Json) -> Iterator[str]:
    if isinstance(value, Mapping) and not is_function(value):
        for kind, names in value.items():
            yield from (f"{kind}:{word}" for word in _words(names))
    else:
        yield from _words(value)


def _is_covered(one: Statement, others: list[Statement]) -> bool:
    """True when for each action, resource and principal of it some statement allows just that."""
    if any(_key(other) == _key(one) for other in others):
        return True
    if one.refused:
        return False
    able = [
        other
        for other in others
        if not other.refused and other.place == one.place and other.condition in ("", one.condition)
    ]
    return all(
        any(
            _fits(action.lower(), tuple(a.lower() for a in other.actions)) and _fits(resource, other.resources)
            and _fits(principal, other.principals)
            for other in able
        )
        for action in one.actions or ("",)
        for resource in one.resources or ("",)
        for principal in one.principals or ("",)
    )  # fmt: skip


def _key(one: Statement) -> tuple[object, ...]:
    return one.actions, one.resources, one.principals, one.condition, one.place, one.refused


def _fits(word: str, patterns: tuple[str, ...]) -> bool:
    return any(matches(word, pattern) for pattern in patterns) if word else not patterns


def matches(word: str, pattern: str) -> bool:
    """Whether all that `word` names, `pattern` names too, with `*` and `?` as IAM reads them."""
    if pattern in ("*", "AWS:*") or pattern == word:
        return True
    if "?" in pattern and "*" in word:
        return False
    return bool(_pattern(pattern).fullmatch(word))


@functools.lru_cache(maxsize=4096)
def _pattern(text: str) -> re.Pattern[str]:
    signs = {"*": ".*", "?": "."}
    return re.compile("".join(signs.get(c, re.escape(c)) for c in text), re.DOTALL)
