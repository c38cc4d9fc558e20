"""Text files that people write: UTF-8, with a byte order mark or without; what else they are saved as is named."""

from __future__ import annotations

import codecs
import contextlib
import re
from pathlib import Path

_KANA = re.compile("[\u3041-\u30fe]")
_JAPANESE = {"euc_jp": "EUC-JP", "cp932": "Shift_JIS"}


class NotUtf8(ValueError):
    """A file in another encoding: which, as far as can be told, and `hint`, what to do. No text of it is told."""

    def __init__(self, said: str, hint: str) -> None:
        super().__init__(said)
        self.hint = hint


def read_utf8(path: Path) -> str:
    """The file's text without a byte order mark.

    Raises OSError: if it cannot be read. NotUtf8: if it is in another encoding.
    """
    raw = path.read_bytes()
    if raw.startswith(b"PK\x03\x04"):
        said = "is no text but an archive, as .xlsx, .ods and .zip are."
        raise NotUtf8(said, "Of a sheet, save it as CSV in UTF-8.")
    if not is_utf_16(raw):
        try:
            return raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, error.start) + 1
            said = f"is not UTF-8: line {line} has bytes that mean nothing"
            raise NotUtf8(f"{said}{_looks_like(raw)}.", "Save it as UTF-8.") from None
    raise NotUtf8(
        "is saved as UTF-16, as PowerShell's > and Notepad's \"Unicode\" do, and UTF-8 is read.",
        f"Save it as UTF-8; in PowerShell: (Get-Content {path.name}) | Set-Content -Encoding utf8 {path.name}",
    )


def is_utf_16(raw: bytes) -> bool:
    """Whether the bytes begin with a mark of UTF-16, or hold the zeros that ASCII letters have there."""
    return raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in raw[:2]


def _looks_like(raw: bytes) -> str:
    """The encoding by which these are Japanese words, in brackets; "" for none."""
    for codec, name in _JAPANESE.items():
        with contextlib.suppress(UnicodeDecodeError):
            if _KANA.search(raw.decode(codec)):
                return f" (it may be {name})"
    return ""
