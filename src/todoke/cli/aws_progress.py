"""Progress of what CloudFormation does: lines for people, or objects for programs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from todoke.aws.deploy.execute import Event
from todoke.cli.output import clean, is_fancy, print_json, print_line, style
from todoke.model.errors import Error


class Progress:
    """Progress: lines for people, or objects for programs."""

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json

    def line(self, text: str, **facts: object) -> None:
        """One thing that happened."""
        if self._as_json:
            print_json({"say": text, **facts})
        else:
            print_line(clean(text))
        sys.stdout.flush()

    def complain(self, error: Error) -> None:
        """A failure: for people on stderr."""
        if self._as_json:
            print_json({"error": str(error)})
        else:
            sys.stderr.write(f"todoke: {clean(str(error))}\n")

    def events(self, events: Iterable[Event]) -> None:
        """Each event as it comes; on a terminal, with the one at work below."""
        with self._shown() as show:
            for event in events:
                show(event)

    @contextmanager
    def _shown(self) -> Iterator[Callable[[Event], None]]:
        if self._as_json or not is_fancy(sys.stdout):
            yield self._plain
            return
        from rich.console import Console

        with Console().status("CloudFormation is at work") as status:

            def show(event: Event) -> None:
                status.update(f"{event.logical_id} {event.status.lower()}")
                self._plain(event)

            yield show

    def _plain(self, event: Event) -> None:
        if self._as_json:
            print_json(
                {
                    "at": event.at.isoformat(),
                    "resource": event.logical_id,
                    "status": event.status,
                    "reason": event.reason,
                }
            )
        else:
            print_line(_line(event))
        sys.stdout.flush()


def _line(event: Event) -> str:
    done = "green" if event.status.endswith("_COMPLETE") else "dim"
    colour = "red" if event.has_failed else done
    reason = f"  {clean(event.reason)}" if event.reason else ""
    return f"{event.at:%H:%M:%SZ} {style(event.status, colour)} {event.logical_id}{reason}"
