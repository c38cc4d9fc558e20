"""How long the desk's pages take over HTTP, with very much stored.

    .venv/bin/python bench/desk.py --file /tmp/desk.db
    .venv/bin/python bench/desk_pages.py --file /tmp/desk.db [--rounds 20]

Starts `todoke serve` on the file that bench/desk.py filled (it is moved meanwhile), enters by the command line's link,
and asks for each page as a browser does. Prints the first, the median and the 95th percentile in milliseconds, one JSON
line a page.
"""

from __future__ import annotations

import argparse
import gzip
import http.client
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from desk import FORMS, JAPANESE_NAME, MANAGERS, RARE

from todoke.bench.server import SITE, TodokeServer, free_port

_OWNERS = '[desk]\nowners = ["owner@site.example"]\n'
_FORMS = "".join(f'[forms.{form}]\nmanagers = ["{to}"]\n' for form, to in MANAGERS.items())


@dataclass(frozen=True)
class Visitor:
    """A browser that is in."""

    connection: http.client.HTTPConnection
    cookie: str

    def get(self, path: str) -> tuple[int, bytes]:
        """The status, and what came."""
        headers = {"cookie": self.cookie, "accept-encoding": "gzip"}
        self.connection.request("GET", path, headers=headers)
        answer = self.connection.getresponse()
        return answer.status, answer.read()


def enter(server: TodokeServer) -> Visitor:
    """By the link that the command line prints."""
    command = [sys.executable, "-m", "todoke", "desk", "--config", str(server.config)]
    environment = {**os.environ, "TODOKE_DATA": str(server.data)}
    link = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    code = link.stdout.strip().partition("#code=")[2]
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "origin": f"http://127.0.0.1:{server.port}",
    }
    connection.request("POST", "/desk/enter", urlencode({"code": code}), headers)
    answer = connection.getresponse()
    answer.read()
    return Visitor(connection, str(answer.getheader("set-cookie")).partition(";")[0])


def pages(ids: list[str]) -> dict[str, str]:
    """Each page with its address; `ids` are those of the newest submissions."""
    asked = {
        "the list": {},
        "needs attention": {"view": "attention"},
        "unread": {"view": "unread"},
        "of a form": {"form": FORMS[0]},
        "bounced": {"status": "bounced"},
        "not known": {"status": "unknown"},
        "not done": {"work": "open"},
        "an address": {"address": str(MANAGERS["contact"])},
        "a rare word": {"words": RARE},
        "a common word": {"words": "hello"},
        "two common words": {"words": "hello example"},
        "a Japanese name": {"words": JAPANESE_NAME},
        "one kanji": {"words": "山"},
        "a phrase": {"words": "返品を希望します"},
        "a reference": {"words": ids[7][-6:]},
        "a common word that bounced": {"words": "hello", "status": "bounced"},
        "a common word, unread": {"words": "hello", "view": "unread"},
        "a name of a form that bounced": {
            "words": JAPANESE_NAME,
            "form": FORMS[0],
            "status": "bounced",
        },
    }
    lists = {name: f"/desk?{urlencode(values)}" for name, values in asked.items()}
    others = ("attention", "outage?view=attention", "export?words=hello", "figures", "trail")
    others += ("settings", "sessions", "orphans", "suppressions", f"{ids[5]}/erase", ids[5])
    return lists | {name.replace(ids[5], "one"): f"/desk/{name}" for name in others}


def main() -> None:
    """Serve, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--file", type=Path, default=Path("/tmp/desk.db"))
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    os.environ.setdefault("TODOKE_SECRET", "ab" * 32)
    with tempfile.TemporaryDirectory(dir=options.file.parent) as name:
        folder = Path(name)
        (folder / "data").mkdir(mode=0o700)
        there = options.file.rename(folder / "data" / "todoke.db")
        try:
            with TodokeServer(folder, free_port(), SITE + _OWNERS + _FORMS) as server:
                ask_all(enter(server), options.rounds)
        finally:
            there.rename(options.file)


def ask_all(visitor: Visitor, rounds: int) -> None:
    """Each page, and its figures."""
    newest = gzip.decompress(visitor.get("/desk")[1]).decode()
    ids = re.findall(r'href="/desk/([0-9a-v]{26})', newest)
    for page, path in pages(ids).items():
        print(json.dumps(measure(visitor, page, path, rounds)), flush=True)


def measure(visitor: Visitor, page: str, path: str, rounds: int) -> dict[str, object]:
    """The figures of one page."""
    took = []
    for _ in range(rounds):
        began = time.perf_counter()
        status, content = visitor.get(path)
        took.append((time.perf_counter() - began) * 1000)
    return {
        "page": page,
        "status": status,
        "first_ms": round(took[0], 1),
        "p50_ms": round(statistics.median(took), 1),
        "p95_ms": round(statistics.quantiles(took, n=20)[-1], 1),
        "bytes": len(content),
    }


if __name__ == "__main__":
    main()
