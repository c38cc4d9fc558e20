"""The template under cfn-lint and checkov, each exception with its reason; skipped where they are not installed."""

from __future__ import annotations

import json
import subprocess

import pytest

from support.places import ROOT

TEMPLATE = ROOT / "src" / "todoke" / "aws" / "deploy" / "template.yaml"
LINTERS = ROOT / ".emulators" / "linters" / "bin"

pytestmark = [pytest.mark.acceptance, pytest.mark.aws]


def run(name: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a linter over the template."""
    if not (LINTERS / name).exists():
        pytest.skip(f"{name} is not installed: scripts/aws-linters installs it")
    # In its folder and by its bare name: checkov takes a path of forty letters and slashes for a secret key.
    return subprocess.run(
        [str(LINTERS / name), *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=TEMPLATE.parent,
    )


def test_cfn_lint_has_nothing_to_say() -> None:
    """CloudFormation's schemas and rules, warnings as well."""
    done = run("cfn-lint", TEMPLATE.name)
    assert done.returncode == 0, done.stdout


def test_checkov_finds_nothing_that_is_not_explained() -> None:
    """Every check passes, or is skipped beside its resource with a sentence that says why."""
    done = run("checkov", "-f", TEMPLATE.name, "-o", "json", "--skip-download")
    told = json.loads(done.stdout)
    assert told["summary"]["failed"] == 0, told["results"]["failed_checks"]
    assert told["summary"]["passed"] > 40
    for check in told["results"]["skipped_checks"]:
        assert len(check["check_result"]["suppress_comment"]) > 20, check["check_id"]
