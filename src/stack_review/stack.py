"""A stack as it is now: what CloudFormation says of it, and the template and parameters that are in force."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from stack_review.errors import AwsError, InputError
from stack_review.parameters import known
from stack_review.program import Program
from stack_review.resolve import resolved
from stack_review.session import Aws, Client, asked, code_of
from stack_review.template import Json, Template, document, from_document


@dataclass(frozen=True)
class FormerStack:
    """The stack as it is before: `template` as it was given, parameters with hidden ones as "****".

    `is_in_review` is True for one that does not exist yet, of which somebody else has a change set. `policy` is its
    stack policy, None where it has none.
    """

    exists: bool
    is_in_review: bool = False
    template: str = ""
    processed: Template = field(default_factory=Template)
    parameters: Mapping[str, str] | None = None
    tags: Mapping[str, str] | None = None
    policy: Json = None


def former_stack(aws: Aws, stack: str) -> FormerStack:
    """The stack as it is. Raises InputError: if nothing can be deployed over it in its state; it says what to do."""
    client = aws.client("cloudformation")
    described = describe(client, stack)
    if described is None or described["StackStatus"] == "REVIEW_IN_PROGRESS":
        return FormerStack(exists=False, is_in_review=described is not None)
    _require_deployable(stack, described["StackStatus"], aws.program)
    original = asked(client.get_template, StackName=stack, TemplateStage="Original")["TemplateBody"]
    processed = asked(client.get_template, StackName=stack, TemplateStage="Processed")
    policy = asked(client.get_stack_policy, StackName=stack).get("StackPolicyBody")
    values = values_of(described.get("Parameters", ()))
    template = template_of(processed["TemplateBody"], f"the template of the stack {stack}")
    return FormerStack(
        exists=True,
        template=original if isinstance(original, str) else json.dumps(original),
        processed=resolved(template, known(values, pseudo_parameters(described["StackId"], stack))),
        parameters=values,
        tags={tag["Key"]: tag["Value"] for tag in described.get("Tags", ())},
        policy=document(policy, f"the policy of the stack {stack}") if policy else None,
    )


def describe(client: Client, stack: str) -> dict[str, Any] | None:
    """What CloudFormation says of a stack; None when there is none."""
    try:
        (described,) = asked(client.describe_stacks, StackName=stack)["Stacks"]
    except AwsError as error:
        if code_of(error) == "ValidationError" and "does not exist" in str(error):
            return None
        raise
    return None if described["StackStatus"] == "DELETE_COMPLETE" else dict(described)


def parameters_of(aws: Aws, stack: str) -> dict[str, str]:
    """The parameters of a stack as it is, none where there is none."""
    described = describe(aws.client("cloudformation"), stack) or {}
    rows = described.get("Parameters", ())
    return {row["ParameterKey"]: str(row.get("ParameterValue", "")) for row in rows}


def outputs_of(aws: Aws, stack: str) -> dict[str, str]:
    """The outputs of a stack, none where there is none."""
    described = describe(aws.client("cloudformation"), stack) or {}
    return {row["OutputKey"]: str(row["OutputValue"]) for row in described.get("Outputs", ())}


def template_of(body: Json, name: str) -> Template:
    """The template that GetTemplate gives: text as it was sent, or a value where it was JSON."""
    return from_document(document(body, name) if isinstance(body, str) else body, name)


def values_of(rows: Any) -> dict[str, str]:
    """The values of parameters as the API lists them, resolved where they name a parameter of Systems Manager."""
    return {
        row["ParameterKey"]: str(row.get("ResolvedValue", row.get("ParameterValue", "")))
        for row in rows
    }


def pseudo_parameters(stack_id: str, stack: str) -> dict[str, str]:
    """`arn:aws:cloudformation:REGION:ACCOUNT:stack/NAME/ID` has what most pseudo parameters say."""
    parts = stack_id.split(":")
    partition, region, account = (
        (parts[1], parts[3], parts[4]) if len(parts) > 5 else ("aws", "", "")
    )
    suffix = "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com"
    return {
        "AWS::StackName": stack,
        "AWS::Region": region,
        "AWS::AccountId": account,
        "AWS::Partition": partition,
        "AWS::URLSuffix": suffix,
    }


def _require_deployable(stack: str, status: str, program: Program) -> None:
    if status.endswith("_IN_PROGRESS"):
        raise InputError(f"The stack {stack} is at work ({status}): wait for its end.")
    if status in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"):
        raise InputError(
            f"The stack {stack} was never made whole ({status}):"
            f" remove it with `{program.remove.format(stack=stack)}`."
        )
    if status == "UPDATE_ROLLBACK_FAILED":
        raise InputError(
            f"The stack {stack} is stuck ({status}): repair what its events name, then continue the roll back"
            " (aws cloudformation continue-update-rollback)."
        )
