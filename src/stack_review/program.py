"""The program in whose name AWS is asked: what it is called, and the commands that it tells a person."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Program:
    """A name and commands.

    `name` begins the names of change sets, is in their description, and is the name of a session under a role.
    `install` brings botocore. `remove` deletes the stack `{stack}`. `accept` deploys it by the review `{digest}`;
    "" where the program deploys nothing itself.
    """

    name: str = "stack-review"
    install: str = "pip install botocore"
    remove: str = "aws cloudformation delete-stack --stack-name {stack}"
    accept: str = ""


ITSELF = Program()
"""This package, run by itself."""
