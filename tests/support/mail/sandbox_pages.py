"""Every page of the sandbox's inbox, with something to show on each."""

from __future__ import annotations

from support.mail.inboxes import send
from support.mail.sandboxes import HTTP

HTML = """<!DOCTYPE html><html lang="ja"><style>body { display: flex } @import url(https://x.example/a.css);</style>
<body onload="x()"><p>See <a href="https://example.org/a">https://example.com/a</a>, <a href="http://198.51.100.1/"></a>
<a href="mailto:b@example.com">a@example.com</a> <a href="javascript:x">x</a> <a href="/y">y</a> <a href="http://[">z</a>
<img src="cid:x"><img src="http://x.example/a.png"><img src="data:image/png;base64,AA"><img src="a.png"></p>
<script></script><form></form><video></video><link rel="stylesheet" href="https://x.example/b.css"></html>"""

SUBJECT = "お問い合わせを受け付けました"


def fill(url: str) -> dict[str, str]:
    """Send mails and order faults; gives the paths of the pages by name."""
    plain = send(
        url,
        "hardbounce@example.com",
        [("写真.png", b"x" * 4_000, "image/png"), ("a.txt", b"x", "text/plain")],
        subject=SUBJECT,
    )
    rich = send(url, "suppressed@example.com", html=HTML, subject=SUBJECT)
    send(url, "silent@example.com", text="x", subject=SUBJECT)
    for order in (
        {"place": "send", "fault": "slow", "calls": 3},
        {"place": "webhook", "fault": "paused"},
    ):
        assert HTTP.request("POST", f"{url}/faults.json", json=order).status == 200
    views = ("text", "html", "checks", "headers", "source")
    return {
        "inbox": "/inbox",
        "inbox-found": "/inbox?q=%E3%81%8A%E5%95%8F",
        "inbox-nothing": "/inbox?q=%E7%84%A1%E3%81%84",
        "inbox-deleted": "/inbox?deleted=1&marked=2",
        "delete": "/inbox/delete",
        "delete-found": "/inbox/delete?q=%E3%81%8A%E5%95%8F",
        "delete-nothing": "/inbox/delete?q=%E7%84%A1%E3%81%84",
        "mail": f"/inbox/{plain}?q=example",
        **{f"mail-{view}": f"/inbox/{rich}?view={view}" for view in views},
        "mail-images": f"/inbox/{rich}?view=html&images=load&colours=dark&width=phone",
        "faults": "/faults",
        "faults-changed": "/faults?changed=send",
        "faults-ended": "/faults?changed=all",
        "blocks": "/blocks",
        "no-mail": "/inbox/nothing",
        "no-page": "/nothing",
    }
