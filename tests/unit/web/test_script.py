"""todoke.js as the door hands it out: small, for pages of any site, and by its hash."""

from __future__ import annotations

import base64
import gzip
import hashlib
import importlib
import re
from pathlib import Path

import pytest
from starlette.applications import Starlette

from support.web.stories import Answer, call
from todoke.web.door import script
from todoke.web.pages import assets
from todoke.web.pages.codings import offered
from todoke.web.pages.squeeze import squeezed

SOURCE = Path(assets.__file__).with_name("static") / "todoke.js"
BOUND_BYTES = 4_000


def get(path: str, **headers: str) -> Answer:
    """Ask for it."""
    routes = [*script.routes(), *assets.routes()]
    return call(Starlette(routes=routes), path, headers=headers)


@pytest.mark.parametrize("path", ["/todoke.js", "/upload.js", assets.asset_url("todoke.js")])
def test_pages_of_any_site_load_it(path: str) -> None:
    """Also with `integrity` and `crossorigin`; an hour at the short address, for ever at the one with its hash."""
    answer = get(path)
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers["x-content-type-options"] == "nosniff"
    kept = "max-age=31536000, immutable" if "static" in path else "max-age=3600"
    assert answer.headers["cache-control"] == f"public, {kept}"
    assert answer.body == get("/todoke.js").body


def test_other_files_stay_our_own() -> None:
    """What our pages load is for them alone."""
    answer = get(assets.asset_url("receipt.js"))
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("path", ["/todoke.js", assets.asset_url("todoke.css")])
@pytest.mark.parametrize("coding", ["", "gzip", "br"])
def test_who_has_it_is_told_so(path: str, coding: str) -> None:
    """304 to its entity tag, which is another one for each coding; 200 to any other."""
    if coding and coding not in offered():
        pytest.skip("brotli is not installed")
    tag = get(path, **{"accept-encoding": coding}).headers["etag"]
    same = get(path, **{"accept-encoding": coding, "if-none-match": f'"other", W/{tag}'})
    assert (same.status, same.body) == (304, b"")
    assert same.headers["etag"] == tag
    assert same.headers["vary"] == "accept-encoding"
    other = get(path, **{"accept-encoding": "" if coding else "gzip", "if-none-match": tag})
    assert other.status == 200


@pytest.mark.parametrize("coding", ["gzip", "br"])
def test_it_is_under_4_kb(coding: str) -> None:
    """Compressed as it goes over the wire, and by `gzip -9` too."""
    if coding not in offered():
        pytest.skip("brotli is not installed")
    sent = get("/todoke.js", **{"accept-encoding": coding}).body
    plain = get("/todoke.js").body
    unpack = gzip.decompress if coding == "gzip" else importlib.import_module("brotli").decompress
    assert unpack(sent) == plain
    assert len(sent) < BOUND_BYTES
    assert len(gzip.compress(plain, 9)) < BOUND_BYTES


def test_the_documented_way_to_its_hash_gives_what_browsers_compute() -> None:
    """Subresource Integrity is over the bytes before their coding."""
    plain = get("/todoke.js", **{"accept-encoding": "gzip"})
    unpacked = gzip.decompress(plain.body)
    digest = base64.b64encode(hashlib.sha384(unpacked).digest())
    assert digest == base64.b64encode(hashlib.sha384(get("/todoke.js").body).digest())


def test_it_asks_for_nothing_that_a_strict_policy_forbids() -> None:
    """No eval, no markup from texts, no style attribute, no cookie, nothing kept."""
    text = SOURCE.read_text("utf-8")
    for word in (
        "eval",
        "Function(",
        "innerHTML",
        "insertAdjacentHTML",
        "document.write",
        '"style"',
    ):
        assert word not in text
    for word in ("cookie", "localStorage", "sessionStorage", "indexedDB", "import("):
        assert word not in text


TEXTS = re.compile(r'"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|/\S+/[a-z]*(?=[.,])')


def test_squeezing_takes_comments_and_white_space_alone() -> None:
    """Every text and pattern of the source is in what is handed out, in order, and so is every name."""
    source = re.sub(r"(?m)(?<!\\)//.*$", "", SOURCE.read_text("utf-8"))
    made = squeezed(SOURCE.read_text("utf-8"))
    assert TEXTS.findall(made) == TEXTS.findall(source)
    assert re.findall(r"\w+", made) == re.findall(r"\w+", source)
    assert "\n" not in made


def test_squeezing_small_pieces() -> None:
    """What looks like a comment in a text or a pattern is none; names stay apart."""
    assert squeezed('const a = "b // c" ; // d\nreturn  a') == 'const a="b // c";return a'
    assert (
        squeezed("if (/\\/f\\//.test(a)) { b ( ` ${ c } // ` ) }")
        == "if(/\\/f\\//.test(a)){b(` ${ c } // `)}"
    )
    assert squeezed("// first\na - -b\n\n// last\n") == "a - -b"
