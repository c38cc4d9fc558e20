"""The command line: which change is reviewed, and where the review is written to."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from stack_review import words
from stack_review.errors import InputError, ReviewError
from stack_review.files import (
    Side,
    read_change_set,
    read_recording,
    read_stack_policy,
    read_template,
    review_sides,
)
from stack_review.page import page
from stack_review.parameters import Inputs, read_parameters, read_text
from stack_review.plan import BODY_LIMIT, Deployment, planned
from stack_review.review import Review, as_json
from stack_review.session import Aws
from stack_review.template import compact, without_aliases
from stack_review.terminal import clean, style_for

_DESCRIPTION = """\
Say what a change of a CloudFormation stack would do to data, availability, security and cost, before it is done.

  two templates     --after NEW [--before OLD] [--changes CHANGE_SET.json]
  a live stack      --stack NAME --template FILE      makes a change set, reads it and deletes it again
  a recording       --recording FILE                  templates and changes in one file
"""
_EXITS = """\
Exit 0: nothing is at risk. 1: something is, or nobody here knows what it does: a person has to accept it. 2: there is
no review (bad usage, a file that cannot be read, no credentials, a template that CloudFormation does not take).
README.md tells the rest.
"""
_NO_CHANGE_SET = "There is no change set: this goes by templates and resource schemas alone, and carries out no macros."


def main(arguments: Sequence[str]) -> int:
    """Make a review and print it; the exit code. A failure is one sentence on stderr."""
    parser = _parser()
    try:
        options = parser.parse_args(arguments)
    except SystemExit as exit_:
        return exit_.code if isinstance(exit_.code, int) else 2
    try:
        with _reviewed(options) as review:
            _write(options.markdown, lambda: words.markdown(review))
            _write(options.html, lambda: page(review))
        _print(review, as_object=options.json)
    except ReviewError as error:
        _complain(str(error))
        return 2
    except KeyboardInterrupt:
        return 130
    return 1 if review.is_at_risk else 0


_OPTIONS: Mapping[str, Sequence[tuple[str, type, str, str]]] = {
    "what is reviewed (one of --after, --template, --recording)": (
        ("--after", Path, "TEMPLATE", "the template as it will be"),
        ("--before", Path, "TEMPLATE", "as it is now; without it the stack is new"),
        ("--changes", Path, "FILE", "what describe-change-set answered, as JSON"),
        ("--template", Path, "TEMPLATE", "what to deploy over the live stack"),
        ("--recording", Path, "FILE", "old, new, changes and parameters in one JSON file"),
        (
            "--stack-policy",
            Path,
            "FILE",
            "of files, the policy of the stack (aws cloudformation get-stack-policy)",
        ),
        ("--stack", str, "NAME", "the stack; of files, the name to call it by"),
    ),
    "parameters": (
        ("--parameters", Path, "FILE", "their values, JSON or YAML"),
        ("--parameter", list, "NAME=VALUE", "one value; may be given again"),
        ("--parameters-before", Path, "FILE", "those of --before; without it the same"),
    ),
    "a live stack (needs botocore, credentials and a region)": (
        ("--region", str, "REGION", "without it AWS_REGION or AWS's configuration"),
        ("--role", str, "ARN", "work under this role"),
        ("--execution-role", str, "ARN", "the role CloudFormation works under"),
        ("--template-url", str, "URL", "where S3 has the template when it is too long to send"),
        ("--keep", bool, "", "leave the change set there, to be executed"),
    ),
    "where the review goes": (
        ("--json", bool, "", "print one JSON object instead of words"),
        ("--markdown", Path, "FILE", "write it for a merge request too"),
        ("--html", Path, "FILE", "write it as a page with a picture of the stack too"),
    ),
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m stack_review",
        usage="python -m stack_review [options]",
        description=_DESCRIPTION,
        epilog=_EXITS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    for title, rows in _OPTIONS.items():
        group = parser.add_argument_group(title)
        for flag, kind, metavar, explained in rows:
            if kind is bool:
                group.add_argument(flag, action="store_true", help=explained)
            elif kind is list:
                group.add_argument(
                    flag, action="append", default=[], metavar=metavar, help=explained
                )
            else:
                default = None if kind is Path else ""
                group.add_argument(
                    flag, type=kind, default=default, metavar=metavar, help=explained
                )
    return parser


@contextmanager
def _reviewed(options: argparse.Namespace) -> Iterator[Review]:
    """The review that is asked for. Raises InputError: if the options do not go together."""
    ways = [way for way in ("after", "template", "recording") if getattr(options, way)]
    if len(ways) != 1:
        raise InputError(
            "Give one of --after, --template or --recording; --help tells which is for what."
        )
    _require_fitting(options, ways[0])
    if ways == ["recording"]:
        yield read_recording(options.recording, options.stack or options.recording.stem)
    elif ways == ["after"]:
        yield _of_files(options)
    else:
        with planned(_account(options), _deployment(options), keep=options.keep) as plan:
            yield plan.review
        if options.keep and plan.change_set:
            _complain(f"The change set stays: {plan.change_set}")


_BELONGS = {
    "before": {"after"},
    "changes": {"after"},
    "stack_policy": {"after"},
    "parameters": {"after", "template"},
    "parameter": {"after", "template"},
    "parameters_before": {"after"},
    "region": {"template"},
    "role": {"template"},
    "execution_role": {"template"},
    "template_url": {"template"},
    "keep": {"template"},
}


def _require_fitting(options: argparse.Namespace, way: str) -> None:
    """An option that would do nothing is a mistake."""
    idle = [name for name, ways in _BELONGS.items() if getattr(options, name) and way not in ways]
    if idle:
        raise InputError(f"--{idle[0].replace('_', '-')} does not go with --{way}.")
    if way == "template" and not options.stack:
        raise InputError("--template needs --stack, the stack that it is deployed over.")
    if options.parameters_before and not options.before:
        raise InputError("--parameters-before needs --before.")


def _of_files(options: argparse.Namespace) -> Review:
    values = _inputs(options).values
    former = (
        read_parameters(options.parameters_before).values if options.parameters_before else values
    )
    if options.changes is None:
        _complain(_NO_CHANGE_SET)
    return review_sides(
        options.stack or options.after.stem,
        Side(read_template(options.before) if options.before else None, former),
        Side(read_template(options.after), values),
        None if options.changes is None else read_change_set(options.changes),
        None if options.stack_policy is None else read_stack_policy(options.stack_policy),
    )


def _account(options: argparse.Namespace) -> Aws:
    return Aws(options.region, options.role, options.execution_role)


def _deployment(options: argparse.Namespace) -> Deployment:
    """What is deployed. Raises InputError: if the template is longer than a request may be and S3 does not have it."""
    name = str(options.template)
    text = without_aliases(read_text(options.template), name)
    if len(text.encode()) > BODY_LIMIT:
        text = compact(text, name)
    if len(text.encode()) > BODY_LIMIT and not options.template_url:
        raise InputError(
            f"{name} is longer than the {BODY_LIMIT:,} bytes that a request may hold: put it into a bucket"
            " and give its address with --template-url too."
        )
    return Deployment(options.stack, text, _inputs(options), options.template_url)


def _inputs(options: argparse.Namespace) -> Inputs:
    """The values of --parameters, and of each --parameter over them. Raises InputError: if one has no sign."""
    pairs = [text.partition("=") for text in options.parameter]
    if any(not (name and sign) for name, sign, _ in pairs):
        raise InputError("--parameter is NAME=VALUE.")
    inputs = read_parameters(options.parameters)
    return Inputs({**inputs.values, **{name: value for name, _, value in pairs}}, inputs.tags)


def _print(review: Review, *, as_object: bool) -> None:
    if as_object:
        sys.stdout.write(json.dumps(as_json(review), ensure_ascii=False) + "\n")
        return
    for line in words.text(review, style_for(sys.stdout)):
        sys.stdout.write(line + "\n")


def _write(path: Path | None, text: Callable[[], str]) -> None:
    """Raises InputError: if the file cannot be written."""
    if path is None:
        return
    try:
        path.write_text(text(), "utf-8")
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}.") from error


def _complain(sentence: str) -> None:
    sys.stderr.write(f"stack_review: {clean(sentence)}\n")
