"""`todoke check`: every fault of the configuration, for a person or a program."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

from todoke.cli.output import clean, print_json, print_line, style
from todoke.configuration import ERROR, NOTE, WARNING, Finding
from todoke.configuration import check as find_faults
from todoke.web.door.rehearse import rehearse

_COLOURS = {ERROR: "red", WARNING: "yellow", NOTE: "dim"}


def check(config: Path, *, as_json: bool) -> int:
    """Print the findings; 1 when one of them is an error, else 0."""
    findings = find_faults(config, os.environ, notes=True, rehearse=rehearse)
    for finding in findings:
        if as_json:
            print_json(dataclasses.asdict(finding))
        else:
            _print_finding(finding)
    errors = sum(finding.severity == ERROR for finding in findings)
    warnings = sum(finding.severity == WARNING for finding in findings)
    if not as_json:
        _print_sum(config, errors, warnings)
    return 1 if errors else 0


def _print_finding(finding: Finding) -> None:
    place = f"{finding.file}:{finding.line}" if finding.line else finding.file
    colour = _COLOURS[finding.severity]
    key = f"{finding.key}: " if finding.key else ""
    print_line(
        f"{style(finding.severity, colour)} {style(place, 'dim')} {clean(key + finding.message)}"
    )
    if finding.hint:
        print_line(f"  {clean(finding.hint)}")


def _print_sum(config: Path, errors: int, warnings: int) -> None:
    if not errors and not warnings:
        print_line(f"{config} is good.")
        return
    counts = [
        f"{n} {word}{'s' if n > 1 else ''}"
        for n, word in ((errors, "error"), (warnings, "warning"))
        if n
    ]
    print_line(f"{config}: {' and '.join(counts)}." + ("" if errors else " todoke can start."))
