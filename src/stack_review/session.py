"""The connection to AWS. botocore is imported here and nowhere else in this package, and only when it is needed."""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass
from typing import Any

from stack_review.errors import AwsError, InputError
from stack_review.program import ITSELF, Program

Client = Any
"""A client of botocore: its methods are made at run time, so there is no type for it."""


@dataclass(frozen=True)
class Aws:
    """An account in a region, under one identity.

    `role` is the ARN of a role to work under, "" for the identity of the environment. `execution_role` is the role
    that CloudFormation itself is to work under, "" for the same. `program` is in whose name all of it happens.
    """

    region: str = ""
    role: str = ""
    execution_role: str = ""
    program: Program = ITSELF

    def client(self, service: str) -> Client:
        """The client of a service. Raises InputError: without botocore or a region."""
        return _client(service, self.region, self.role, self.program)

    @property
    def account(self) -> str:
        """The account's number."""
        return str(asked(self.client("sts").get_caller_identity)["Account"])

    @property
    def region_name(self) -> str:
        """The region, from the option or the environment."""
        return str(self.client("sts").meta.region_name)


@functools.cache
def _client(service: str, region: str, role: str, program: Program) -> Client:
    botocore = _botocore(program)
    from botocore.exceptions import BotoCoreError

    try:
        session = botocore.session.get_session()
        # AWS_REGION is what Lambda, CodeBuild and most of AWS's tools go by; botocore reads AWS_DEFAULT_REGION alone.
        place = region or os.environ.get("AWS_REGION") or session.get_config_variable("region")
        if not place:
            raise InputError("No region is given: use --region or set AWS_REGION.")
        keys = _keys(region, role, program) if role else {}
        return session.create_client(service, region_name=place, **keys)
    except BotoCoreError as error:
        raise InputError(f"AWS cannot be reached: {error}") from error


@functools.cache
def _keys(region: str, role: str, program: Program) -> dict[str, str]:
    """The keys of a role, for an hour."""
    sts = _client("sts", region, "", program)
    keys = asked(sts.assume_role, RoleArn=role, RoleSessionName=program.name)["Credentials"]
    return {
        "aws_access_key_id": keys["AccessKeyId"],
        "aws_secret_access_key": keys["SecretAccessKey"],
        "aws_session_token": keys["SessionToken"],
    }


def _botocore(program: Program) -> Any:
    try:
        import botocore.session
    except ImportError as error:
        raise InputError(f"The AWS commands need botocore: {program.install}.") from error
    return botocore


def asked(method: Any, *values: Any, **arguments: Any) -> Any:
    """Call one method of a client. Raises AwsError: with AWS's own words; InputError: without credentials."""
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError
    from botocore.parsers import ResponseParserError

    try:
        return method(*values, **arguments)
    except NoCredentialsError as error:
        raise InputError("There are no AWS credentials in the environment.") from error
    except ClientError as error:
        raise AwsError(words_of(error)) from error
    except BotoCoreError as error:
        raise AwsError(f"AWS cannot be reached: {error}") from error
    except ResponseParserError as error:
        raise AwsError(f"AWS's answer cannot be read: {error}") from error


def words_of(error: Any) -> str:
    """What AWS says of a failed call: operation, code and message."""
    said = error.response.get("Error", {})
    return f"AWS refused {error.operation_name}: {said.get('Code', '')}: {said.get('Message', '')}"


def code_of(error: BaseException) -> str:
    """The code of the ClientError that caused an AwsError, "" for none."""
    response = getattr(error.__cause__, "response", None)
    return str(response["Error"].get("Code", "")) if isinstance(response, dict) else ""
