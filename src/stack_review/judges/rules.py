"""Rules about one place of a type's properties: when another value there is worse, and what that means.

A rule knows its place: a change there that is not worse is safe. What `gone` looks for is the exception, for it does
not look inside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from stack_review.change_set import MISSING
from stack_review.compare import Step
from stack_review.differences import Path, is_function, is_same
from stack_review.finding import Finding, Severity, Topic
from stack_review.judges.phrases import finding, from_to, is_true, listed, number
from stack_review.template import Json, Resource

Comparison = Callable[[Json, Json], bool]
"""`(before, after)` to whether it is worse; asked when they differ. What cannot be compared is worse."""


@dataclass(frozen=True)
class Rule:
    """At `path` (`A.B`, a `*` for any key) a change may be worse: what then happens, and what to do."""

    path: str
    is_worse: Comparison
    sentence: str
    advice: str
    severity: Severity = Severity.RISK

    @property
    def place(self) -> Path:
        """The path as keys."""
        return tuple(self.path.split("."))


def changed(_before: Json, _after: Json) -> bool:
    """Any other value is worse."""
    return True


def off(before: Json, after: Json) -> bool:
    """It was on, or may have been, and is surely on no more."""
    return _may_be_on(before) and not is_true(after)


def on(before: Json, after: Json) -> bool:
    """It is on, or may be, and was not surely on before."""
    return _may_be_on(after) and not is_true(before)


def stopped(_before: Json, after: Json) -> bool:
    """What is on unless it is said to be off is off, or may be."""
    return not (after is MISSING or is_true(after))


def other_than(word: str) -> Comparison:
    """Anything but this word is worse."""
    return lambda _before, after: bool(after != word)


def less(default: float) -> Comparison:
    """A smaller number, given what counts when none is set; -1 means without end."""

    def is_worse(before: Json, after: Json) -> bool:
        old, new = (_amount(value, default) for value in (before, after))
        return old is None or new is None or new < old

    return is_worse


def more(default: float) -> Comparison:
    """A greater number, given what counts when none is set."""

    def is_worse(before: Json, after: Json) -> bool:
        return not less(default)(before, after) or None in (
            _amount(before, default),
            _amount(after, default),
        )

    return is_worse


def less_or_none(before: Json, after: Json) -> bool:
    """A smaller number, or no limit any more where there was one."""
    return after is MISSING or less(float("inf"))(before, after)


def lost(before: Json, after: Json) -> bool:
    """Something that was listed is listed no more."""
    return any(item not in listed(after) for item in listed(before)) or is_function(after)


def gone(before: Json, after: Json) -> bool:
    """There is none any more."""
    return bool(listed(before)) and not listed(after)


_PARTIAL = {gone}


def judge(step: Step, topic: Topic, rules: Mapping[str, tuple[Rule, ...]]) -> Iterator[Finding]:
    """What the rules of the step's type find in it."""
    if not step.before or not step.after or step.before.type != step.after.type:
        return
    for rule in rules.get(step.type, ()):
        for path, before, after in _places(step.before, step.after, rule.place):
            if not is_same(before, after) and rule.is_worse(before, after):
                change = from_to(path, before, after)
                yield finding(step, topic, rule.severity, rule.sentence, rule.advice, change)


def known_places(type_: str, rules: Mapping[str, tuple[Rule, ...]]) -> Iterator[Path]:
    """The places that rules know whole."""
    return (rule.place for rule in rules.get(type_, ()) if rule.is_worse not in _PARTIAL)


def several(
    paths: str, is_worse: Comparison, sentence: str, advice: str, severity: Severity = Severity.RISK
) -> tuple[Rule, ...]:
    """The same rule for several paths, with spaces between them."""
    return tuple(Rule(path, is_worse, sentence, advice, severity) for path in paths.split())


def _places(before: Resource, after: Resource, place: Path) -> Iterator[tuple[str, Json, Json]]:
    found: list[tuple[Path, Json, Json]] = [((), before.properties, after.properties)]
    for key in place:
        found = [
            ((*path, name), *(_at(side, name) for side in sides))
            for path, *sides in found
            for name in (_keys(*sides) if key == "*" else [key])
        ]
    return ((".".join(path), old, new) for path, old, new in found)


def _keys(*sides: Json) -> list[str]:
    return sorted({key for side in sides if isinstance(side, Mapping) for key in side})


def _at(side: Json, key: str) -> Json:
    return side.get(key, MISSING) if isinstance(side, Mapping) else MISSING


def _may_be_on(value: Json) -> bool:
    return value is not MISSING and str(value).lower() != "false"


def _amount(value: Json, default: float) -> float | None:
    found = default if value is MISSING else number(value)
    return float("inf") if found == -1 else found
