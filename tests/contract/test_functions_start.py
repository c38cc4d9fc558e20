"""The functions of the package, in a process that has only what Lambda has."""

from __future__ import annotations

import os
import subprocess
import sys

from todoke.aws.deploy.package import NOT_ON_LAMBDA
from todoke.demo import HERE as DEMO


def test_the_functions_start_without_what_is_left_out() -> None:
    """Every handler is built in a Python that has none of the libraries that the package lacks, before any page is."""
    missing = sorted(NOT_ON_LAMBDA - {"boto3", "botocore", "pyyaml"} | {"yaml"})
    code = f"""
import os, sys
for name in {missing!r}: sys.modules[name] = None
from todoke.aws.functions.function import Function, _maker
for name in ("web", "sender", "sweep"):
    Function(name, _maker(name), os.environ, ask=lambda *_: {{}}).start()
late = {{"jinja2", "todoke.web.desk.desk"}} & set(sys.modules)
sys.exit(f"loaded before anybody asked: {{late}}" if late else 0)
"""
    environ = {
        "TODOKE_TABLE": "forms",
        "TODOKE_DOOR_URL": "https://forms.garden.example",
        "TODOKE_SECRET": "ab" * 32,
        "TODOKE_CMC_HOOK_SECRET": "0123456789abcdef0123456789abcdef",
        "TODOKE_CMC_API_KEY": "key",
        "TODOKE_CONFIG": str(DEMO / "todoke.toml"),
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
