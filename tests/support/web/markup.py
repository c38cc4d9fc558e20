"""The markup of pages, judged by html-validate: valid HTML, and what its rules for accessibility can see of it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PROGRAM = ROOT / ".emulators" / "html-validate" / "node_modules" / ".bin" / "html-validate"
needs_html_validate = pytest.mark.skipif(
    not PROGRAM.exists(), reason="scripts/html-validate has not brought html-validate"
)
OFF = {
    "no-implicit-button-type": "a form's button submits it unless its type says otherwise (HTML, 4.10.6)",
    "long-title": "a title has what is new and the site's name, and people and sites are named as they are",
}
"""Rules that are not held, and why."""
RULES: dict[str, object] = {
    **dict.fromkeys(OFF, "off"),
    "input-missing-label": "error",
    "doctype-style": ["error", {"style": "lowercase"}],
    # Boxes of one name are one answer of several values.
    "form-dup-name": ["error", {"shared": ["checkbox", "radio", "button", "submit"]}],
}
OFF_IN_MAILS = {
    "no-inline-style": "many clients drop a style element",
    "doctype-style": "some clients know the doctype in capitals alone",
}


def faults_in(
    folder: Path, pages: Mapping[str, str], *, off: Mapping[str, str] | None = None
) -> list[str]:
    """What is wrong with these pages, by their names. They are written into `folder`.

    `off` are further rules that are not held, and why.
    """
    for name, text in pages.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    rules = RULES | dict.fromkeys(off or (), "off")
    presets = ["html-validate:recommended", "html-validate:a11y"]
    config = folder / "rules.json"
    config.write_text(json.dumps({"root": True, "extends": presets, "rules": rules}))
    command = [str(PROGRAM), "--config", str(config), "--formatter", "json", f"{folder}/*.html"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode in {0, 1}, done.stderr
    told = json.loads(done.stdout)
    assert done.returncode == bool(told), done.stderr
    return [
        f"{Path(page['filePath']).stem}:{said['line']}: {said['ruleId']}: {said['message']}"
        for page in told
        for said in page["messages"]
    ]
