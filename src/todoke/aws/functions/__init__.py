"""todoke on AWS Lambda. `web` answers the HTTP API, `sender` hands over mails, `sweep` does what time alone makes due.

Each is made when the runtime asks for its name, which is in the init phase; what the other two need is not loaded.
Documented in docs/aws.md; aws/deploy/template.yaml is what they run in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from todoke.aws.functions.function import Function

    sender: Function
    sweep: Function
    web: Function

__all__ = ["sender", "sweep", "web"]


def __getattr__(name: str) -> Any:
    """The function of this name, started."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from todoke.aws.functions.function import start

    globals()[name] = function = start(name)
    return function
