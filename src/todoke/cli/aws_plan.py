"""`todoke aws plan`: print the review, and write it to files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from stack_review import words
from stack_review.page import page
from stack_review.plan import planned
from stack_review.review import Review
from stack_review.review import as_json as review_as_json
from stack_review.session import Aws
from todoke.aws.deploy.prepare import Intent, prepared
from todoke.aws.deploy.publish import publish
from todoke.aws.deploy.secrets import look_for_secrets
from todoke.cli.output import print_json, print_line, print_notice, style
from todoke.model.errors import ConfigError


@dataclass(frozen=True)
class Files:
    """Where else the review goes; None or "" for nowhere. `publish` is s3://bucket/prefix, for the page."""

    markdown: Path | None = None
    html: Path | None = None
    brief: Path | None = None
    publish: str = ""


def plan(aws: Aws, intent: Intent, files: Files, *, keep: bool, as_json: bool) -> int:
    """Print the review; 1 when something is at risk."""
    with prepared(aws, intent) as ready, planned(aws, ready.deployment, keep=keep) as planning:
        review, change_set = planning.review, planning.change_set
        if ready.notice:
            print_notice(ready.notice)
        if intent.template is None:
            seen = look_for_secrets(aws, ready.deployment, intent.config)
            for words in filter(None, (seen.missing, seen.notice)):
                print_notice(words)
    write_files(review, files, aws.program.accept)
    url = (
        publish(aws, files.publish, review.digest, page(review, aws.program.accept))
        if files.publish
        else ""
    )
    print_review(review, as_json=as_json, url=url)
    if keep and change_set and not as_json:
        print_line(f"Change set {change_set}")
    return 1 if review.is_at_risk else 0


def print_review(review: Review, *, as_json: bool, url: str = "") -> None:
    """To stdout, in words or as one JSON object; `url` is where its page was published."""
    if as_json:
        print_json(review_as_json(review) | ({"url": url} if url else {}))
        return
    for line in words.text(review, style):
        print_line(line)
    if url:
        print_line(url)


def write_files(review: Review, files: Files, accept: str) -> None:
    """`accept` is the command that deploys it. Raises ConfigError: if a file cannot be written."""
    _write(files.markdown, words.markdown(review))
    _write(files.html, page(review, accept))
    _write(files.brief, words.brief(review) + "\n")


def _write(path: Path | None, text: str) -> None:
    if path is None:
        return
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}.") from error
