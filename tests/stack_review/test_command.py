"""`python -m stack_review`: reviews of files, what its exit says, and that it needs nothing beside it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

import stack_review
from stack_review.command import main
from support.review.changes import RECORDED, recorded

PACKAGE = Path(stack_review.__file__).parent
OLD = """
Parameters: {Name: {Type: String, Default: forms}, Secret: {Type: String, NoEcho: true}}
Resources:
  Table: {Type: 'AWS::DynamoDB::Table', Properties: {TableName: !Ref Name, BillingMode: PAY_PER_REQUEST}}
  Queue: {Type: 'AWS::SQS::Queue', Properties: {KmsMasterKeyId: !Ref Secret}}
"""
NEW = OLD.replace("!Ref Name", "!Sub '${Name}-2'")


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two templates, to be worked in."""
    monkeypatch.chdir(tmp_path)
    Path("old.yaml").write_text(OLD)
    Path("new.yaml").write_text(NEW)
    return tmp_path


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_a_recording_s_exit_is_its_verdict(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """1 when something has to be accepted, 0 when not; the words are those of the review."""
    review = recorded(path.stem)
    assert main(["--recording", str(path), "--stack", "forms"]) == int(review.is_at_risk)
    out, err = capsys.readouterr()
    assert review.verdict in out
    assert f"Review {review.digest}" in out
    assert (err, "\x1b" in out) == ("", False)


def test_two_templates_are_reviewed_and_said_to_be_without_a_change_set(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The schema says that the new name is a new table; nobody claims that a change set said otherwise."""
    assert main(["--before", "old.yaml", "--after", "new.yaml", "--stack", "shop"]) == 1
    out, err = capsys.readouterr()
    assert "Stack shop" in out
    assert "Table  AWS::DynamoDB::Table  replaced, the old one is deleted" in out
    assert "TableName: forms -> forms-2 [replaces]" in out
    assert "change set does not say" not in out
    assert err.startswith("stack_review: There is no change set")


def test_the_same_template_twice_changes_nothing(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 0; and a parameter that makes the difference is one."""
    same = ["--before", "old.yaml", "--after", "old.yaml"]
    assert main(same) == 0
    assert "Nothing changes." in capsys.readouterr().out
    Path("before.json").write_text('{"Name": "other"}')
    assert main([*same, "--parameters-before", "before.json", "--parameter", "Name=third"]) == 1
    assert "parameter Name: other -> third" in capsys.readouterr().out


def test_without_a_template_before_the_stack_is_new(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every resource is added."""
    assert main(["--after", "new.yaml", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["stack"], found["creates"], found["counts"]) == ("new", True, {"added": 2})


def test_a_change_set_s_answer_is_believed_where_it_says_worse(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An answer of DescribeChangeSet, or its list alone; of pages the first does not do."""
    row = {
        "Type": "Resource",
        "ResourceChange": {
            "Action": "Remove",
            "LogicalResourceId": "Queue",
            "ResourceType": "AWS::SQS::Queue",
        },
    }
    options = ["--before", "old.yaml", "--after", "old.yaml", "--changes", "changes.json"]
    for content in ({"Changes": [row]}, [row]):
        Path("changes.json").write_text(json.dumps(content))
        assert main(options) == 1
        out, err = capsys.readouterr()
        assert "Queue  AWS::SQS::Queue  removed, deleted" in out
        assert err == ""
    Path("changes.json").write_text(json.dumps({"Changes": [row], "NextToken": "more"}))
    assert main(options) == 2
    assert "only a page" in capsys.readouterr().err


@pytest.mark.parametrize("wrap", [lambda p: p, lambda p: {"StackPolicyBody": json.dumps(p)}])
def test_a_stack_s_policy_is_read_from_a_file(
    files: Path, capsys: pytest.CaptureFixture[str], wrap: Callable[[object], object]
) -> None:
    """The document, or what AWS answers; what it forbids is said."""
    policy = {"Statement": [{"Effect": "Deny", "Action": "Update:*", "Resource": "*"}]}
    Path("policy.json").write_text(json.dumps(wrap(policy)))
    options = ["--before", "old.yaml", "--after", "new.yaml", "--stack-policy", "policy.json"]
    assert main(options) == 1
    assert "The stack's policy forbids it (Update:Replace)" in capsys.readouterr().out


def test_it_is_written_wherever_it_is_wanted(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Object, Markdown and page have the same digest; the page offers no command, for there is none."""
    where = ["--json", "--markdown", "r.md", "--html", "r.html"]
    assert main(["--before", "old.yaml", "--after", "new.yaml", *where]) == 1
    digest = json.loads(capsys.readouterr().out)["digest"]
    assert digest in Path("r.md").read_text()
    page = Path("r.html").read_text()
    assert digest in page
    assert "A person has to accept this before it is deployed." in page


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ([], "Give one of --after, --template or --recording"),
        (["--after", "new.yaml", "--recording", "r.json"], "Give one of"),
        (["--after", "missing.yaml"], "missing.yaml cannot be read"),
        (["--after", "new.yaml", "--changes", "old.yaml"], "old.yaml is not JSON"),
        (["--after", "new.yaml", "--parameter", "Name"], "--parameter is NAME=VALUE"),
        (["--after", "new.yaml", "--keep"], "--keep does not go with --after"),
        (["--recording", "new.yaml", "--parameter", "A=1"], "--parameter does not go with"),
        (["--after", "new.yaml", "--parameters-before", "p.json"], "needs --before"),
        (["--template", "new.yaml"], "--template needs --stack"),
        (["--recording", "empty.json"], "empty.json is no recording"),
        (["--after", "new.yaml", "--stack-policy", "empty.json"], "empty.json is no stack policy"),
        (["--after", "empty.json"], "empty.json has no Resources"),
        (["--after", "new.yaml", "--html", "no/where.html"], "no/where.html cannot be written"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_is_wrong_is_one_sentence(
    files: Path, capsys: pytest.CaptureFixture[str], options: list[str], words: str
) -> None:
    """Exit 2, on stderr, with what to do."""
    Path("empty.json").write_text("{}")
    assert main(options) == 2
    out, err = capsys.readouterr()
    assert (out, words in err) == ("", True)
    assert [line.startswith("stack_review: ") for line in err.splitlines()][-1]


def test_a_template_that_no_request_holds_is_said_to_be_too_long(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Known before AWS is asked, with what helps."""
    topics = {f"T{n:04}": {"Type": "AWS::SNS::Topic"} for n in range(2000)}
    Path("long.json").write_text(json.dumps({"Resources": topics}))
    assert main(["--template", "long.json", "--stack", "shop"]) == 2
    assert "--template-url" in capsys.readouterr().err


def alone(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """The package in a folder with PyYAML and nothing else, run by a Python that sees no other packages."""
    place = folder / "alone"
    if not place.exists():
        shutil.copytree(PACKAGE, place / "stack_review")
        shutil.copytree(Path(yaml.__file__).parent, place / "yaml")
    program = (
        f"import runpy, sys; sys.path.insert(0, {str(place)!r});"
        " runpy.run_module('stack_review', run_name='__main__')"
    )
    command = [sys.executable, "-I", "-S", "-c", program, *options]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_it_works_alone(files: Path) -> None:
    """Nothing but PyYAML beside it: files are reviewed, and a live stack says what it needs."""
    done = alone(files, "--before", "old.yaml", "--after", "new.yaml", "--html", "r.html")
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert "At risk: 1 danger to accept." in done.stdout
    live = alone(files, "--stack", "shop", "--template", "new.yaml", "--region", "eu-central-1")
    assert (live.returncode, live.stdout) == (2, "")
    assert live.stderr == "stack_review: The AWS commands need botocore: pip install botocore.\n"
    helped = alone(files, "--help")
    assert helped.returncode == 0
    assert "Exit 0: nothing is at risk." in helped.stdout
