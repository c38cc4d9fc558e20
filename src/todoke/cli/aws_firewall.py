"""`todoke aws plan | deploy | destroy --firewall`: as of any stack, of the one before the door's."""

from __future__ import annotations

from collections.abc import Iterator

from stack_review.session import Aws
from stack_review.stack import outputs_of, parameters_of
from todoke.aws.deploy.firewall import before_door, firewall_account, firewall_name, require_open
from todoke.aws.deploy.prepare import Intent
from todoke.cli.aws_deploy import Proof, deploy
from todoke.cli.aws_destroy import destroy
from todoke.cli.aws_plan import Files, plan
from todoke.cli.aws_progress import Progress


def plan_firewall(aws: Aws, intent: Intent, files: Files, *, keep: bool, as_json: bool) -> int:
    """Plan the firewall before the door of the intent's stack; 1 when something is at risk."""
    there = firewall_account(aws, intent.stack)
    return plan(there, before_door(aws, intent), files, keep=keep, as_json=as_json)


def deploy_firewall(aws: Aws, intent: Intent, proof: Proof, *, accept: str, as_json: bool) -> int:
    """Deploy it, the canary going through it, and say what is left to do; 1 as of any deployment."""
    there = firewall_account(aws, intent.stack)
    code = deploy(there, before_door(aws, intent), proof, accept=accept, as_json=as_json)
    if code == 0:
        say = Progress(as_json)
        for line in _next_steps(aws, there, intent.stack):
            say.line(line)
    return code


def destroy_firewall(aws: Aws, door: str) -> int:
    """Destroy it with the secret that it drew, which nothing else has a use for; 1 when the person did not confirm.

    Raises ConfigError: if the door answers nobody without it.
    """
    require_open(aws, door)
    there = firewall_account(aws, door)
    return destroy(there, firewall_name(door), delete_data=True, yes=False)


def _next_steps(aws: Aws, there: Aws, door: str) -> Iterator[str]:
    url = outputs_of(there, firewall_name(door))["DoorUrl"]
    parameters = parameters_of(aws, door)
    is_told, is_behind = (
        parameters.get("DoorUrl") == url,
        parameters.get("BehindCloudFront") == "yes",
    )
    if is_told and is_behind:
        yield f"The door of {door} is behind it, at {url}."
        return
    yield "Next:"
    if not is_told:
        yield f"  see that the door answers through it: {url}/healthz"
        yield f"  deploy {door} with DoorUrl={url}; that says where pages post to and the webhook calls then"
    yield f"  once pages and the webhook call {url}, deploy {door} with BehindCloudFront=yes: none goes around it then"
