"""Why a deployment failed: the first real cause among events, in words."""

from __future__ import annotations

from datetime import UTC, datetime

from todoke.aws.deploy.execute import Event, failure, first_cause


def event(logical_id: str, status: str, reason: str = "", type_: str = "AWS::SQS::Queue") -> Event:
    """An event of a stack."""
    return Event(
        logical_id + status, datetime(2026, 11, 25, tzinfo=UTC), logical_id, type_, status, reason
    )


STACK = "AWS::CloudFormation::Stack"
SEEN = [
    event("forms", "UPDATE_IN_PROGRESS", "User Initiated", STACK),
    event("Later", "CREATE_IN_PROGRESS"),
    event("Role", "CREATE_FAILED", "Resource creation cancelled", "AWS::IAM::Role"),
    event("Later", "CREATE_FAILED", "Value must be between 0 and 43200."),
    event("Web", "UPDATE_FAILED", "Resource update cancelled", "AWS::Lambda::Function"),
    event("Table", "UPDATE_FAILED", "Another fault, later", "AWS::DynamoDB::Table"),
    event(
        "forms",
        "UPDATE_ROLLBACK_IN_PROGRESS",
        "The following resource(s) failed to create: [Later].",
        STACK,
    ),
    event("forms", "UPDATE_ROLLBACK_COMPLETE", "", STACK),
]


def test_echoes_are_not_the_cause() -> None:
    """What was cancelled because something else failed is passed over, though it comes first."""
    found = first_cause(SEEN)
    assert found is not None
    assert found.logical_id == "Later"


def test_the_sentence_says_what_why_and_how_it_is_now() -> None:
    """Which resource, AWS's reason, and that the former deployment is in force."""
    text = failure("forms", "UPDATE_ROLLBACK_COMPLETE", SEEN)
    assert text == (
        "The deployment of forms failed: Later (AWS::SQS::Queue) could not be made: Value must be between 0 and 43200."
        " It was rolled back: the former deployment is in force."
    )


def test_a_failure_of_the_stack_itself_is_told_when_there_is_no_other() -> None:
    """A template that is refused as a whole names no resource."""
    stack = [event("forms", "CREATE_FAILED", "Validation failed with 1 error(s).", STACK)]
    assert "Validation failed" in failure("forms", "ROLLBACK_COMPLETE", stack)
    assert "todoke aws destroy --stack forms" in failure("forms", "ROLLBACK_COMPLETE", stack)


def test_without_any_cause_the_state_is_told() -> None:
    """No event failed, and yet the stack is not what it should be."""
    assert failure("forms", "UPDATE_ROLLBACK_FAILED", []) == (
        "The deployment of forms failed. The roll back failed too: the stack is stuck and needs a person."
    )


def test_a_refusal_of_cloudfront_is_explained() -> None:
    """A new account has it only after a person at AWS looked; the words are those of aws-cdk-examples#279."""
    words = (
        "Your account must be verified before you can add new CloudFront resources. To verify your account, please"
        " contact AWS Support (https://console.aws.amazon.com/support/home#/) and include this error message."
    )
    seen = [event("Distribution", "CREATE_FAILED", words, "AWS::CloudFront::Distribution")]
    text = failure("forms", "ROLLBACK_COMPLETE", seen)
    assert "todoke aws destroy --stack forms" in text
    assert "Meanwhile deploy with SiteDelivery=none" in text
    assert "SiteDelivery" not in failure("forms", "ROLLBACK_COMPLETE", SEEN)
