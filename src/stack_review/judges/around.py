"""What stands around a step: the stack before and after, all that happens to it, and whose account it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from stack_review.compare import Step, Verb
from stack_review.resolve import references
from stack_review.template import Json, Resource


@dataclass(frozen=True)
class Around:
    """The stack of a step. `account` is "" where it is not known."""

    before: Mapping[str, Resource] = field(default_factory=dict)
    after: Mapping[str, Resource] = field(default_factory=dict)
    steps: Mapping[str, Step] = field(default_factory=dict)
    account: str = ""

    def named(self, value: Json, side: Mapping[str, Resource]) -> Resource | None:
        """The resource of `side` that a value refers to, alone; None for any other value."""
        names = references(Resource("", "", {"": value}))
        return side.get(next(iter(names))) if len(names) == 1 else None

    def is_new(self, value: Json) -> bool:
        """True when a value refers to resources that this deployment adds, and to nothing else."""
        names = references(Resource("", "", {"": value}))
        own = {name for name in names if not name.startswith("AWS::")}
        return bool(own) and all(
            name in self.steps and self.steps[name].verb is Verb.ADDED for name in own
        )
