"""The pipeline's scripts, run by hand as CodeBuild runs them."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from support.aws.stack import REGION, ROOT
from support.run.serving import TODOKE

SCRIPTS = ROOT / "src" / "todoke" / "aws" / "deploy" / "scripts"


def run_script(
    script: str, folder: Path, environ: Mapping[str, str], *, aws_url: str = ""
) -> subprocess.CompletedProcess[str]:
    """A script in a folder, with `todoke` on the path and AWS at `aws_url`."""
    given = {
        "AWS_ENDPOINT_URL": aws_url,
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "PATH": f"{TODOKE.parent}:{os.environ['PATH']}",
        "OUT": "build",
        **environ,
    }
    return subprocess.run(
        ["bash", str(SCRIPTS / script)],
        env=os.environ | given,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def exported(folder: Path) -> dict[str, str]:
    """What `plan` exports, as the shell reads it."""
    line = ". build/review.env; python3 -c 'import json, os; print(json.dumps(dict(os.environ)))'"
    done = subprocess.run(
        ["bash", "-c", line], cwd=folder, capture_output=True, text=True, check=True
    )
    return {k: v for k, v in json.loads(done.stdout).items() if k.startswith("REVIEW_")}
