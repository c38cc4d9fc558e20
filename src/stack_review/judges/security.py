"""Security: what is new and open to the world, and what the rules find to be let in."""

from __future__ import annotations

from collections.abc import Iterator

from stack_review.change_set import MISSING
from stack_review.compare import Step
from stack_review.finding import Finding, Severity, Topic
from stack_review.judges import rules
from stack_review.judges.around import Around
from stack_review.judges.phrases import finding, from_to, inside, is_true
from stack_review.judges.security_rules import RULES
from stack_review.template import Json

_BLOCK = "PublicAccessBlockConfiguration"
_BLOCKS = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
_VIEWER = "DistributionConfig.DefaultCacheBehavior.ViewerProtocolPolicy"


def judge(step: Step, _around: Around) -> Iterator[Finding]:
    """Findings about openings that are new with this step."""
    if step.after is None:
        return
    yield from rules.judge(step, Topic.SECURITY, RULES)
    if step.before is None:
        yield from _added(step)
    if _became(step, "AWS::Lambda::Url", "AuthType", "NONE"):
        yield _open(step, "The function's URL asks for nothing: anybody may call it.")
    if _became(step, "AWS::Lambda::Url", "Cors.AllowCredentials", True) and step.before is None:
        yield _open(step, "Pages of other sites may call it in a visitor's name (Cors).")
    if _became(step, "AWS::CloudFront::Distribution", _VIEWER, "allow-all"):
        yield _open(step, f"Pages are served without TLS too ({_VIEWER.rpartition('.')[2]}).")


def _became(step: Step, type_: str, path: str, word: Json) -> bool:
    return step.type == type_ and bool(
        inside(step.after, path) == word != inside(step.before, path)
    )


def _added(step: Step) -> Iterator[Finding]:
    acl, block = inside(step.after, "AccessControl"), inside(step.after, _BLOCK)
    if str(acl).startswith("Public"):
        change = from_to("AccessControl", MISSING, acl)
        yield _open(step, "Anybody may read the bucket's objects.", Severity.DANGER, change)
    disabled = [n for n in _BLOCKS if not is_true(inside(step.after, f"{_BLOCK}.{n}"))]
    if block is not MISSING and disabled and step.type == "AWS::S3::Bucket":
        yield _open(step, f"The bucket does not block public access ({', '.join(disabled)}).")
    if is_true(inside(step.after, "PubliclyAccessible")):
        yield _open(step, "The database can be reached from the internet.", Severity.DANGER)


def _open(
    step: Step, sentence: str, severity: Severity = Severity.RISK, change: str = ""
) -> Finding:
    advice = "Close it, unless it is meant for everybody."
    return finding(step, Topic.SECURITY, severity, sentence, advice, change)
