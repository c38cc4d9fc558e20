"""The figures of the house: rooms, floors and arrows, how long functions are, and what a value passes on its way.

python bench/house.py [SRC]

The structure is read from the imports. The two ways are walked: a form with one address is posted to the door and its
mail handed over, then a mail service tells of that mail and a manager opens its page; each file counts that has a
function which was given the address (or the words of the event), itself or inside another value. `stays` counts a file
again whenever the way comes back to it.
"""

from __future__ import annotations

import ast
import asyncio
import json
import statistics
import sys
import tempfile
import threading
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import urlencode

SOURCE = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[1] / "src").resolve()
PACKAGES = ("todoke", "stack_review", "mail_cloud_sandbox")
ADDRESS = "somebody.whose.way.is.followed@example.org"
WORDS = "550 5.1.1 words whose way is followed"
OURS = str(SOURCE / "todoke")
CONFIG = """
[site]
name = "House"
url = "http://127.0.0.1"
door_url = "http://127.0.0.1"
[mail]
service = "customers-mail-cloud"
from = "House <forms@example.net>"
[mail.customers_mail_cloud]
url = "http://127.0.0.1:9"
api_user = "house"
[forms.contact]
fields = [{ name = "email", type = "email", required = true }, { name = "text" }]
managers = { to = ["manager@example.net"] }
"""
ENVIRON = {
    "TODOKE_SECRET": "5e" * 32,
    "TODOKE_CMC_API_KEY": "a-key",
    "TODOKE_CMC_HOOK_SECRET": "hook" * 8,
}


# --- the structure -----------------------------------------------------------------------------------------------


def modules(package: str) -> dict[str, Path]:
    """The modules of a package by name."""
    paths = (SOURCE / package).rglob("*.py")
    names = {".".join(p.relative_to(SOURCE).with_suffix("").parts): p for p in paths}
    return {name.removesuffix(".__init__"): path for name, path in names.items()}


def arrows_of(found: dict[str, Path]) -> dict[str, set[str]]:
    """Which modules each imports."""
    arrows: dict[str, set[str]] = {}
    for name, path in found.items():
        arrows[name] = set()
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                full = {f"{node.module}.{alias.name}" for alias in node.names}
                arrows[name] |= {x if x in found else node.module for x in full}
            elif isinstance(node, ast.Import):
                arrows[name] |= {alias.name for alias in node.names}
        arrows[name] = {x for x in arrows[name] if x in found and x != name}
    return arrows


def circles_and_floors(arrows: dict[str, set[str]]) -> tuple[int, int]:
    """How many modules are in circles, and how many floors the others make."""
    left, floors = dict(arrows), 0
    while ground := {name for name, to in left.items() if not to & set(left)}:
        left = {name: to for name, to in left.items() if name not in ground}
        floors += 1
    return len(left), floors


def function_lengths(found: dict[str, Path]) -> list[int]:
    """The lines of each function and method, without its docstring."""
    lengths = []
    for path in found.values():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                first = node.body[0]
                has_docstring = ast.get_docstring(node) is not None
                spared = (first.end_lineno or 0) - first.lineno + 1 if has_docstring else 0
                lengths.append((node.end_lineno or 0) - node.lineno + 1 - spared)
    return lengths


def structure(package: str) -> dict[str, Any]:
    """The figures of one package."""
    found = modules(package)
    arrows = arrows_of(found)
    rooms = {name: str(path.parent.relative_to(SOURCE)) for name, path in found.items()}
    between = [(rooms[a], rooms[b]) for a, to in arrows.items() for b in to if rooms[a] != rooms[b]]
    in_circles, floors = circles_and_floors(arrows)
    room_arrows: dict[str, set[str]] = defaultdict(set)
    for a, b in between:
        room_arrows[a].add(b)
    lengths = function_lengths(found)
    return {
        "modules": len(found),
        "modules at the top": sum(1 for p in found.values() if p.parent == SOURCE / package),
        "rooms": len(set(rooms.values())),
        "floors": floors,
        "modules in circles": in_circles,
        "imports": sum(map(len, arrows.values())),
        "imports between rooms": len(between),
        "arrows between rooms": len(set(between)),
        "lines": sum(len(p.read_text("utf-8").splitlines()) for p in found.values()),
        "longest function": max(lengths),
        "median function": statistics.median(lengths),
        "90th percentile": sorted(lengths)[int(len(lengths) * 0.9)],
    }


# --- the two ways ------------------------------------------------------------------------------------------------


class Way:
    """The files that have a function which was given a value in which `mark` stands, in the order of the calls."""

    def __init__(self) -> None:
        self.mark = ""
        self.files: list[str] = []
        self._here = threading.local()

    def watch(self, frame: FrameType, event: str, _: object) -> None:
        """Look at one call; for sys.setprofile."""
        if event != "call" or not self.mark or getattr(self._here, "busy", False):
            return
        if is_below(frame, "sqlite/index.py"):
            return  # words are indexed beside the way, now or seconds later
        path = frame.f_code.co_filename
        if not path.startswith(OURS) or not path.endswith(".py"):
            return
        code = frame.f_code
        names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        self._here.busy = True
        try:
            if any(self.mark in repr(frame.f_locals.get(name)) for name in names):
                self.files.append(str(Path(path).relative_to(SOURCE)))
        finally:
            self._here.busy = False

    def begin(self, mark: str) -> None:
        """Follow what bears this mark."""
        self.mark, self.files = mark, []

    def end(self) -> dict[str, Any]:
        """How many files, in how many stays."""
        self.mark = ""
        stays = [f for f, before in zip(self.files, ["", *self.files], strict=False) if f != before]
        return {
            "files": len(set(self.files)),
            "stays": len(stays),
            "way": list(dict.fromkeys(self.files)),
        }


def is_below(frame: FrameType | None, path: str) -> bool:
    """Whether a call was made by a function of this file, or by one that it called."""
    while frame is not None and not frame.f_code.co_filename.endswith(path):
        frame = frame.f_back
    return frame is not None


class Mailer:
    """Takes every mail."""

    name = "customers-mail-cloud"
    concurrency = 1

    def __init__(self, ceiling: Any, way: Way) -> None:
        self.ceiling = ceiling
        self.way = way
        self.ended: dict[str, Any] = {}
        self.tokens: dict[str, str] = {}

    def send(self, mail: Any) -> Any:
        """Keep the token, by recipient; the address has come to the end of its way."""
        from todoke.ports.mailer import Accepted

        self.tokens[str(mail.recipient)] = mail.token
        if ADDRESS in str(mail.recipient):
            self.ended = self.way.end()
        return Accepted(service_id="1")

    def close(self) -> None:
        """Nothing is open."""


async def call(
    application: Any, method: str, path: str, body: bytes = b"", **fields: str
) -> tuple[int, dict[str, str], bytes]:
    """Ask the ASGI application; status, header fields, body."""
    headers = [(k.replace("_", "-").encode(), v.encode()) for k, v in fields.items()]
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "scheme": "http",
        "http_version": "1.1",
        "server": ("127.0.0.1", 80),
        "client": ("127.0.0.1", 5),
        "headers": [(b"host", b"127.0.0.1"), *headers],
    }
    came: list[dict[str, Any]] = []
    messages: Iterator[dict[str, Any]] = iter([{"type": "http.request", "body": body}])

    async def receive() -> dict[str, Any]:
        return next(messages, {"type": "http.disconnect"})

    async def send(message: dict[str, Any]) -> None:
        came.append(message)

    await application(scope, receive, send)
    found = {k.decode().lower(): v.decode() for k, v in came[0]["headers"]}
    return came[0]["status"], found, b"".join(m.get("body", b"") for m in came[1:])


async def ways(folder: Path) -> dict[str, Any]:
    """Walk both ways."""
    way = Way()
    threading.setprofile(way.watch)
    sys.setprofile(way.watch)
    from todoke.configuration import read
    from todoke.model.delivery import Ceiling
    from todoke.server.asgi import without_sender
    from todoke.walk.send.round import send_round
    from todoke.wiring import build

    (folder / "todoke.toml").write_text(CONFIG)
    app = build(read(folder / "todoke.toml", {**ENVIRON, "TODOKE_DATA": str(folder / "data")}))
    mailer = Mailer(Ceiling.DELIVERED, way)
    app = replace(app, mailer=mailer)
    application = without_sender(app)
    form = {"content_type": "application/x-www-form-urlencoded"}

    way.begin(ADDRESS)
    body = urlencode({"email": ADDRESS, "text": "x"}).encode()
    status, _, _ = await call(application, "POST", "/f/contact", body, **form)
    assert status == 303, status
    await asyncio.to_thread(send_round, app, 10)

    event = {
        "created": "2026-11-28 12:00:00",
        "messageId": "<1@example.net>",
        "status": "failed",
        "reason": WORDS,
        "to": ADDRESS,
        "from": "forms@example.net",
        "apiData": mailer.tokens[ADDRESS],
    }
    items = json.dumps({"bounces": [event]})
    told = urlencode({"event_type": "bounces", "server_composition": "sandbox", "event": items})
    way.begin(WORDS)
    hook = f"/hooks/customers-mail-cloud/{ENVIRON['TODOKE_CMC_HOOK_SECRET']}"
    status, _, _ = await call(application, "POST", hook, told.encode(), **form)
    assert status == 200, status
    kept = way.files
    way.mark = ""
    link, cookie = await enter(app, application, form)
    await call(application, "GET", link, cookie=cookie)  # who sees it first has it marked as read
    way.begin(WORDS)
    way.files = kept
    status, _, page = await call(application, "GET", link, cookie=cookie)
    assert status == 200, status
    assert WORDS.encode() in page
    found = {
        "one address, from the door to the mailer": mailer.ended,
        "one event, from the hook to the page": way.end(),
    }
    app.store.close()
    return found


async def enter(app: Any, application: Any, form: dict[str, str]) -> tuple[str, str]:
    """Enter the desk; the address of the newest submission's page, and the cookie."""
    from todoke.ports.archive import Query
    from todoke.walk.invite import invite

    body = urlencode({"code": invite(app.admission, app.clock())}).encode()
    status, headers, _ = await call(application, "POST", "/desk/enter", body, **form)
    assert status == 303, status
    (timeline,) = app.store.page(Query()).timelines
    return f"/desk/{timeline.submission.id}", headers["set-cookie"].partition(";")[0]


def main() -> None:
    """Print all figures."""
    sys.path.insert(0, str(SOURCE))
    for package in PACKAGES:
        if (SOURCE / package).is_dir():
            print(package)
            for name, value in structure(package).items():
                print(f"  {name:24}{value:>8}")
    with tempfile.TemporaryDirectory() as folder:
        walked = asyncio.run(ways(Path(folder)))
        sys.setprofile(None)
        threading.setprofile(None)
        for name, found in walked.items():
            print(f"{name}: {found['files']} files, {found['stays']} stays")
            for path in found["way"]:
                print(f"  {path}")


if __name__ == "__main__":
    main()
