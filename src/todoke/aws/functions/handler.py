"""The shape of a function's handler, and of what makes one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from todoke.walk.app import App


class LambdaContext(Protocol):
    """The part of Lambda's context object that is used here."""

    aws_request_id: str

    def get_remaining_time_in_millis(self) -> int:
        """How long the function may still run."""
        ...


Handler = Callable[[Mapping[str, Any], LambdaContext], Any]
Make = Callable[[App, Mapping[str, str]], Handler]
