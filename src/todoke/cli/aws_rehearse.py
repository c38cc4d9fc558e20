"""`todoke aws rehearse`: the exercises one by one, what was seen of each kept at once, so that another run goes on."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from todoke import __version__
from todoke.aws.deploy.rehearsal import Exercise, Rehearsal, rehearsal
from todoke.aws.deploy.rehearsed import (
    Observation,
    RehearsalRecord,
    Sight,
    path_beside,
    read_record,
    write_record,
)
from todoke.cli.output import clean, clean_line, print_json, print_line, style
from todoke.model.errors import ConfigError
from todoke.ports.clock import Clock
from todoke.walk.app import utc_now

_KEYS = {"y": Sight.YES, "n": Sight.NO, "s": Sight.SKIPPED} | {s.value: s for s in Sight}
_LEAVES = {"q", "quit"}
_COLOURS = {Sight.YES: "green", Sight.NO: "red", Sight.SKIPPED: "yellow"}
_LONGEST_NOTE = 500


class Terminal(Protocol):
    """Whom the exercises are shown to, and who answers."""

    def ask(self, question: str) -> str | None:
        """A line that the person types, without its end; None when they are gone."""
        ...


class _Console:
    def ask(self, question: str) -> str | None:
        """From standard input. What is asked goes where everything goes: there is no other output to keep clean."""
        sys.stdout.write(question)
        sys.stdout.flush()
        line = sys.stdin.readline()
        return line.rstrip("\r\n") if line else None


def rehearse(
    config: Path,
    stack: str,
    *,
    anew: bool = False,
    as_json: bool = False,
    terminal: Terminal | None = None,
    clock: Clock = utc_now,
) -> int:
    """Go through what nobody answered yet, or put off; 1 when something was not seen as it should be.

    With `anew` all of it. As JSON only print. Raises ConfigError: if nobody is there to answer, or the record cannot be
    used.
    """
    path = path_beside(config)
    record = read_record(path)
    whole = rehearsal(stack)
    if as_json:
        _print_all(whole, record, stack)
        return _code(whole, record, stack)
    if terminal is None and not sys.stdin.isatty():
        raise ConfigError("Nobody is there to answer: --json prints the checklist.")
    seen = {} if anew else record.of(stack)
    left = [e for e in whole.exercise if e.name not in seen or seen[e.name].answer is Sight.SKIPPED]
    _introduce(stack, whole, left, path)
    for exercise in left:
        _show(exercise, whole.exercise.index(exercise) + 1, len(whole.exercise))
        observation = _observed(terminal or _Console(), clock)
        if observation is None:
            break
        record = record.with_one(stack, exercise.name, observation)
        write_record(path, record)
    _conclude(whole, record, stack, path)
    return _code(whole, record, stack)


def _observed(terminal: Terminal, clock: Clock) -> Observation | None:
    """What the person saw; None when they leave."""
    while True:
        answer = terminal.ask("Was it so? [y]es, [n]o, [s]kip for now, [q]uit: ")
        word = (answer or "").strip().lower()
        if answer is None or word in _LEAVES:
            return None
        if word in _KEYS:
            break
    sight = _KEYS[word]
    question = "What was seen instead? " if sight is Sight.NO else "A note (Enter for none): "
    note = terminal.ask(question)
    return Observation(sight, clock(), __version__, clean_line(note or "").strip()[:_LONGEST_NOTE])


def _introduce(stack: str, whole: Rehearsal, left: Sequence[Exercise], path: Path) -> None:
    minutes = sum(exercise.minutes for exercise in left if not exercise.only_with)
    more = [exercise for exercise in left if exercise.only_with]
    print_line(style(f"The rehearsal of {stack}", "bold"))
    if not left:
        return
    print_line(
        f"{len(left)} of {len(whole.exercise)} exercises are left, {minutes} minutes of work, and some of waiting."
    )
    if more:
        print_line(
            f"{sum(exercise.minutes for exercise in more)} minutes more are for what not every site has"
            f" ({', '.join(exercise.only_with for exercise in more)}): skip what yours has not."
        )
    print_line(
        "Each is a claim from AWS's documentation that todoke never saw come true. Use an account where nothing\n"
        f"matters; it costs some cents. What you answer is kept in {clean(str(path))}; quit and go on at will.\n\n"
        "In a second terminal, in this folder, once:"
    )
    for line in whole.preamble:
        print_line(f"  {style(line, 'cyan')}")


def _show(exercise: Exercise, number: int, of: int) -> None:
    print_line()
    print_line(
        f"{style(f'{number} of {of}: {exercise.name}', 'bold')}  {style(f'{exercise.minutes} min', 'dim')}"
    )
    only = f" Skip it without {exercise.only_with}." if exercise.only_with else ""
    print_line(f"  {exercise.claim}{only}")
    for command in exercise.commands:
        print_line(f"    {style(command, 'cyan')}")
    print_line(f"  {style('See:', 'green')} {exercise.expected}")
    print_line(f"  {style('Why:', 'dim')} {exercise.why}")


def _conclude(whole: Rehearsal, record: RehearsalRecord, stack: str, path: Path) -> None:
    print_line()
    seen = record.of(stack)
    for exercise in whole.exercise:
        one = seen.get(exercise.name)
        if one is None:
            print_line(f"  {style('open', 'dim')}  {exercise.name}")
            continue
        note = f"  {clean_line(one.note)}" if one.note else ""
        answer, at = (
            style(one.answer, _COLOURS[one.answer]),
            style(f"{one.at:%Y-%m-%d %H:%MZ}", "dim"),
        )
        print_line(f"  {answer}  {exercise.name}  {at}{note}")
    count = sum(one.answer is Sight.YES for name, one in seen.items())
    print_line(f"{count} of {len(whole.exercise)} were seen ({clean(str(path))}).")
    if any(one.answer is Sight.NO for one in seen.values()):
        print_line(
            "What was not as it should be is worth an issue: the record has all that is needed."
        )


def _print_all(whole: Rehearsal, record: RehearsalRecord, stack: str) -> None:
    seen = record.of(stack)
    for exercise in whole.exercise:
        one = seen.get(exercise.name)
        told = {
            "answer": one.answer.value if one else "",
            "at": one.at.isoformat() if one else "",
            "todoke": one.todoke if one else "",
            "note": one.note if one else "",
        }
        claimed = msgspec.to_builtins(exercise) | {
            "commands": [*whole.preamble, *exercise.commands]
        }
        print_json(claimed | told)


def _code(whole: Rehearsal, record: RehearsalRecord, stack: str) -> int:
    names = {exercise.name for exercise in whole.exercise}
    seen = record.of(stack)
    return int(any(one.answer is Sight.NO for name, one in seen.items() if name in names))
