"""The review as one page that needs nothing else: no script, no file beside it, nothing from the network."""

from __future__ import annotations

import base64
import hashlib
from html import escape
from pathlib import Path

from stack_review import picture, words
from stack_review.compare import Step
from stack_review.finding import Finding, Severity
from stack_review.review import Review

_SIGNS = {Severity.DANGER: "✖", Severity.RISK: "▲", Severity.NOTE: "●"}
_STYLE = Path(__file__).with_name("page.css")
_LEGEND = """<p>A line leads from a resource to what refers to it.</p>
<ul class="legend"><li class="added">+ added</li><li class="changed">~ changed</li>
<li class="replaced">± replaced</li><li class="removed">− removed</li><li class="same">= unchanged</li></ul>"""


def page(review: Review, accept: str = "") -> str:
    """The whole HTML document, under a policy that allows its own style and nothing else.

    `accept` is the command that deploys `{stack}` by the review `{digest}`; "" where no command does.
    """
    style = _STYLE.read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    title = escape(words.title(review))
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>Review: {escape(review.subject.stack)}</title>
<style>{style}</style>
</head>
<body>
<header>
<h1>{title}</h1>
<p class="verdict {"risk" if review.is_at_risk else "fine"}">{_verdict_sign(review)} {escape(review.verdict)}</p>
<p>{escape(words.summary(review))}. Review <code>{review.digest}</code></p>
</header>
<main>
{_findings(review)}
{_pictures(review)}
{_changes(review)}
{_parameters(review)}
<section aria-labelledby="limits"><h2 id="limits">What this review cannot see</h2><p>{escape(words.LIMITS)}</p>
{_acceptance(review, accept)}</section>
</main>
</body>
</html>
"""


def _verdict_sign(review: Review) -> str:
    return "▲" if review.is_at_risk else "✔"


def _findings(review: Review) -> str:
    if not review.findings:
        return ""
    items = "\n".join(_finding(finding) for finding in words.grouped(review.findings))
    return _section("findings", "To judge", f'<ul class="findings">\n{items}\n</ul>')


def _finding(finding: Finding) -> str:
    return (
        f'<li class="{finding.severity}"><p class="head"><strong>{_SIGNS[finding.severity]} {finding.severity}</strong>'
        f" {finding.topic} · <b>{escape(finding.resource)}</b> <small>{escape(finding.type)}</small></p>"
        f"<p><code>{escape(finding.change)}</code></p><p>{escape(finding.sentence)}</p>"
        f'<p class="advice">{escape(finding.advice)}</p></li>'
    )


def _pictures(review: Review) -> str:
    layout = picture.layout(review.before, review.after, review.steps)
    if not layout.places:
        return ""
    sides = [("Before", review.before)] * (not review.subject.creates) + [("After", review.after)]
    figures = "\n".join(
        _figure(name, picture.picture(layout, side, review.steps, name)) for name, side in sides
    )
    rest = (
        f"<p>{layout.left_out} resources that do not change are not drawn.</p>"
        if layout.left_out
        else ""
    )
    return _section("pictures", "The stack", f"{_LEGEND}\n{figures}\n{rest}")


def _figure(name: str, svg: str) -> str:
    scroll = f'<div class="scroll" tabindex="0" role="region" aria-label="{name}, a picture that scrolls">'
    return f"<figure><figcaption>{name}</figcaption>{scroll}{svg}</div></figure>"


def _section(name: str, heading: str, body: str) -> str:
    return f'<section aria-labelledby="{name}"><h2 id="{name}">{heading}</h2>\n{body}</section>'


def _changes(review: Review) -> str:
    if not review.steps:
        return ""
    items = "\n".join(_change(step) for step in review.steps)
    return _section("changes", "What happens", f'<ul class="changes">\n{items}\n</ul>')


def _change(step: Step) -> str:
    lines = [line for p in step.properties for line in words.property_lines(p)]
    listed = "".join(f"<li><code>{escape(line)}</code></li>" for line in lines)
    return (
        f'<li class="{picture.CLASSES[step.verb]}"><span class="sign">{words.SYMBOLS[step.verb]}</span>'
        f" <b>{escape(step.logical_id)}</b> <small>{escape(step.type)}</small> {escape(words.happens(step))}"
        + (f"<ul>{listed}</ul>" if listed else "")
        + "</li>"
    )


def _parameters(review: Review) -> str:
    if not review.parameters:
        return ""
    rows = "".join(
        f"<li><code>{escape(p.name)}: {escape(p.before or 'not set')} -&gt; {escape(p.after or 'not set')}</code></li>"
        for p in review.parameters
    )
    return _section("parameters", "Parameters", f"<ul>{rows}</ul>")


def _acceptance(review: Review, accept: str) -> str:
    if not review.is_at_risk:
        return "<p>It may be deployed without acceptance.</p>"
    if not accept:
        return "<p>A person has to accept this before it is deployed.</p>"
    command = accept.format(stack=review.subject.stack, digest=review.digest)
    return f"<p>Whoever has read it and takes the risk deploys with</p><pre>{escape(command)}</pre>"
