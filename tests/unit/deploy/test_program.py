"""What todoke calls itself before AWS, and the commands that a review tells."""

from __future__ import annotations

from stack_review.page import page
from support.review.changes import recorded
from todoke.aws.deploy.program import TODOKE, account


def test_the_page_of_a_plan_tells_the_command_that_accepts_it() -> None:
    """todoke's own, with the stack and the digest."""
    found = recorded("table_replaced")
    command = f"<pre>todoke aws deploy --stack forms --accept {found.digest}</pre>"
    assert command in page(found, TODOKE.accept)


def test_an_account_is_asked_in_todoke_s_name() -> None:
    """Change sets and sessions bear it, and what is missing is installed with it."""
    aws = account("eu-central-1", "", "")
    assert (aws.program.name, aws.program.install) == ("todoke", "pip install 'todoke[aws]'")
    assert aws.program.remove.format(stack="forms") == "todoke aws destroy --stack forms"
