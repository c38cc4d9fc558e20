"""The sandbox's words: whole in Japanese, and no English left on a Japanese page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po
from selectolax.lexbor import LexborHTMLParser

import mail_cloud_sandbox
from mail_cloud_sandbox.app import build
from mail_cloud_sandbox.outcomes import STATES
from mail_cloud_sandbox.words import Words, catalog, chosen_language, speech
from support.mail.sandbox_pages import fill
from support.mail.sandboxes import HTTP
from support.web.local_server import serving

PACKAGE = Path(mail_cloud_sandbox.__file__).parent
IN_CODE = (
    {"N_": None, "Words": (1,), "Told": (1,), "Finding": (2,), "say_number": (1, 2)},
    {"Finding": (3,)},
)
NAMES = frozenset(re.findall(r"\S+", """
    API HTML JSON HEAD UTC URL ID Webhook Retry-After List-Unsubscribe List-Unsubscribe-Post Content-ID X-Api-Data
    Gmail Yahoo Outlook Windows RFC Transaction ASCII IP kB MB
    alt lang viewport cid data http https flex grid position import style html script form video onclick errors
    api_key calls image png text plain eml
    """))  # fmt: skip
"""What people call by these names in Japanese, too."""


def texts() -> Iterator[str]:
    """Each text that a page may say; of a number both."""
    rows = [
        row
        for path in sorted(PACKAGE.glob("*.py"))
        for keywords in IN_CODE
        for row in extract_from_file("python", path, keywords=keywords)
    ]
    for path in sorted((PACKAGE / "templates").glob("*.html")):
        rows += extract_from_file(
            "jinja2.ext:babel_extract", path, keywords={"_": None, "_n": (1, 2)}
        )
    for _, found, _, _ in rows:
        yield from filter(None, [found] if isinstance(found, str) else found)
    yield from STATES


def test_japanese_is_complete() -> None:
    """Each text has its Japanese, with the same blanks to fill, and the catalog has nothing else."""
    with (PACKAGE / "locale" / "ja" / "LC_MESSAGES" / "sandbox.po").open("rb") as file:
        known = [m for m in read_po(file) if m.id]
    stated: dict[str, str] = {}
    for message in known:
        many = isinstance(message.id, tuple)
        for id_ in message.id if many else [message.id]:
            stated[id_] = message.string[0] if many else message.string
    assert set(texts()) == stated.keys()
    assert all(stated.values())
    for text, translated in stated.items():
        blanks = [set(re.findall(r"\{\w+\}|%s", one)) for one in (text, translated)]
        assert blanks[0] - {"{n}"} == blanks[1] - {"{n}"}, text


@pytest.mark.parametrize(
    ("asked", "language"),
    [
        ("ja", "ja"),
        ("ja-JP,en;q=0.5", "ja"),
        ("en-GB,ja;q=0.9", "en"),
        ("en;q=0.1, ja;q=0.2", "ja"),
        ("fr,ja;q=0", "en"),
        ("ja;q=x", "en"),
        ("", "en"),
    ],
)
def test_the_browser_s_language(asked: str, language: str) -> None:
    """The one of ours that it likes best; English for none."""
    assert chosen_language(asked) == language


def test_words_are_english_until_they_are_said() -> None:
    """And what fills their blanks is never markup."""
    words = Words("Images without alt: {n}.", n="<b>")
    assert words == "Images without alt: <b>."
    assert speech("ja")["_"](words) == "alt のない画像：&lt;b&gt; 件。"
    assert speech("en")["_"]("{braces} {n}", n=1, braces="{n}") == "{n} 1"
    assert catalog("ja").gettext("Recipient said 550") == "Recipient said 550"


SAID_BY_SCRIPT = {"data-deleted", "data-unread", "data-silent"}
NOT_SAID = "code, pre, bdi, kbd, iframe, time, option, head, .outcomes dt, .headers th[scope=row], [lang=en]"
"""What is told to be of another language, a name, or typed in."""


def said_on(page: str) -> str:
    """What a reader sees or hears of it in the page's own language, the title among it."""
    tree = LexborHTMLParser(page)
    title = tree.css_first("title").text()
    heard = [
        value or ""
        for node in tree.css("*")
        for name, value in node.attributes.items()
        if name in {"aria-label", "title", "alt", "placeholder"} or name in SAID_BY_SCRIPT
    ]
    for node in tree.css(NOT_SAID):
        node.decompose()
    body = tree.body
    assert body is not None
    return " ".join([title, body.text(separator=" "), *heard])


def test_no_english_is_left_on_a_japanese_page(tmp_path: Path) -> None:
    """On none of its pages; each says its language, and that the answer depends on what was asked for."""
    japanese = {"accept-language": "ja"}
    with serving(build(tmp_path, pace_seconds=0)) as url:
        empty = HTTP.request("GET", f"{url}/inbox", headers=japanese)
        answers = {
            name: HTTP.request("GET", url + path, headers=japanese)
            for name, path in fill(url).items()
        }
        wrong = {"place": "send", "fault": "busy", "calls": "0.5"}
        answers["order"] = HTTP.request(
            "POST", f"{url}/faults", fields=wrong, encode_multipart=False, headers=japanese
        )
        english = HTTP.request("GET", f"{url}/inbox")
    assert '<html lang="en">' in english.data.decode()
    left: dict[str, set[str]] = {}
    for name, answer in {**answers, "empty": empty}.items():
        assert isinstance(answer, urllib3.BaseHTTPResponse)
        assert answer.headers["vary"] == "Accept-Language", name
        page = answer.data.decode()
        assert '<html lang="ja">' in page, name
        words = re.findall(r"(?<![\w@.:/-])[A-Za-z][A-Za-z_-]+(?![\w@.:/=-])", said_on(page))
        left[name] = set(words) - NAMES
    assert {name: words for name, words in left.items() if words} == {}
