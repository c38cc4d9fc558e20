"""`todoke aws deploy`: package, review, execute with progress, prove it with a canary, or go back."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from stack_review.finding import Finding, Severity, Topic
from stack_review.parameters import HIDDEN, Inputs
from stack_review.plan import Deployment, Plan, planned
from stack_review.session import Aws
from stack_review.stack import FormerStack, former_stack, outputs_of, parameters_of
from todoke.aws.deploy.canary import Canary, CanaryDied, ask_over_http, entries_for, fly, mark_of
from todoke.aws.deploy.execute import DeployFailed, execute
from todoke.aws.deploy.fit import protected
from todoke.aws.deploy.prepare import Intent, ReadyDeployment, prepared, sendable
from todoke.aws.deploy.secrets import look_for_secrets
from todoke.cli.aws_next_steps import next_steps
from todoke.cli.aws_plan import print_review
from todoke.cli.aws_progress import Progress
from todoke.cli.output import print_notice
from todoke.configuration import read
from todoke.model.errors import ConfigError
from todoke.model.own_url import own_url


@dataclass(frozen=True)
class Proof:
    """How the deployment is proved: the canary's address and form. `address` is "" for no canary."""

    address: str
    form: str
    fields: Mapping[str, str]
    within: float


def deploy(aws: Aws, intent: Intent, proof: Proof, *, accept: str, as_json: bool) -> int:
    """Deploy; 1 when the review needs acceptance, the deployment failed, or the canary did not come back."""
    say = Progress(as_json)
    waiting = _canary(intent.config, proof) if proof.address else None
    with prepared(aws, intent) as ready:
        if ready.notice:
            print_notice(ready.notice)
        is_ours = intent.template is None
        if is_ours:
            _require_secrets(aws, ready.deployment, intent.config)
        former, door = former_stack(aws, intent.stack), _door_of(aws, intent)
        with planned(aws, ready.deployment) as plan:
            print_review(plan.review, as_json=as_json)
            if _is_refused(aws, plan, accept, say):
                return 1
            if not _executed(aws, ready, plan, intent.stack, say):
                return 1
        if ready.protects_later and not _protected(aws, ready, intent.stack, say):
            return 1
    if is_ours and _door_of(aws, intent) != door:
        _say_next_steps(aws, intent, say)
    if waiting is None:
        say.line("Deployed; no canary was sent, so nothing proves that mails arrive.")
        return 0
    if prove(replace(waiting, door_url=_door(aws, intent)), say):
        return 0
    if plan.review.is_empty or not former.exists:
        say.line("There is no former deployment to go back to: the stack stays as it is.")
    else:
        _go_back(aws, intent, former, say)
    return 1


def _canary(config: Path, proof: Proof) -> Canary:
    """What the canary will send, known before anything is deployed. Raises ConfigError: if no value suits a field."""
    # On AWS the stack gives the door's address; here only the form is read.
    environ = {"TODOKE_DOOR_URL": "https://door.invalid", **os.environ}
    settings = read(config, environ, serving=False)
    form = settings.forms.get(proof.form or next(iter(settings.forms)))
    if form is None:
        raise ConfigError(f"{config} has no form {proof.form}: name one with --canary-form.")
    entries = entries_for(form, proof.address, mark_of(time.time()), proof.fields)
    return Canary("", form.name, entries, proof.within)


def _is_refused(aws: Aws, plan: Plan, accept: str, say: Progress) -> bool:
    review = plan.review
    if accept and accept != review.digest:
        say.line(
            f"This is review {review.digest}, not {accept}: something has changed since. Read it again."
        )
        return True
    if review.is_at_risk and not accept:
        say.line(
            f"Refused. To take the risk: {aws.program.accept.format(stack=review.subject.stack, digest=review.digest)}"
        )
        return True
    return False


def _executed(aws: Aws, ready: ReadyDeployment, plan: Plan, stack: str, say: Progress) -> bool:
    """Execute exactly the change set that was reviewed; True when the stack is as it should be."""
    if not plan.change_set:
        return True
    if ready.package:
        new = ready.upload(aws)
        say.line(
            f"Package {ready.package.stated}{'' if new else ', there already'}: {ready.package.key}"
        )
    client = aws.client("cloudformation")
    try:
        creates, remove = plan.review.subject.creates, aws.program.remove
        say.events(execute(client, plan.change_set, stack, creates=creates, remove=remove))
    except DeployFailed as error:
        say.complain(error)
        return False
    say.line(f"{stack} is deployed.")
    return True


def _require_secrets(aws: Aws, deployment: Deployment, config: Path) -> None:
    """Raises ConfigError: if one is missing, without which a function would not start."""
    seen = look_for_secrets(aws, deployment, config)
    if seen.missing:
        raise ConfigError(f"{seen.missing}\nNothing was deployed.")
    if seen.notice:
        print_notice(seen.notice)


def _say_next_steps(aws: Aws, intent: Intent, say: Progress) -> None:
    outputs, parameters = outputs_of(aws, intent.stack), parameters_of(aws, intent.stack)
    for step in next_steps(intent.config, outputs, parameters):
        say.line(step)


def _protected(aws: Aws, ready: ReadyDeployment, stack: str, say: Progress) -> bool:
    """Protect the table of a stack that was just made; True when it is.

    The notice before the review says so. No other is made of it, for all that refers to the table counts as changed.
    """
    with planned(aws, protected(ready.deployment)) as plan:
        say.line("The table is protected against deletion now ...")
        return _executed(aws, ready, plan, stack, say)


def _door(aws: Aws, intent: Intent) -> str:
    """Where the stack says that its door is. Raises ConfigError: if it does not."""
    door = _door_of(aws, intent)
    if not door:
        raise ConfigError(
            f"The stack {intent.stack} has no output DoorUrl, to which a canary could go."
        )
    return door


def _door_of(aws: Aws, intent: Intent) -> str:
    return outputs_of(aws, intent.stack).get("DoorUrl", "")


def prove(canary: Canary, say: Progress) -> bool:
    """Send the canary and follow it; True when every mail of it was delivered."""
    say.line(f"A canary is submitted to {own_url(canary.door_url, '/f/')}{canary.form} ...")
    try:
        for flight in fly(canary, ask_over_http, time.monotonic, time.sleep):
            words = ", ".join(f"{role} {status}" for role, status in flight.statuses.items())
            say.line(f"  canary {flight.submission}: {words}", statuses=dict(flight.statuses))
    except CanaryDied as error:
        say.complain(error)
        return False
    say.line("The canary is back: every mail of it was delivered.", delivered=True)
    return True


def canary(aws: Aws, intent: Intent, proof: Proof, *, as_json: bool) -> int:
    """Only the canary; 1 when it did not come back."""
    ready = replace(_canary(intent.config, proof), door_url=_door(aws, intent))
    return 0 if prove(ready, Progress(as_json)) else 1


def _go_back(aws: Aws, intent: Intent, former: FormerStack, say: Progress) -> None:
    """To the former template with its parameters, unless data would be lost by it."""
    values = {key: value for key, value in (former.parameters or {}).items() if value != HIDDEN}
    deployment = Deployment(intent.stack, former.template, Inputs(values, former.tags or {}))
    with planned(aws, sendable(aws, deployment, intent.bucket)) as plan:
        dangers = [f for f in plan.review.findings if _loses_data(f)]
        if dangers:
            why = f"{dangers[0].resource}: {dangers[0].change} {dangers[0].sentence}"
            say.line(f"Not rolled back, for data would be lost: {why}")
        elif plan.change_set:
            say.line("Going back to the former deployment ...")
            say.events(
                execute(aws.client("cloudformation"), plan.change_set, intent.stack, creates=False)
            )
            say.line(f"{intent.stack} is as it was before.", rolled_back=True)


def _loses_data(finding: Finding) -> bool:
    return finding.severity is Severity.DANGER and finding.topic is Topic.DATA
