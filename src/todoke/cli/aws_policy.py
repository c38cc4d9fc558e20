"""`todoke aws policy`: what the role needs that deploys todoke itself."""

from __future__ import annotations

import json
from pathlib import Path

from stack_review.parameters import read_parameters, read_text
from stack_review.session import Aws
from stack_review.template import parse
from todoke.aws.deploy.prepare import own_template
from todoke.aws.deploy.rights import Place, policy, rights, types_of
from todoke.aws.deploy.upload import bucket_name
from todoke.cli.output import print_line


def print_policy(aws: Aws, stack: str, parameters: Path | None, bucket: str) -> None:
    """Print it as JSON: for a stack with these parameters, or with any where no file is given."""
    place = Place(
        stack,
        bucket_name(aws, bucket),
        aws.account,
        aws.region_name,
        aws.client("sts").meta.partition,
    )
    if parameters is None:
        types = {type_ for one in rights() for type_ in one.types}
    else:
        template = parse(read_text(own_template()))
        types = types_of(template, read_parameters(parameters).values)
    print_line(json.dumps(policy(place, types), indent=2))
