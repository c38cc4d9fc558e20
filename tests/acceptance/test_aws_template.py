"""The templates under cfn-lint and checkov, each exception with its reason; skipped where they are not installed."""

from __future__ import annotations

import json
import subprocess

import pytest

from support.places import ROOT

FOLDER = ROOT / "src" / "todoke" / "aws" / "deploy"
PASSED = {"template.yaml": 40, "firewall.yaml": 3}
"""The templates, and how many checks of checkov's each passes at least."""
LINTERS = ROOT / ".emulators" / "linters" / "bin"

pytestmark = [pytest.mark.acceptance, pytest.mark.aws]


def run(name: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a linter in the folder of the templates."""
    if not (LINTERS / name).exists():
        pytest.skip(f"{name} is not installed: scripts/aws-linters installs it")
    # In its folder and by its bare name: checkov takes a path of forty letters and slashes for a secret key.
    return subprocess.run(
        [str(LINTERS / name), *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=FOLDER,
    )


@pytest.mark.parametrize("template", PASSED)
def test_cfn_lint_has_nothing_to_say(template: str) -> None:
    """CloudFormation's schemas and rules, warnings as well."""
    done = run("cfn-lint", template)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("template", PASSED)
def test_checkov_finds_nothing_that_is_not_explained(template: str) -> None:
    """Every check passes, or is skipped beside its resource with a sentence that says why."""
    done = run("checkov", "-f", template, "-o", "json", "--skip-download")
    told = json.loads(done.stdout)
    assert told["summary"]["failed"] == 0, told["results"]["failed_checks"]
    assert told["summary"]["passed"] >= PASSED[template]
    for check in told["results"]["skipped_checks"]:
        assert len(check["check_result"]["suppress_comment"]) > 20, check["check_id"]
