"""IAM policy documents: their statements, and which of them allow more than before."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from stack_review.judges.phrases import in_words, inside, listed
from stack_review.template import Json, Resource

_TRUST = "AssumeRolePolicyDocument"
_DOCUMENTS = {
    "AWS::ECR::Repository": ("RepositoryPolicyText",),
    "AWS::EFS::FileSystem": ("FileSystemPolicy",),
    "AWS::IAM::GroupPolicy": ("PolicyDocument",),
    "AWS::IAM::ManagedPolicy": ("PolicyDocument",),
    "AWS::IAM::Policy": ("PolicyDocument",),
    "AWS::IAM::Role": (_TRUST,),
    "AWS::IAM::RolePolicy": ("PolicyDocument",),
    "AWS::IAM::UserPolicy": ("PolicyDocument",),
    "AWS::KMS::Key": ("KeyPolicy",),
    "AWS::Logs::ResourcePolicy": ("PolicyDocument",),
    "AWS::OpenSearchService::Domain": ("AccessPolicies",),
    "AWS::S3::AccessPoint": ("Policy",),
    "AWS::S3::BucketPolicy": ("PolicyDocument",),
    "AWS::SNS::TopicInlinePolicy": ("PolicyDocument",),
    "AWS::SNS::TopicPolicy": ("PolicyDocument",),
    "AWS::SQS::QueueInlinePolicy": ("PolicyDocument",),
    "AWS::SQS::QueuePolicy": ("PolicyDocument",),
    "AWS::SecretsManager::ResourcePolicy": ("ResourcePolicy",),
    "AWS::EC2::VPCEndpoint": ("PolicyDocument",),
}
"""The properties of a type that are policy documents."""
_WITH_INLINE = {"AWS::IAM::Group", "AWS::IAM::Role", "AWS::IAM::User"}


@dataclass(frozen=True)
class Statement:
    """One statement of a policy. Lists are sorted; `condition` is JSON, "" for none.

    `about_policy` is the property it stands in. `refused` is True for NotAction, NotResource or NotPrincipal, which
    allow everything else.
    """

    effect: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    principals: tuple[str, ...]
    condition: str
    about_policy: str
    refused: bool = False

    @property
    def is_for_anybody(self) -> bool:
        """True when it names every principal there is."""
        return any(p in ("*", "AWS:*") for p in self.principals)

    def covers(self, other: Statement) -> bool:
        """True when this statement alone allows all that `other` allows."""
        return (
            self.effect == other.effect == "Allow"
            and not self.refused
            and not other.refused
            and self.about_policy == other.about_policy
            and self.condition in ("", other.condition)
            and _all_within(other.actions, self.actions)
            and _all_within(other.resources, self.resources)
            and _all_within(other.principals, self.principals)
        )


def statements(resource: Resource | None) -> tuple[Statement, ...]:
    """Every statement in a resource's policy documents."""
    return tuple(_statements(resource)) if resource else ()


def widened(before: Resource | None, after: Resource | None) -> tuple[Statement, ...]:
    """The statements of `after` that allow what no statement of `before` did."""
    old = statements(before)
    return tuple(
        new
        for new in statements(after)
        if new.effect == "Allow" and new not in old and not any(one.covers(new) for one in old)
    )


def denied_no_more(before: Resource | None, after: Resource | None) -> tuple[Statement, ...]:
    """The statements of `before` that denied something and are gone or different."""
    new = statements(after)
    return tuple(one for one in statements(before) if one.effect == "Deny" and one not in new)


def _statements(resource: Resource) -> Iterator[Statement]:
    for name in _DOCUMENTS.get(resource.type, ()):
        yield from _of_document(inside(resource, name), name)
    if resource.type in _WITH_INLINE:
        for policy in listed(inside(resource, "Policies")):
            if isinstance(policy, Mapping):
                yield from _of_document(policy.get("PolicyDocument"), "Policies")


def _of_document(document: Json, name: str) -> Iterator[Statement]:
    if isinstance(document, str):
        try:
            document = json.loads(document)
        except ValueError:
            return
    if not isinstance(document, Mapping):
        return
    for statement in listed(document.get("Statement")):
        if isinstance(statement, Mapping):
            yield _statement(statement, name)


def _statement(statement: Mapping[str, Json], name: str) -> Statement:
    principal = statement.get("Principal", statement.get("NotPrincipal", []))
    return Statement(
        effect=str(statement.get("Effect", "")),
        actions=_words(statement.get("Action", statement.get("NotAction"))),
        resources=_words(statement.get("Resource", statement.get("NotResource"))),
        principals=tuple(sorted(_principals(principal))),
        condition=json.dumps(statement["Condition"], sort_keys=True)
        if statement.get("Condition")
        else "",
        about_policy=name,
        refused=any(key in statement for key in ("NotAction", "NotResource", "NotPrincipal")),
    )


def _words(value: Json) -> tuple[str, ...]:
    return tuple(sorted(map(in_words, listed(value))))


def _principals(value: Json) -> Iterator[str]:
    if isinstance(value, Mapping):
        for kind, names in value.items():
            yield from (f"{kind}:{word}" for word in _words(names))
    else:
        yield from _words(value)


def _all_within(words: tuple[str, ...], patterns: tuple[str, ...]) -> bool:
    return (
        all(any(_matches(word, pattern) for pattern in patterns) for word in words)
        if words
        else (not patterns)
    )


def _matches(word: str, pattern: str) -> bool:
    """`pattern` as IAM reads it where only its end is a `*`; any other has to be the same."""
    if pattern in ("*", "AWS:*") or pattern == word:
        return True
    return (
        pattern.endswith("*")
        and "*" not in pattern[:-1]
        and "?" not in pattern
        and word.startswith(pattern[:-1])
    )
