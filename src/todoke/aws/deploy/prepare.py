"""What is to be deployed: any template, or todoke's own with its package."""

from __future__ import annotations

import contextlib
import hashlib
import json
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

from stack_review.parameters import Inputs, read_parameters, read_text
from stack_review.plan import BODY_LIMIT, Deployment
from stack_review.session import Aws
from stack_review.template import document, without_aliases
from todoke.aws.deploy import package
from todoke.aws.deploy.fit import fitted
from todoke.aws.deploy.upload import bucket_name, upload
from todoke.model.errors import ConfigError

_LONGEST_TEMPLATE = 1_000_000


@dataclass(frozen=True)
class Intent:
    """What the person asked to deploy. `template` is None for todoke itself, `bucket` "" for the usual one.

    `package` is one that was built before; None to build it. `known` are values of parameters that nobody has to give.
    """

    stack: str
    template: Path | None
    parameters: Path | None
    config: Path
    bucket: str = ""
    package: Path | None = None
    known: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ReadyDeployment:
    """A deployment, and the package it needs in the bucket; None when it needs none.

    `notice` is what a person should know of it before it happens, "" for nothing; `protects_later` is that of Fit.
    """

    deployment: Deployment
    package: package.Package | None = None
    bucket: str = ""
    notice: str = ""
    protects_later: bool = False

    def upload(self, aws: Aws) -> bool:
        """Put the package where the template looks for it; False when there is nothing to upload."""
        return self.package is not None and upload(
            aws, self.bucket, self.package.key, self.package.path.read_bytes()
        )


def own_template() -> Path:
    """todoke's own template, inside the package."""
    return Path(__file__).with_name("template.yaml")


def as_sent(text: str, name: str) -> str:
    """todoke's own template as JSON on one line, without what linters alone read: so a request has room for it."""
    content = dict(document(text, name))
    resources = cast("Mapping[str, dict[str, object]]", content["Resources"])
    content["Resources"] = {
        key: {part: value for part, value in resource.items() if part != "Metadata"}
        for key, resource in resources.items()
    }
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False)


@contextlib.contextmanager
def prepared(aws: Aws, intent: Intent) -> Iterator[ReadyDeployment]:
    """Build what is needed; the package's file is there until the block ends.

    A template longer than CloudFormation takes in a request is uploaded at once. Raises ConfigError, PackageError.
    """
    path = intent.template or own_template()
    text = without_aliases(read_text(path), str(path))
    if intent.template is None:
        text = as_sent(text, str(path))
    given = read_parameters(intent.parameters)
    inputs = Inputs({**intent.known, **given.values}, given.tags)
    deployment = Deployment(intent.stack, text, inputs)
    if intent.template is not None:
        yield ReadyDeployment(sendable(aws, deployment, intent.bucket))
        return
    fit = fitted(aws, deployment, intent.config)
    deployment = sendable(aws, fit.deployment, intent.bucket)
    with tempfile.TemporaryDirectory(prefix="todoke-deploy-") as folder:
        if intent.package is not None:
            built = package.read(intent.package)
        else:
            built = package.build(intent.config, Path(folder) / "package.zip")
        bucket = bucket_name(aws, intent.bucket)
        values = {"CodeBucket": bucket, "CodeKey": built.key} | dict(deployment.inputs.values)
        inputs = Inputs(values, deployment.inputs.tags)
        ready = replace(deployment, inputs=inputs)
        yield ReadyDeployment(ready, built, bucket, fit.notice, fit.protects_later)


def sendable(aws: Aws, deployment: Deployment, bucket: str) -> Deployment:
    """The deployment with its template in the bucket, under the name of its content, when a request cannot hold it.

    Raises ConfigError: if it is longer than CloudFormation takes at all.
    """
    content = deployment.template.encode()
    if len(content) <= BODY_LIMIT:
        return deployment
    if len(content) > _LONGEST_TEMPLATE:
        raise ConfigError(
            f"The template is longer than {_LONGEST_TEMPLATE:,} bytes; CloudFormation takes no longer one."
        )
    name, key = bucket_name(aws, bucket), f"templates/{hashlib.sha256(content).hexdigest()}"
    upload(aws, name, key, content)
    endpoint = aws.client("s3").meta.endpoint_url.rstrip("/")
    return replace(deployment, template_url=f"{endpoint}/{name}/{key}")
