"""The sites that docs/script.md shows, built by Eleventy, Astro and Vite, each with its form sent in Chromium."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tarfile
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from support.places import ROOT
from support.run.serving import Served, Sink, free_port, serve
from support.web.embedding import POLICY
from support.web.local_server import serving

TOOLS = ROOT / ".emulators" / "sites"
PACKAGE = ROOT / "packages" / "todoke"
pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.skipif(
        not (TOOLS / ".installed").exists(),
        reason="the site generators are not here: scripts/sites brings them from npm",
    ),
]
CONFIGURATION = """
[site]
name = "Garden"
url = "{site}"
door_url = "http://127.0.0.1:{door}"
[mail]
service = "smtp"
from = "Desk <desk@example.org>"
[mail.smtp]
host = "127.0.0.1"
port = {port}
security = "none"
[forms.contact]
managers = ["office@example.org"]
"""
MAIN = """import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Contact } from "./Contact";

const stored = (id: string) => document.body.setAttribute("data-stored", id);
createRoot(document.querySelector("main")!).render(<StrictMode><Contact onStored={stored} /></StrictMode>);
"""
VITE = """import react from "@vitejs/plugin-react";
export default { plugins: [react()], logLevel: "warn" };
"""
INDEX = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Contact</title></head>
<body><main></main><script type="module" src="/src/main.tsx"></script></body></html>
"""
TYPES = {
    "compilerOptions": {
        "strict": True,
        "noEmit": True,
        "module": "esnext",
        "moduleResolution": "bundler",
        "target": "es2022",
        "lib": ["es2022", "dom", "dom.iterable"],
        "jsx": "react-jsx",
        "types": [],
    },
    "include": ["src"],
}


def shown(language: str) -> tuple[str, str]:
    """A file of the documentation: its name and text."""
    text = (ROOT / "docs" / "script.md").read_text("utf-8")
    found = re.search(rf"(?ms)^```{language} (\S+)\n(.*?)^```", text)
    assert found, language
    return found[1], found[2]


def run(folder: Path, *words: str) -> str:
    """What a command prints there; it must succeed."""
    environ = os.environ | {"ASTRO_TELEMETRY_DISABLED": "1", "NO_COLOR": "1"}
    done = subprocess.run(
        words, cwd=folder, env=environ, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the generators are found, and the package as npm packs it."""
    folder = tmp_path_factory.mktemp("sites")
    (folder / "node_modules").symlink_to(TOOLS.resolve() / "node_modules")
    run(PACKAGE, "npm", "pack", "--silent", "--pack-destination", str(folder))
    return folder


@pytest.fixture(scope="module")
def ports() -> tuple[int, int]:
    """The site's and the door's."""
    return free_port(), free_port()


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory, ports: tuple[int, int]) -> Iterator[Served]:
    """A real door, and a server that takes its mails."""
    sink = Sink(lambda *_: "")
    site = f"http://127.0.0.1:{ports[0]}"
    configuration = CONFIGURATION.format(site=site, door=ports[1], port=sink.port)
    with serve(tmp_path_factory.mktemp("door"), configuration, port=ports[1]) as served:
        yield served
    sink.close()


def site_of(sites: Path, door: Served, name: str, files: dict[str, str]) -> Path:
    """A site with these files, which has the package installed; its folder."""
    folder = sites / name
    (folder / "node_modules").mkdir(parents=True)
    (packed,) = sites.glob("todoke-*.tgz")
    with tarfile.open(packed) as archive:
        archive.extractall(folder / "node_modules", filter="data")
    (folder / "node_modules" / "package").rename(folder / "node_modules" / "todoke")
    for path, text in {"package.json": '{"type": "module", "private": true}', **files}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text.replace("https://FORMS", door.url), "utf-8")
    return folder


def tool(name: str) -> str:
    """The command of a generator."""
    return str(TOOLS / "node_modules" / ".bin" / name)


def eleventy(sites: Path, door: Served) -> Path:
    """A page with a script tag."""
    folder = site_of(sites, door, "eleventy", dict([shown("html")]))
    run(folder, tool("eleventy"), "--quiet", "--output=dist")
    return folder / "dist"


def astro(sites: Path, door: Served) -> Path:
    """A page that imports the package."""
    folder = site_of(sites, door, "astro", dict([shown("astro")]))
    run(folder, tool("astro"), "build", "--silent")
    return folder / "dist"


def vite(sites: Path, door: Served) -> Path:
    """A React component in a strict tree; its types are right."""
    files = {
        "src/main.tsx": MAIN,
        "vite.config.js": VITE,
        "contact/index.html": INDEX,
        "index.html": INDEX,
        "tsconfig.json": json.dumps(TYPES),
    }
    folder = site_of(sites, door, "vite", {**files, **dict([shown("tsx")])})
    run(folder, tool("tsc"))
    run(folder, tool("vite"), "build")
    (folder / "dist" / "contact").mkdir()
    (folder / "dist" / "index.html").rename(folder / "dist" / "contact" / "index.html")
    return folder / "dist"


class _Policy:
    """An ASGI app before another, whose pages get a strict policy."""

    def __init__(self, app: ASGIApp, policy: str) -> None:
        self._app, self._policy = app, policy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                policy = (b"content-security-policy", self._policy.encode())
                message["headers"] = [*message["headers"], policy]
            await send(message)

        await self._app(scope, receive, marked)


@pytest.mark.parametrize("build", [eleventy, astro, vite], ids=lambda build: build.__name__)
def test_a_built_site_sends_its_form_in_place(
    build: object, sites: Path, door: Served, ports: tuple[int, int], page: Page
) -> None:
    """As the documentation shows it, under a policy that allows its own scripts, the door's, and nothing inline."""
    dist = build(sites, door)  # type: ignore[operator]
    policy = POLICY.format(door=door.url).replace("script-src", "script-src 'self'")
    static = Mount("/", StaticFiles(directory=dist, html=True))
    site = Starlette(routes=[static], middleware=[Middleware(_Policy, policy=policy)])
    told: list[str] = []
    page.on("pageerror", lambda error: told.append(str(error)))
    page.on("console", lambda m: told.append(m.text) if "Content Security" in m.text else None)
    with serving(site, ports[0], lifespan="off") as origin:
        page.goto(f"{origin}/contact/")
        page.get_by_label("Mail address").fill("aoi")
        page.get_by_role("button", name="Send").click()
        expect(page.get_by_role("alert")).to_contain_text("'@'")
        page.get_by_label("Mail address").fill("aoi@example.net")
        page.get_by_role("button", name="Send").click()
        box = page.locator(".todoke-stored")
        expect(box).to_contain_text("Your answers are stored.")
        expect(box).to_contain_text("Handed over (a•••@example.net)")
        assert page.url == f"{origin}/contact/"
        if build is vite:
            expect(page.locator("body")).to_have_attribute("data-stored", re.compile(r"\w{26}"))
    assert told == []


def test_the_package_holds_what_the_door_hands_out(sites: Path) -> None:
    """The script, its module and its types, of todoke's version; to import it on a server does nothing."""
    (packed,) = sites.glob("todoke-*.tgz")
    with tarfile.open(packed) as archive:
        names = {name.removeprefix("package/") for name in archive.getnames()}
        script = archive.extractfile("package/todoke.js")
        assert script is not None
        source = ROOT / "src" / "todoke" / "web" / "pages" / "static" / "todoke.js"
        assert script.read() == source.read_bytes()
    assert names == {
        "LICENSE",
        "README.md",
        "index.d.ts",
        "index.js",
        "package.json",
        "todoke.js",
    }
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert json.loads((PACKAGE / "package.json").read_text())["version"] == project["version"]
    for script in ("index.js", "todoke.js"):
        run(PACKAGE, "node", "--check", script)
    told = run(
        PACKAGE, "node", "-e", "import('./index.js').then((m) => console.log(Object.keys(m)))"
    )
    assert told == "[ 'enhance' ]\n"
