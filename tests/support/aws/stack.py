"""The real template on ministack: AWS on loopback, a package made here, and a stack deployed as on AWS."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import io
import os
import signal
import subprocess
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
import urllib3

from support.places import ROOT
from support.run.serving import eventually, free_port
from support.run.session import once, shared_folder
from todoke.aws.deploy.package import requirements

MINISTACK = ROOT / ".emulators" / "ministack" / "bin" / "ministack"
TEMPLATE = ROOT / "src" / "todoke" / "aws" / "deploy" / "template.yaml"
REGION = "us-east-1"


@dataclass
class Ministack:
    """A running ministack."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path
    _clients: dict[str, Any] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Where all its services answer."""
        return f"http://127.0.0.1:{self.port}"

    def client(self, service: str) -> Any:
        """A client of one of its services."""
        if service not in self._clients:
            self._clients[service] = boto3.client(
                service,
                region_name=REGION,
                endpoint_url=self.url,
                aws_access_key_id="test",
                aws_secret_access_key="test",
            )
        return self._clients[service]

    def end_environments(self, function: str) -> int:
        """End the environments in which a function waits for its next event; how many there were.

        The next event finds none, and another one starts.
        """
        ended = []
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):  # it ended by itself
                is_ours = os.getsid(int(process.name)) == self.process.pid
                words = (process / "cmdline").read_bytes()
                if is_ours and f"/ministack-lambda-{function}-".encode() in words:
                    os.kill(int(process.name), signal.SIGKILL)
                    ended.append(process)
        eventually(lambda: all(map(_is_over, ended)), seconds=20, what="the end of environments")
        return len(ended)


def _is_over(process: Path) -> bool:
    """Whether a process has ended; who started it may not have noticed yet."""
    try:
        return (process / "stat").read_text().rpartition(") ")[2].startswith("Z")
    except OSError:
        return True


@contextlib.contextmanager
def ministack(folder: Path, **environ: str) -> Iterator[Ministack]:
    """ministack on a free port, ended with the block. Skips the test where it is not installed."""
    if not MINISTACK.exists():
        pytest.skip("ministack is not installed: scripts/aws-emulators installs it")
    port = free_port()
    log = folder / "ministack.log"
    settings = {
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "LOG_LEVEL": "WARNING",
        "IOT_MTLS_ENABLED": "0",  # it would listen on every interface
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        **environ,
    }
    with log.open("ab") as out:
        process = subprocess.Popen(
            [str(MINISTACK)],
            env=os.environ | settings,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            cwd=folder,
            start_new_session=True,
        )
    started = Ministack(port, process, log)
    try:
        eventually(lambda: _answers(started), seconds=60, what="an answer from ministack")
        yield started
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _answers(started: Ministack) -> bool:
    assert started.process.poll() is None, started.log.read_text()[-2000:]
    try:
        return bool(urllib3.request("GET", f"{started.url}/_ministack/health", retries=False))
    except urllib3.exceptions.HTTPError:
        return False


def package(
    files: Mapping[str, bytes], *, service: str = "customers-mail-cloud", identity: bool = False
) -> bytes:
    """A function's package for this machine: what todoke's own holds for this service, and the owner's files.

    `identity`: with what a desk needs that people enter by a provider.
    """
    name = f"package-{service}{'-identity' * identity}"
    base = Path(once(name, lambda: _package_without_files(name, service, identity)))
    made = io.BytesIO(base.read_bytes())
    with zipfile.ZipFile(made, "a", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()


def _package_without_files(name: str, service: str, identity: bool) -> str:
    """The path of what every package for this service holds."""
    path = shared_folder() / f"{name}.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        _add(archive, ROOT / "src" / "todoke", "todoke")
        for pin in requirements(service=service, identity=identity):
            _add_distribution(archive, pin.name)
    return str(path)


def _add_distribution(archive: zipfile.ZipFile, name: str) -> None:
    for file in importlib.metadata.files(name) or ():
        path = Path(str(file.locate()))
        if ".." not in file.parts and "__pycache__" not in file.parts and path.is_file():
            archive.write(path, str(file))


def _add(archive: zipfile.ZipFile, folder: Path, name: str) -> None:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            archive.write(path, f"{name}/{path.relative_to(folder)}")


def deploy(
    cloud: Ministack, content: bytes, *, name: str = "forms", **parameters: str
) -> dict[str, str]:
    """Deploy the template with this package; the stack's outputs."""
    s3, stacks = cloud.client("s3"), cloud.client("cloudformation")
    with contextlib.suppress(s3.exceptions.BucketAlreadyOwnedByYou):
        s3.create_bucket(Bucket="code")
    key = f"{hashlib.sha256(content).hexdigest()[:20]}.zip"
    s3.put_object(Bucket="code", Key=key, Body=content)
    s3.put_object(Bucket="code", Key="template.yaml", Body=TEMPLATE.read_bytes())
    wanted = {"CodeBucket": "code", "CodeKey": key, **parameters}
    stacks.create_stack(
        StackName=name,
        TemplateURL=f"{cloud.url}/code/template.yaml",  # too long to be sent along
        Capabilities=["CAPABILITY_IAM"],
        Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in wanted.items()],
    )
    return outputs(cloud, name)


def update(cloud: Ministack, name: str, **parameters: str) -> dict[str, str]:
    """Deploy the template again with some parameters changed; the stack's outputs."""
    stacks = cloud.client("cloudformation")
    [stack] = stacks.describe_stacks(StackName=name)["Stacks"]
    kept = [p["ParameterKey"] for p in stack["Parameters"] if p["ParameterKey"] not in parameters]
    stacks.update_stack(
        StackName=name,
        UsePreviousTemplate=True,
        Capabilities=["CAPABILITY_IAM"],
        Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()]
        + [{"ParameterKey": k, "UsePreviousValue": True} for k in kept],
    )
    return outputs(cloud, name)


def outputs(cloud: Ministack, name: str) -> dict[str, str]:
    """The outputs of a stack, once it is there; fails with what went wrong if it never is."""
    stacks = cloud.client("cloudformation")

    def ended() -> Any:
        [stack] = stacks.describe_stacks(StackName=name)["Stacks"]
        return None if stack["StackStatus"].endswith("IN_PROGRESS") else stack

    stack: Any = eventually(ended, seconds=120, what="the stack")
    if stack["StackStatus"] not in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
        events = stacks.describe_stack_events(StackName=name)["StackEvents"]
        told = [f"{e['LogicalResourceId']}: {e.get('ResourceStatusReason', '')}" for e in events]
        raise AssertionError(f"{stack['StackStatus']}: {told}")
    return {o["OutputKey"]: o["OutputValue"] for o in stack.get("Outputs", ())}
