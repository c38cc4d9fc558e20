"""todoke as AWS and the reviews of deployments know it."""

from __future__ import annotations

from stack_review.program import Program
from stack_review.session import Aws
from todoke.aws.deploy.execute import REMOVE

TODOKE = Program(
    name="todoke",
    install="pip install 'todoke[aws]'",
    remove=REMOVE,
    accept="todoke aws deploy --stack {stack} --accept {digest}",
)


def account(region: str, role: str, execution_role: str = "") -> Aws:
    """An account in a region, asked in todoke's name; "" for what the environment says."""
    return Aws(region, role, execution_role, TODOKE)
