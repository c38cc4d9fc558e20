"""`todoke aws policy`: what the role needs that deploys todoke itself, or the firewall before its door."""

from __future__ import annotations

import json
from pathlib import Path

from stack_review.parameters import read_parameters, read_text
from stack_review.session import Aws
from stack_review.template import parse
from todoke.aws.deploy.firewall import firewall_account, firewall_name, firewall_template
from todoke.aws.deploy.prepare import own_template
from todoke.aws.deploy.rights import Place, policy, types_of
from todoke.aws.deploy.upload import bucket_name
from todoke.cli.output import print_line


def print_policy(
    aws: Aws, stack: str, parameters: Path | None, bucket: str, *, is_firewall: bool = False
) -> None:
    """Print it as JSON: for a stack with these parameters, or with any where no file is given."""
    if is_firewall:
        aws, stack = firewall_account(aws, stack), firewall_name(stack)
    place = Place(
        stack,
        bucket_name(aws, bucket),
        aws.account,
        aws.region_name,
        aws.client("sts").meta.partition,
    )
    template = parse(read_text(firewall_template() if is_firewall else own_template()))
    if parameters is None:
        types = {one.type for one in template.resources.values()}
    else:
        types = types_of(template, read_parameters(parameters).values)
    print_line(json.dumps(policy(place, types), indent=2))
