"""The review in words: as plain text with colours, and as Markdown. The same words as in the page."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence

from stack_review.change_set import MISSING
from stack_review.compare import Fate, Property, Step, Verb
from stack_review.differences import differences
from stack_review.finding import Finding, Severity
from stack_review.judges.phrases import shown
from stack_review.review import Review

SYMBOLS = {
    Verb.ADDED: "+",
    Verb.CHANGED: "~",
    Verb.MAYBE_REPLACED: "±?",
    Verb.REPLACED: "±",
    Verb.REMOVED: "−",
    Verb.IMPORTED: "»",
    Verb.UNCLEAR: "?",
}
_COLOURS = {
    Verb.ADDED: "green",
    Verb.CHANGED: "yellow",
    Verb.MAYBE_REPLACED: "red",
    Verb.REPLACED: "red",
    Verb.REMOVED: "red",
    Verb.UNCLEAR: "red",
    Severity.DANGER: "red",
    Severity.RISK: "yellow",
    Severity.NOTE: "cyan",
}
LIMITS = (
    "This review knows resource types and properties, not your program. It cannot see what code does with data,"
    " hidden parameters, or what others use outside the stack."
)

EXIT = (
    "Exit 1: read each danger and risk above (what changes, what may happen, and after > what to do), then accept this"
    " review or change the template."
)

Style = Callable[[str, str], str]
"""`(text, colour)` to text: with the colour or without it."""


def title(review: Review) -> str:
    """What is reviewed, in one line."""
    subject = review.subject
    where = f"{subject.region}, account {subject.account}" if subject.account else subject.region
    return f"{'New stack' if subject.creates else 'Stack'} {subject.stack}" + (
        f" ({where})" if where else ""
    )


def summary(review: Review) -> str:
    """How many resources what happens to."""
    counts = ", ".join(f"{count} {verb}" for verb, count in review.counts.items())
    return counts or "no resource changes"


def grouped(findings: Sequence[Finding]) -> list[Finding]:
    """What is said of several resources in the same words is said once, with all their names."""
    names: dict[Finding, list[str]] = {}
    for finding in findings:
        names.setdefault(dataclasses.replace(finding, resource=""), []).append(finding.resource)
    return [
        dataclasses.replace(finding, resource=", ".join(resources))
        for finding, resources in names.items()
    ]


def text(review: Review, style: Style) -> Iterator[str]:
    """The lines of the review for a terminal."""
    yield style(title(review), "bold")
    yield summary(review)
    for finding in grouped(review.findings):
        yield ""
        yield f"{style(finding.severity.upper(), _COLOURS[finding.severity])} {finding.topic}: {_name(finding)}"
        yield f"  {finding.change}"
        yield f"  {finding.sentence}"
        yield f"  {style('> ' + finding.advice, 'dim')}"
    if review.steps:
        yield ""
        yield style("What happens", "bold")
    for step in review.steps:
        symbol = style(f"{SYMBOLS[step.verb]:>3}", _COLOURS.get(step.verb, "cyan"))
        yield f"{symbol} {step.logical_id}  {style(step.type, 'dim')}  {happens(step)}"
        yield from (
            f"      {line}" for found_ in step.properties for line in property_lines(found_)
        )
    for name in review.outputs:
        yield f"  output {name} is new, gone or different"
    for parameter in review.parameters:
        yield f"  parameter {parameter.name}: {parameter.before or 'not set'} -> {parameter.after or 'not set'}"
    yield ""
    yield style(review.verdict, "red" if review.is_at_risk else "green")
    if review.is_at_risk:
        yield EXIT
    yield f"Review {review.digest}"


def happens(step: Step) -> str:
    """What happens to a resource, in a few words."""
    fate = f", the old one is {step.fate}" if step.fate is not Fate.NONE else ""
    if step.verb is Verb.REMOVED:
        fate = f", {step.fate}"
    return f"{step.verb}{fate}"


def property_lines(changing: Property) -> Iterator[str]:
    """One property: what of it changes, and why it matters."""
    cause = f" (through {', '.join(changing.causes)})" if changing.causes else ""
    needs = {"Always": " [replaces]", "Conditionally": " [may replace]"}.get(
        changing.recreation, ""
    )
    if changing.before == changing.after:
        known = (
            "hidden or not known beforehand"
            if changing.before is MISSING
            else "depends on what changes"
        )
        yield f"{changing.name}: {known}{cause}{needs}"
        return
    for one in differences(changing.name, changing.before, changing.after):
        yield f"{one.path}: {shown(one.before)} -> {shown(one.after)}{cause}{needs}"


def markdown(review: Review) -> str:
    """The review as Markdown, for a merge request or an approval."""
    lines = [f"## {_escaped(title(review))}", "", f"**{review.verdict}** {summary(review)}.", ""]
    if review.findings:
        lines += [
            "| | about | resource | what changes | what may happen | what to do |",
            "|---|---|---|---|---|---|",
        ]
        lines += [_row(finding) for finding in grouped(review.findings)] + [""]
    if review.steps:
        lines += ["| | resource | type | what happens | properties |", "|---|---|---|---|---|"]
        lines += [_step_row(step) for step in review.steps] + [""]
    lines += [
        f"Parameter `{p.name}`: {_escaped(p.before or 'not set')} to {_escaped(p.after or 'not set')}\n"
        for p in review.parameters
    ]
    return "\n".join([*lines, LIMITS, "", f"Review `{review.digest}`", ""])


def brief(review: Review, most: int = 900) -> str:
    """The review for an approval's text: plain, at most `most` characters."""
    lines = [title(review), f"{review.verdict} {summary(review)}."]
    lines += [
        f"{f.severity}: {f.resource}: {f.change} {f.sentence}" for f in grouped(review.findings)
    ]
    whole = "\n".join([*lines, f"Review {review.digest}"])
    if len(whole) <= most:
        return whole
    end = f"\n... the rest is in the review {review.digest}"
    return whole[: most - len(end)] + end


def _name(finding: Finding) -> str:
    return f"{finding.resource} ({finding.type})"


def _row(finding: Finding) -> str:
    cells = (finding.topic, finding.resource, finding.change, finding.sentence, finding.advice)
    return f"| **{finding.severity}** | " + " | ".join(map(_escaped, cells)) + " |"


def _step_row(step: Step) -> str:
    properties = "<br>".join(_escaped(line) for p in step.properties for line in property_lines(p))
    cells = (SYMBOLS[step.verb], _escaped(step.logical_id), _escaped(step.type), happens(step))
    return f"| {' | '.join(cells)} | {properties} |"


def _escaped(value: str) -> str:
    """Text that Markdown and HTML leave as it is."""
    for sign in "\\`*_[]|":
        value = value.replace(sign, "\\" + sign)
    return " ".join(value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").split())
