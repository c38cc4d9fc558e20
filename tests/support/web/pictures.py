"""Pictures of every page: narrow and wide, by day and by night, in both languages. `make pictures` calls it.

python -m support.web.pictures FOLDER [WORD ...]: only pages whose name has one of the words in it.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from playwright.sync_api import Browser, Page

from mail_cloud_sandbox.app import build
from support.mail import sandbox_pages
from support.web.gallery import DESK_PAGES, OPEN_PAGES, Shown, chromium, context_of, gallery
from support.web.local_server import serving

LANGUAGES = {"en": "en-GB", "ja": "ja-JP"}
WIDTHS = (360, 1280)
SCHEMES = ("light", "dark")
OWN_LANGUAGE = ("receipt-", "disown", "site-", "answers", "fault")
"""Pages whose language is not the browser's: they are there once for each, the Japanese ones with `-ja` in the name."""


def take_all(
    shown: Shown, sandbox: str, browser: Browser, folder: Path, words: Sequence[str]
) -> Iterator[Path]:
    """Each picture's file, once it is there; `sandbox` is the address of its inbox."""
    mails = {f"sandbox-{name}": path for name, path in sandbox_pages.fill(sandbox).items()}
    for language, locale in LANGUAGES.items():
        for width in WIDTHS:
            for scheme in SCHEMES:
                context = context_of(browser, width=width, scheme=scheme, locale=locale)
                page = context.new_page()
                end = f"{width}-{language}-{scheme}.png"
                yield from _take(page, shown.url, OPEN_PAGES, folder, end, words)
                _enter(page, shown)
                yield from _take(page, shown.url, DESK_PAGES, folder, end, words)
                yield from _take(page, sandbox, mails, folder, end, words)
                context.close()


def _enter(page: Page, shown: Shown) -> None:
    heading, button = {"en": ("Submissions", "Enter"), "ja": ("受付一覧", "開く")}[
        page.evaluate("navigator.language").partition("-")[0]
    ]
    shown.enter_desk(page, heading, button)


def _take(
    page: Page, url: str, pages: dict[str, str], folder: Path, end: str, words: Sequence[str]
) -> Iterator[Path]:
    language = end.split("-")[1]
    for name, path in pages.items():
        own = "ja" if name.endswith("-ja") else "en"
        if name.startswith(OWN_LANGUAGE) and own != language:
            continue
        if words and not any(word in name for word in words):
            continue
        page.goto(url + path)
        yield _keep(page, folder / f"{name}-{end}")


def _keep(page: Page, path: Path) -> Path:
    page.screenshot(path=path, full_page=True)
    return path


def main(folder: Path, words: Sequence[str]) -> None:
    """Take them all into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as data,
        chromium() as browser,
        gallery(Path(data)) as shown,
        serving(build(Path(data) / "sandbox", pace_seconds=0)) as sandbox,
    ):
        count = sum(1 for _ in take_all(shown, sandbox, browser, folder, words))
    sys.stdout.write(f"{count} pictures are in {folder}.\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
