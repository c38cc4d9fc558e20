"""Images that come along in a mail: where they stand in the message, in the preview, and in the list of its files."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from email import message_from_bytes
from pathlib import Path

import pytest

from mail_cloud_sandbox.app import build
from mail_cloud_sandbox.checks import BAD, WARN, check
from mail_cloud_sandbox.mail import Attachment, Mail, Mailbox, files_of, listed, source
from mail_cloud_sandbox.preview import MOST_OF_IMAGES, document, images_of
from support.mail.inboxes import get, send_inline
from support.web.local_server import serving

LOGO = Attachment("logo.png", "image/png", b"\x89PNG", "logo@shop.example")
LETTER = Attachment("letter.txt", "text/plain", b"Hello")


def mail_of(
    *, text: str = "t", html: str = "<p>", files: tuple[Attachment, ...] = (LETTER, LOGO)
) -> Mail:
    """A mail with a letter and a logo."""
    box = Mailbox("", "aoi@example.com")
    return Mail(
        api_user="u", sender=box, to=(box,), subject="s", text=text, html=html, attachments=files
    )


def message(mail: Mail) -> bytes:
    """As the recipient's server gets it."""
    return source(mail, message_id="<m@x.example>", return_path="r@x.example", at=datetime.now(UTC))


@pytest.mark.parametrize(
    ("mail", "shape"),
    [
        (mail_of(), "mixed alternative plain related html png plain"),
        (mail_of(text=""), "mixed related html png plain"),
        (mail_of(html=""), "mixed plain plain png"),
        (mail_of(files=(LOGO,)), "alternative plain related html png"),
    ],
)
def test_an_image_of_the_html_belongs_to_it(mail: Mail, shape: str) -> None:
    """It stands with the HTML (multipart/related, RFC 2387), other files beside the body; both are listed so."""
    made = message(mail)
    parts = message_from_bytes(made).walk()
    assert " ".join(part.get_content_subtype() for part in parts) == shape
    names = [file["name"] for file in listed(mail)]
    contents = {"logo.png": LOGO.content, "letter.txt": LETTER.content}
    assert [content.strip() for _, _, content in files_of(made)] == [
        contents[name] for name in names
    ]
    assert ("logo@shop.example" in {id_ for id_, _, _ in files_of(made)}) == bool(mail.html)


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ('<img src="cid:logo@x">', '<img src="data:image/png;base64,QQ==">'),
        ("<img SRC = 'CID:logo%40x'>", "<img SRC = 'data:image/png;base64,QQ=='>"),
        (
            "<p style=\"background: url( 'cid:logo@x')\">",
            "<p style=\"background: url( 'data:image/png;base64,QQ==')\">",
        ),
        ('<img src="cid:other">', '<img src="cid:other">'),
        ("<p>src and cid:logo@x</p>", "<p>src and cid:logo@x</p>"),
    ],
)  # fmt: skip
def test_the_preview_has_what_came_along(html: str, shown: str) -> None:
    """Where an image is named by a Content-ID of the mail; else it stays as it is."""
    images = images_of(
        [("logo@x", "image/png", b"A"), ("page", "text/html", b"A"), ("", "image/png", b"A")]
    )
    assert images.keys() == {"logo@x"}
    assert document(html, "light", images).endswith(shown)


def test_a_large_image_is_not_repeated_for_ever() -> None:
    """A mail of a few megabytes makes no document of gigabytes."""
    images = {"x": "data:image/png;base64," + "A" * (MOST_OF_IMAGES // 4)}
    assert len(document('<img src="cid:x">' * 1_000, "light", images)) < MOST_OF_IMAGES + 100_000


def test_the_checks_tell_which_came_along() -> None:
    """One that did not is a fault, one that did a doubt."""
    html = "<html lang=en><img alt='' src=cid:a%40x><img alt='' src=cid:b>"
    found = check(text="t", html=html, header_names=(), content_ids={"a@x"}).findings
    told = {finding.what: finding.level for finding in found}
    assert told["Images that came along, by cid: 1."] == WARN
    assert told["Images by cid: 1."] == BAD


def test_a_file_states_its_content_id(tmp_path: Path) -> None:
    """As a header field of its part; what is no Content-ID counts as none."""
    with serving(build(tmp_path, pace_seconds=0)) as url:
        id_ = send_inline(url, '<img alt="" src="cid:logo">', [("<logo>", b"1"), ("a b", b"2")])
        mail = json.loads(get(f"{url}/inbox/{id_}.json").data)
        frame = get(f"{url}/inbox/{id_}/html")
        contents = [get(f"{url}/inbox/{id_}/files/{n}").data for n in (1, 2)]
    assert [file.get("content_id") for file in mail["attachments"]] == ["logo", None]
    assert contents == [b"1", b"2"]
    assert b'src="data:image/png;base64,MQ=="' in frame.data
    assert "img-src data:;" in frame.headers["content-security-policy"]
