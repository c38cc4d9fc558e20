"""Availability: what stops answering, for a moment or for good, and who is no longer told."""

from __future__ import annotations

from collections.abc import Iterator

from stack_review import kinds
from stack_review.change_set import MISSING
from stack_review.compare import Step, Verb
from stack_review.differences import Path
from stack_review.finding import Finding, Severity, Topic
from stack_review.judges import harmless, rules
from stack_review.judges.around import Around
from stack_review.judges.availability_rules import RULES
from stack_review.judges.phrases import finding, from_to, in_words, inside, shown

_RUNS = {
    "AWS::Lambda::Function": "what calls it fails",
    "AWS::Lambda::Alias": "what calls it by that name fails",
    "AWS::Lambda::EventSourceMapping": "what arrives is not handled",
    "AWS::Lambda::EventInvokeConfig": "events that fail are repeated otherwise, and reported nowhere",
    "AWS::Lambda::Permission": "who was allowed to call the function is refused",
    "AWS::ApiGateway::Method": "requests to it are answered with an error",
    "AWS::ApiGateway::Stage": "the API answers nobody",
    "AWS::ApiGateway::UsagePlan": "nothing limits how often a key may call",
    "AWS::ApiGatewayV2::ApiMapping": "the domain leads nowhere",
    "AWS::ApiGatewayV2::Authorizer": "routes that ask it let nobody in, or everybody",
    "AWS::ApiGatewayV2::Integration": "routes that lead to it fail",
    "AWS::ApiGatewayV2::Route": "requests to it are answered with an error",
    "AWS::ApiGatewayV2::Stage": "the API answers nobody",
    "AWS::CertificateManager::Certificate": "what uses it has to wait for a new one",
    "AWS::CloudWatch::Alarm": "nobody is told of what it watched",
    "AWS::CloudWatch::CompositeAlarm": "nobody is told of what it watched",
    "AWS::Budgets::Budget": "nobody is told of a bill that grows",
    "AWS::ECS::Service": "its tasks stop",
    "AWS::ElasticLoadBalancingV2::Listener": "the load balancer does not listen",
    "AWS::Events::Rule": "what it started is not started",
    "AWS::IAM::ManagedPolicy": "what it allowed is refused",
    "AWS::IAM::Policy": "what it allowed is refused, to every role that has it",
    "AWS::IAM::Role": "what works under it stops",
    "AWS::IAM::RolePolicy": "what it allowed is refused",
    "AWS::Logs::MetricFilter": "alarms on its figure see nothing",
    "AWS::Logs::SubscriptionFilter": "who read the logs sees nothing",
    "AWS::Route53::RecordSetGroup": "its names are answered by nothing",
    "AWS::S3::BucketPolicy": "who was allowed to read the bucket is refused, and what it denied is allowed",
    "AWS::SES::ConfigurationSet": "mails that name it are refused",
    "AWS::SES::ConfigurationSetEventDestination": "what became of a mail is not told",
    "AWS::SES::EmailIdentity": "no mail from that address or domain leaves any more",
    "AWS::SNS::Subscription": "nobody receives it",
    "AWS::SQS::QueuePolicy": "who was allowed to send is refused",
    "AWS::Scheduler::Schedule": "what it started is not started",
    "AWS::StepFunctions::StateMachine": "executions under way end",
    "AWS::WAFv2::WebACL": "nothing stops an attack on what it stood before",
    "AWS::WAFv2::WebACLAssociation": "the firewall no longer stands before it",
}
"""What it means when one is gone."""


def judge(step: Step, around: Around) -> Iterator[Finding]:
    """Findings about what answers and works."""
    if step.verb is Verb.REMOVED:
        yield from _removed(step, around)
    elif step.verb in (Verb.REPLACED, Verb.MAYBE_REPLACED) and step.type in kinds.RENEWED:
        yield finding(
            step,
            Topic.AVAILABILITY,
            Severity.NOTE,
            "A new version is published beside the old one.",
            "Try what the new one does: nothing here tells whether it works.",
        )
    elif step.verb in (Verb.REPLACED, Verb.MAYBE_REPLACED):
        yield from _replaced(step)
        yield from _same_name(step)
    elif step.verb is Verb.CHANGED:
        yield from _interrupted(step)
    yield from rules.judge(step, Topic.AVAILABILITY, RULES)
    yield from _stages(step)


def _removed(step: Step, around: Around) -> Iterator[Finding]:
    """Whatever goes is a risk, but for a mark or a view, and for a version in whose place another comes."""
    consequence = kinds.ENTRANCES.get(step.type) or _RUNS.get(step.type)
    if step.type in harmless.REMOVED or _is_renewed(step, around):
        sentence = "It holds no data, and nothing calls it."
        yield finding(step, Topic.AVAILABILITY, Severity.NOTE, sentence, _UNUSED)
    elif consequence:
        sentence = f"Once it is gone, {_gone(step, consequence)}."
        yield finding(step, Topic.AVAILABILITY, Severity.RISK, sentence, _UNUSED)
    elif kinds.is_known(step.type) and not kinds.is_stateful(step.type):
        sentence = "Whatever needs it fails, or goes unguarded, once it is gone."
        yield finding(step, Topic.AVAILABILITY, Severity.RISK, sentence, _UNUSED)


_UNUSED = "Make sure that nothing uses it any more, also outside the stack."


def _is_renewed(step: Step, around: Around) -> bool:
    """True when another of its type is new in the same deployment: tools name each version anew."""
    return step.type in kinds.RENEWED and any(
        other.type == step.type and other.verb is Verb.ADDED for other in around.steps.values()
    )


def _gone(step: Step, consequence: str) -> str:
    return "its address answers no more" if step.type in kinds.ENTRANCES else consequence


def _replaced(step: Step) -> Iterator[Finding]:
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
        f"{consequence[0].upper()}{consequence[1:]} (update requires: replacement).",
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


def _interrupted(step: Step) -> Iterator[Finding]:
    names = [p.name for p in step.properties if not p.is_reference]
    interrupting = sorted(kinds.SOME_INTERRUPTION.get(step.type, set()) & set(names))
    if interrupting:
        yield finding(
            step,
            Topic.AVAILABILITY,
            Severity.RISK,
            "It does not answer for a while (update requires: some interruption).",
            "Deploy when few use it.",
            f"{', '.join(interrupting)} changes",
        )


def _stages(step: Step) -> Iterator[Finding]:
    """A pipeline's stages: one that asks a person is said by its name."""
    if step.type != "AWS::CodePipeline::Pipeline" or not step.before or not step.after:
        return
    before, after = inside(step.before, _STAGES), inside(step.after, _STAGES)
    if before == after:
        return
    words = [text.lower().count("approv") for text in map(in_words, (before, after))]
    sentence = (
        "Nobody is asked before it deploys any more."
        if words[1] < words[0]
        else "Other things are tested, asked or deployed, or in another order."
    )
    yield finding(
        step, Topic.SECURITY, Severity.RISK, sentence,
        "Walk through the stages: what is tested, who approves, what is deployed.", from_to(_STAGES, before, after),
    )  # fmt: skip


_STAGES = "Stages"


def known_places(type_: str) -> Iterator[Path]:
    """The places of a type's properties that are judged here."""
    yield from rules.known_places(type_, RULES)
    yield from ((name,) for name in sorted(kinds.SOME_INTERRUPTION.get(type_, ())))
    if type_ == "AWS::CodePipeline::Pipeline":
        yield (_STAGES,)
