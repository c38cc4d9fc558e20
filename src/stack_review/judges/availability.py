"""Availability: what stops answering, for a moment or for good, and who is no longer told."""

from __future__ import annotations

from collections.abc import Iterator

from stack_review import kinds
from stack_review.change_set import MISSING
from stack_review.compare import Step, Verb
from stack_review.finding import Finding, Severity, Topic
from stack_review.judges.phrases import finding, inside, is_true, number, shown

_RUNS = {
    "AWS::Lambda::Function": "what calls it fails",
    "AWS::Lambda::Alias": "what calls it by that name fails",
    "AWS::Lambda::EventSourceMapping": "what arrives is not handled",
    "AWS::Lambda::Permission": "who was allowed to call the function is refused",
    "AWS::ApiGateway::Method": "requests to it are answered with an error",
    "AWS::ApiGateway::Stage": "the API answers nobody",
    "AWS::ApiGatewayV2::ApiMapping": "the domain leads nowhere",
    "AWS::ApiGatewayV2::Integration": "routes that lead to it fail",
    "AWS::ApiGatewayV2::Route": "requests to it are answered with an error",
    "AWS::ApiGatewayV2::Stage": "the API answers nobody",
    "AWS::CertificateManager::Certificate": "what uses it has to wait for a new one",
    "AWS::CloudWatch::Alarm": "nobody is told of what it watched",
    "AWS::CloudWatch::CompositeAlarm": "nobody is told of what it watched",
    "AWS::ECS::Service": "its tasks stop",
    "AWS::ElasticLoadBalancingV2::Listener": "the load balancer does not listen",
    "AWS::Events::Rule": "what it started is not started",
    "AWS::IAM::Role": "what works under it stops",
    "AWS::S3::BucketPolicy": "who was allowed to read the bucket is refused",
    "AWS::SNS::Subscription": "nobody receives it",
    "AWS::SQS::QueuePolicy": "who was allowed to send is refused",
    "AWS::Scheduler::Schedule": "what it started is not started",
    "AWS::StepFunctions::StateMachine": "executions under way end",
}
"""What it means when one is gone."""

_CODE = {
    "AWS::Lambda::Function": ("Code", "Handler", "Runtime", "Architectures", "Layers"),
    "AWS::ECS::Service": ("TaskDefinition",),
    "AWS::StepFunctions::StateMachine": ("Definition", "DefinitionString", "DefinitionS3Location"),
}
"""Properties that are the program itself."""


def judge(step: Step) -> Iterator[Finding]:
    """Findings about what answers and works."""
    if step.verb is Verb.REMOVED:
        yield from _removed(step)
    elif step.verb in (Verb.REPLACED, Verb.MAYBE_REPLACED) and step.type in kinds.RENEWED:
        yield finding(
            step,
            Topic.AVAILABILITY,
            Severity.NOTE,
            "A new version is published beside the old one.",
            "The canary submission tells whether it works.",
        )
    elif step.verb in (Verb.REPLACED, Verb.MAYBE_REPLACED):
        yield from _replaced(step)
        yield from _same_name(step)
    elif step.verb is Verb.CHANGED:
        yield from _changed(step)
    if step.before and step.after:
        yield from _switched_off(step)


def _removed(step: Step) -> Iterator[Finding]:
    consequence = kinds.ENTRANCES.get(step.type) or _RUNS.get(step.type)
    if consequence:
        yield finding(
            step,
            Topic.AVAILABILITY,
            Severity.RISK,
            f"It is removed: {_gone(step, consequence)}.",
            "Make sure that nothing uses it any more.",
        )
    elif step.type in kinds.STATELESS:
        yield finding(
            step,
            Topic.AVAILABILITY,
            Severity.NOTE,
            "It is removed; it holds no data.",
            "Check that nothing outside the stack uses it.",
        )


def _gone(step: Step, consequence: str) -> str:
    return "its address answers no more" if step.type in kinds.ENTRANCES else consequence


def _replaced(step: Step) -> Iterator[Finding]:
    why = f" because {', '.join(step.why)} changes" if step.why else ""
    may = "may be" if step.verb is Verb.MAYBE_REPLACED else "is"
    consequence = kinds.ENTRANCES.get(step.type)
    if consequence is None and kinds.is_stateful(step.type):
        return  # the finding about its data says so
    if consequence:
        advice = "Change whatever names the old address: pages, DNS, other services."
    else:
        consequence = "the new one is made first, then the old one goes; both have other ids"
        advice = "Check that nothing outside the stack uses its name or id."
    yield finding(
        step,
        Topic.AVAILABILITY,
        Severity.RISK,
        f"It {may} replaced{why} (update requires: replacement): {consequence}.",
        advice,
    )


def _same_name(step: Step) -> Iterator[Finding]:
    """CloudFormation makes the new one first, which fails when both bear one name."""
    name = kinds.NAMES.get(step.type)
    if name is None or (step.before and step.before.type != step.type):
        return
    before, after = inside(step.before, name), inside(step.after, name)
    if before is not MISSING and before == after:
        yield finding(
            step,
            Topic.AVAILABILITY,
            Severity.RISK,
            f"It has a fixed name ({name}: {shown(after)}): the new one cannot be made beside the old one, so the"
            " deployment will fail and roll back.",
            f"Give it another {name}, or none.",
        )


def _changed(step: Step) -> Iterator[Finding]:
    names = [p.name for p in step.properties]
    interrupting = sorted(kinds.SOME_INTERRUPTION.get(step.type, set()) & set(names))
    if interrupting:
        yield finding(
            step,
            Topic.AVAILABILITY,
            Severity.RISK,
            f"{', '.join(interrupting)} changes (update requires: some interruption): it does not answer for a while.",
            "Deploy when few use it.",
        )
    program = [name for name in names if name in _CODE.get(step.type, ())]
    if program:
        yield finding(
            step,
            Topic.AVAILABILITY,
            Severity.NOTE,
            f"The program changes ({', '.join(program)}), in place, without an interruption.",
            "The canary submission tells whether it works.",
        )


def _switched_off(step: Step) -> Iterator[Finding]:
    yield from _off(
        step,
        "AWS::Lambda::EventSourceMapping",
        "Enabled",
        "is switched off: what arrives is not handled",
    )
    yield from _off(step, "AWS::CloudWatch::Alarm", "ActionsEnabled", "is silenced: nobody is told")
    yield from _off(
        step, "AWS::CloudFront::Distribution", "DistributionConfig.Enabled", "answers no more"
    )
    for type_ in ("AWS::Events::Rule", "AWS::Scheduler::Schedule"):
        before, after = inside(step.before, "State"), inside(step.after, "State")
        if step.type == type_ and before != after == "DISABLED":
            yield _stopped(step, "State", "is switched off: what it started is not started")
    rate = "DefaultRouteSettings.ThrottlingRateLimit"
    if step.type == "AWS::ApiGatewayV2::Stage":
        before, after = (number(inside(side, rate)) for side in (step.before, step.after))
        if after == 0 and before != 0:
            yield _stopped(step, rate, "answers every request with 429")
    concurrency = "ReservedConcurrentExecutions"
    if step.type == "AWS::Lambda::Function":
        before, after = (number(inside(side, concurrency)) for side in (step.before, step.after))
        if after == 0 and before != 0:
            yield _stopped(step, concurrency, "may not run any more")
        elif after is not None and (before is None or after < before):
            yield finding(
                step,
                Topic.AVAILABILITY,
                Severity.NOTE,
                f"At most {after:g} run at once from now on ({concurrency}).",
                "Check that this is enough for the busiest minute.",
            )
        yield from _shorter_timeout(step)


def _off(step: Step, type_: str, path: str, sentence: str) -> Iterator[Finding]:
    """A switch that is on unless it is set to false."""
    before, after = inside(step.before, path), inside(step.after, path)
    was_on = before is MISSING or is_true(before)
    if step.type == type_ and was_on and after is not MISSING and not is_true(after):
        yield _stopped(step, path, sentence)


def _stopped(step: Step, path: str, sentence: str) -> Finding:
    return finding(
        step,
        Topic.AVAILABILITY,
        Severity.RISK,
        f"It {sentence} ({path}).",
        "Leave it on, unless that is meant.",
    )


def _shorter_timeout(step: Step) -> Iterator[Finding]:
    before, after = (number(inside(side, "Timeout")) for side in (step.before, step.after))
    if before is not None and after is not None and after < before:
        yield finding(
            step,
            Topic.AVAILABILITY,
            Severity.NOTE,
            f"It is stopped after {after:g} seconds, not {before:g}.",
            "Check how long its slowest work takes.",
        )
