"""Making what a visitor wrote inert before it stands in a mail: nothing hides, nothing steers, nothing can be clicked.

Pure. It changes what is shown, never what is kept: the submission keeps every character.
"""

from __future__ import annotations

import re

# Bidirectional controls (Unicode UAX 9: they can turn "exe.fdp" into "pdf.exe"), invisible operators, tags, byte order
# marks; C0 and C1 controls; line separators; surrogates (JSON can carry lone ones). Joiners stay: scripts need them.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
_SPACES = re.compile(r"[\s\u2028\u2029\x85]+")

# What mail programs turn into links: anything with "scheme://", "www." names, and host names with a port or path.
# Linear, for strangers choose the text: a host name is looked for only where a run of its letters begins.
_LINK = re.compile(
    r"[a-z][a-z0-9+.-]{1,30}:(?://|\\\\)\S*"
    r"|\bwww\d*\.\S+"
    r"|(?<![\w.-])[\w.-]*[\w-]\.[a-z][\w-]++(?=[/?#]|:\d)\S*"
    r"|\b(?:mailto|javascript|data|tel|sms|vbscript|file):\S+",
    re.IGNORECASE,
)


def clean(text: str) -> str:
    """`text` with LF line ends, and each control or invisible steering character shown instead of obeyed."""
    if text.isascii() and text.isprintable():
        return text
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _UNSAFE.sub(_show, text)


def clean_line(text: str, limit: int = 200) -> str:
    """`clean` text on one line, for names and subjects; cut at `limit` characters."""
    line = clean(_SPACES.sub(" ", text[: limit * 8])).replace("\n", " ").strip()
    return line if len(line) <= limit else line[: limit - 1] + "…"


def unlink(text: str) -> str:
    """`text` with every address that a mail program would make a link broken visibly: https[:]//example[.]com."""
    if ":" not in text and "." not in text:
        return text
    return _LINK.sub(_break, text)


def _show(found: re.Match[str]) -> str:
    character = found.group()
    code = ord(character)
    if code in {0x2028, 0x2029, 0x0085, 0x0B, 0x0C}:
        return "\n"
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    if 0xD800 <= code <= 0xDFFF or code < 0xA0:
        return "\ufffd"
    return f"⟨U+{code:04X}⟩"


def _break(found: re.Match[str]) -> str:
    return found.group().replace(":", "[:]").replace(".", "[.]")
