"""What is kept for a time is gone after it, from every file, without anybody asking."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import urllib3

from support.run.serving import Sink, eventually, post_json
from support.web.local_server import serving
from todoke.configuration import read
from todoke.server.asgi import application
from todoke.wiring import build

pytestmark = pytest.mark.acceptance

CONFIGURATION = """
[site]
name = "Retention"
door_url = "http://127.0.0.1/"

[mail]
service = "smtp"
from = "Desk <desk@example.org>"

[mail.smtp]
host = "127.0.0.1"
port = {port}
security = "none"

[forms.short]
retention = "30d"

[forms.long]
retention = "forever"
"""


def test_the_sweep_erases_what_was_kept_long_enough(tmp_path: Path) -> None:
    """After its time a submission's receipt is nobody's and its bytes are nowhere; what is kept for ever stays."""
    sink, http = Sink(), urllib3.PoolManager()
    (tmp_path / "todoke.toml").write_text(CONFIGURATION.format(port=sink.port))
    settings = read(tmp_path / "todoke.toml", {"TODOKE_DATA": str(tmp_path / "data")})
    later = timedelta()

    def start() -> object:
        app = build(settings, clock=lambda: datetime.now(UTC) + later)
        return serving(application(app))

    def receipt(url: str, told: dict[str, object]) -> int:
        path = str(told["status_url"]).partition("/s/")[2]
        return http.request("GET", f"{url}/s/{path}").status

    with start() as url:
        short, long = (
            post_json(http, f"{url}/f/{form}", {"email": f"{form}-canary@example.net"})
            for form in ("short", "long")
        )
        eventually(lambda: len(sink.mails) == 2, what="both mails")
        assert (receipt(url, short), receipt(url, long)) == (200, 200)
    later = timedelta(days=29)
    with start() as url:
        assert receipt(url, short) == 200
    later = timedelta(days=31)
    with start() as url:
        eventually(lambda: receipt(url, short) == 404, what="the end of its time")
        assert receipt(url, long) == 200
    files = [path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file()]
    assert not [content for content in files if b"short-canary" in content]
    assert [content for content in files if b"long-canary" in content]
    sink.close()
