"""What pages load: in the site's accent, with its logo, at an address with its hash, and compressed once."""

from __future__ import annotations

import gzip
import importlib
import re

import pytest
from starlette.applications import Starlette

from support.variants import replace
from support.web.stories import call
from todoke.model.form import Site
from todoke.model.logo import SVG, Logo
from todoke.web.pages import assets, pages
from todoke.web.pages.codings import offered

SITE = Site(name="Garden", url="https://garden.example")
DRAWING = b'<svg xmlns="http://www.w3.org/2000/svg"/>'


def test_static_files_are_kept_for_ever() -> None:
    """An asset's address changes with its content, so browsers may keep it; other names find nothing."""
    app = Starlette(routes=assets.routes())
    for name in ("todoke.css", "desk.css", "receipt.js", "times.js", "icon.svg"):
        answer = call(app, assets.asset_url(name))
        assert answer.status == 200
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert call(app, f"/static/old/{name}").headers["cache-control"] == "no-cache"
    assert call(app, "/static/x/nothing.css").status == 404
    for name in ("..", "..%2fpage.py", "%00", "a" * 300, "a" * 5000):
        assert call(app, f"/static/x/{name}").status == 404
    with pytest.raises(KeyError):
        assets.asset_url("nothing.css")


def test_the_accent_is_in_the_stylesheet() -> None:
    """A site's own colour stands in our stylesheet under an address of its own, and in the icon; pages link to it."""
    yellow = replace(SITE, accent="#ffcc00")
    css = assets.assets(yellow)["todoke.css"].content.decode()
    assert "--fill: #" in css.rpartition("prefers-color-scheme")[0].rpartition(":root")[2]
    assert b"#ffcc00" in assets.assets(yellow)["icon.svg"].content
    assert b"#ffcc00" not in assets.assets(SITE)["todoke.css"].content
    page = pages.error_page(404, "T", "x", "en", site=yellow).body.decode()
    address = assets.asset_url("todoke.css", yellow)
    assert f'href="{address}"' in page
    assert address != assets.asset_url("todoke.css", SITE)
    assert call(Starlette(routes=assets.routes(yellow)), address).body.decode() == css


def test_the_logo_is_ours_to_serve_and_runs_nothing() -> None:
    """It is shown as a picture named like the site, from our own address, where a policy keeps a drawing still."""
    site = replace(SITE, logo=Logo(SVG, DRAWING))
    page = pages.error_page(404, "T", "x", "en", site=site, base="/forms").body.decode()
    found = re.search(r'<img class="logo" src="/forms(/static/[^"]+)" alt="Garden"></a>', page)
    assert found
    answer = call(Starlette(routes=assets.routes(site)), found[1])
    assert (answer.status, answer.body) == (200, DRAWING)
    assert answer.headers["content-type"].startswith(SVG)
    assert "sandbox" in answer.headers["content-security-policy"]
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "<img" not in pages.error_page(404, "T", "x", "en", site=SITE).body.decode()


@pytest.mark.parametrize("coding", ["br", "gzip"])
def test_assets_are_compressed_once(coding: str) -> None:
    """In what the browser takes, smaller by half, the same bytes object each time; small ones stay as they are."""
    if coding not in offered():
        pytest.skip("brotli is not installed")
    app = Starlette(routes=assets.routes())
    answer = call(app, assets.asset_url("todoke.css"), headers={"accept-encoding": coding})
    plain = assets.assets()["todoke.css"].content
    assert answer.headers["content-encoding"] == coding
    assert answer.headers["vary"] == "accept-encoding"
    unpack = gzip.decompress if coding == "gzip" else importlib.import_module("brotli").decompress
    assert unpack(answer.body) == plain
    assert len(answer.body) < len(plain) / 2
    small = call(app, assets.asset_url("times.js"), headers={"accept-encoding": coding})
    assert "content-encoding" not in small.headers
    none = call(app, assets.asset_url("todoke.css"))
    assert none.body == plain
    assert none.headers["vary"] == "accept-encoding"
