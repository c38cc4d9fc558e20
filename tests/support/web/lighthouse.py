"""Lighthouse on our pages, as a phone sees them: performance, accessibility, best practices. For `make lighthouse`.

python -m support.web.lighthouse PROGRAM [WORD ...]: only pages whose name has one of the words in it. Ends with 1 when
a page has less than 95 of 100.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from support.web.gallery import (
    CHROMIUM,
    DESK_PAGES,
    FLAGS,
    OPEN_PAGES,
    Shown,
    chromium,
    context_of,
    gallery,
)

LEAST = 95
CATEGORIES = ("performance", "accessibility", "best-practices")
USUAL = ("receipt-bounced", "receipt-delivered", "answers", "desk-", "site-")
"""Lighthouse takes no page that says a fault: its status is not 200."""
NEVER = ("-wrong", "-404", "desk-shut", "desk-nothing", "fault")


def scores(program: str, url: str, cookie: str) -> Mapping[str, int]:
    """Of each category, from 0 to 100. Raises CalledProcessError: if Lighthouse cannot tell."""
    flags = " ".join(["--headless=new", *FLAGS])
    command = [
        program,
        url,
        "--quiet",
        "--output=json",
        f"--only-categories={','.join(CATEGORIES)}",
        f"--chrome-flags={flags}",
    ]
    if cookie:
        command.append(f"--extra-headers={json.dumps({'cookie': cookie})}")
    environ = {**os.environ, "CHROME_PATH": str(CHROMIUM)}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environ)
    found = json.loads(done.stdout)["categories"]
    return {name: round(found[name]["score"] * 100) for name in CATEGORIES}


def cookie_of(shown: Shown) -> str:
    """The header field of a browser that came into the desk."""
    with chromium() as browser:
        context = context_of(browser)
        shown.enter_desk(context.new_page())
        return "; ".join(f"{c['name']}={c['value']}" for c in context.cookies())


def main(program: str, words: Sequence[str]) -> int:
    """Print a line for each page; 1 when one has too little."""
    wanted = {
        name: path
        for name, path in (OPEN_PAGES | DESK_PAGES).items()
        if any(word in name for word in words or USUAL) and not any(one in name for one in NEVER)
    }
    low = False
    with tempfile.TemporaryDirectory() as data, gallery(Path(data)) as shown:
        cookie = cookie_of(shown)
        for name, path in wanted.items():
            found = scores(program, shown.url + path, cookie if name in DESK_PAGES else "")
            low |= min(found.values()) < LEAST
            told = "  ".join(f"{category} {score:>3}" for category, score in found.items())
            sys.stdout.write(f"{name:<24} {told}\n")
            sys.stdout.flush()
    return int(low)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
