"""A fault in the configuration, and the list they are gathered in."""

from __future__ import annotations

from dataclasses import dataclass, field

from todoke.toml.places import Path, line_of

ERROR = "error"
WARNING = "warning"
NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault: an `error` keeps todoke from starting, a `warning` does not. A `note` is no fault.

    `file` and `line` say where, `key` which setting (dotted), `hint` what to do. `line` is 0 where a file has none.
    """

    severity: str
    file: str
    line: int
    key: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        key = f"{self.key}: " if self.key else ""
        return f"{place}: {key}{self.message}" + (f" {self.hint}" if self.hint else "")


@dataclass(slots=True)
class Findings:
    """The faults found so far in `file`, whose keys stand at `lines`."""

    file: str
    lines: dict[Path, int]
    found: list[Finding] = field(default_factory=list)

    def error(self, path: Path, message: str, hint: str = "") -> None:
        """Note that the key at `path` keeps todoke from starting."""
        self.note(ERROR, path, message, hint)

    def warn(self, path: Path, message: str, hint: str = "") -> None:
        """Note that the key at `path` is probably not what was meant."""
        self.note(WARNING, path, message, hint)

    def note(
        self,
        severity: str,
        path: Path,
        message: str,
        hint: str = "",
        *,
        place: tuple[str, int] | None = None,
    ) -> None:
        """Note a fault; `place` is (file, line) when it lies in another file than todoke.toml."""
        file, line = place or (self.file, line_of(self.lines, path))
        self.found.append(Finding(severity, file, line, dotted(path), message, hint))


def dotted(path: Path) -> str:
    """The path as people write it: forms.contact.fields[2].name."""
    text = ""
    for part in path:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else part
    return text
