"""`todoke aws rehearse`: each exercise is shown, answered and kept; another run goes on where the first one ended."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from support.places import ROOT
from todoke.aws.deploy.rehearsal import rehearsal
from todoke.aws.deploy.rehearsed import Sight, read_record
from todoke.cli.aws_rehearse import rehearse
from todoke.model.errors import ConfigError
from todoke.testing import FakeClock

NAMES = [exercise.name for exercise in rehearsal("forms").exercise]
AT = datetime(2026, 11, 29, 12, tzinfo=UTC)


class Typist:
    """Somebody at a terminal, who types these lines and then leaves."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = list(lines)
        self.asked: list[str] = []

    def ask(self, question: str) -> str | None:
        """The next line."""
        self.asked.append(question)
        return self._lines.pop(0) if self._lines else None


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration's place; nothing in it is read."""
    return tmp_path / "todoke.toml"


def went(
    config: Path, *lines: str, stack: str = "forms", anew: bool = False
) -> tuple[int, list[str]]:
    """The exit code of one run, and what was asked."""
    typist = Typist(lines)
    return rehearse(config, stack, anew=anew, terminal=typist, clock=FakeClock(AT)), typist.asked


def answers(config: Path, stack: str = "forms") -> dict[str, Sight]:
    """What is kept."""
    record = read_record(config.parent / "todoke-rehearsal.json")
    return {name: one.answer for name, one in record.of(stack).items()}


def test_each_exercise_says_what_to_run_see_and_why(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In order, with the shorthands first; somebody who only looks answers nothing and leaves no file."""
    assert went(config, "q") == (0, ["Was it so? [y]es, [n]o, [s]kip for now, [q]uit: "])
    told = capsys.readouterr().out
    first = rehearsal("forms").exercise[0]
    places = [
        told.index(text)
        for text in ("out() {", first.claim, *first.commands, first.expected, first.why)
    ]
    assert places == sorted(places)
    assert "20 minutes" in told
    assert (
        "10 minutes more are for what not every site has (Release=canary, a domain, the firewall)"
        in told
    )
    assert not (config.parent / "todoke-rehearsal.json").exists()


def test_answers_are_kept_at_once_and_another_run_goes_on(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Yes and no with their notes, in any spelling; what was put off comes again, what was answered does not."""
    code, asked = went(config, "Y", "", "maybe", "no", "it rolled back\x1b[2J", "s", "later", "Q")
    assert code == 1
    assert asked[-2:] == ["A note (Enter for none): ", asked[0]]
    assert "What was seen instead? " in asked
    assert answers(config) == dict(zip(NAMES, [Sight.YES, Sight.NO, Sight.SKIPPED], strict=False))
    record = read_record(config.parent / "todoke-rehearsal.json")
    assert [(o.at, o.note) for o in record.of("forms").values()][1:] == [
        (AT, "it rolled back␛[2J"),
        (AT, "later"),
    ]
    assert "1 of 19 were seen" in capsys.readouterr().out
    went(config, "y", "", "quit")
    assert answers(config)[NAMES[2]] is Sight.YES
    assert f"3 of 19: {NAMES[2]}" in capsys.readouterr().out
    assert len(answers(config)) == 3


def test_all_of_it_seen_is_good(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 0, nothing is left, and --anew asks it again."""
    assert went(config, *["yes", "fine"] * len(NAMES))[0] == 0
    assert set(answers(config).values()) == {Sight.YES}
    capsys.readouterr()
    assert went(config) == (0, [])
    assert "19 of 19 were seen" in capsys.readouterr().out
    assert went(config, "n", "", anew=True)[0] == 1


def test_each_stack_has_its_own(config: Path) -> None:
    """One file beside the configuration holds several."""
    went(config, "y", "", stack="a")
    went(config, "n", "", stack="b")
    assert answers(config, "a") == {NAMES[0]: Sight.YES}
    assert answers(config, "b") == {NAMES[0]: Sight.NO}
    assert "a-rehearsal" in json.dumps([e.commands for e in rehearsal("a").exercise])


def test_a_program_gets_a_line_for_each(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With what is known of it; nobody is asked."""
    went(config, "n", "a reason")
    capsys.readouterr()
    assert rehearse(config, "forms", as_json=True) == 1
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["name"] for line in lines] == NAMES
    assert (lines[0]["answer"], lines[0]["note"], lines[0]["at"]) == (
        "no",
        "a reason",
        AT.isoformat(),
    )
    assert lines[1]["answer"] == ""
    assert lines[0]["commands"][0].startswith("out()")


def test_without_a_person_it_says_what_to_do(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a pipeline nobody answers."""
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    with pytest.raises(ConfigError, match="--json"):
        rehearse(config, "forms")


@pytest.mark.parametrize(
    "content", ["{", '{"stacks": 1}', '{"version": 9}', '{"stacks": {"a": {"b": {}}}}']
)
def test_a_record_that_is_none_is_told_and_kept(config: Path, content: str) -> None:
    """Nothing is written over it."""
    path = config.parent / "todoke-rehearsal.json"
    path.write_text(content)
    with pytest.raises(ConfigError, match=re.escape(str(path))):
        went(config, "y", "")
    assert path.read_text() == content


def test_a_record_that_cannot_be_written_is_told(config: Path) -> None:
    """The folder is gone, say."""
    with pytest.raises(ConfigError, match="cannot be written"):
        went(config.parent / "none" / "todoke.toml", "y", "")


def test_it_is_twenty_minutes_and_stands_in_the_docs() -> None:
    """docs/aws.md lists each exercise by its name, minutes and claim; what they name in the template is there."""
    whole = rehearsal("forms")
    assert sum(exercise.minutes for exercise in whole.exercise if not exercise.only_with) <= 20
    text = (ROOT / "docs" / "aws.md").read_text("utf-8")
    rows = re.findall(r"(?m)^\| `([\w-]+)` \| (\d+) \| (.+?) \|$", text)
    assert rows == [(e.name, str(e.minutes), e.claim) for e in whole.exercise]
    template = (ROOT / "src/todoke/aws/deploy/template.yaml").read_text("utf-8")
    commands = " ".join(command for e in whole.exercise for command in e.commands)
    for name in re.findall(r"\$\((?:out|res|param) (\w+)\)", commands):
        assert re.search(rf"(?m)^  {name}:$", template), name
