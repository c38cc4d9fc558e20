"""The independent SDK of PyPI, unchanged, against the sandbox: it must be content with answers and errors."""

from __future__ import annotations

import json

import pytest

from sandboxes import HTTP, SEND, sandbox


def sdk(url: str):
    """A client of the independent SDK, its address set to the sandbox."""
    module = pytest.importorskip("CustomersMailCloud", reason="the SDK is not installed")
    client = module.CustomersMailCloud("api@example.org", "secret")
    client.url = url + SEND
    client.addTo("Aoi", "aoi@example.com")
    client.setFrom("Example desk", "desk@example.org")
    client.setReplyTo("", "help@example.org")
    client.subject = "お知らせ"
    client.text = "本文"
    client.html = "<p>本文</p>"
    return client


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # the SDK leaves its file open
def test_independent_sdk_is_content(tmp_path):
    """The SDK of PyPI, unchanged, sends with and without a file, and reports an error as an error."""
    file = tmp_path / "note.txt"
    file.write_bytes(b"a note\n")
    with sandbox(tmp_path / "data", from_domains={"example.org"}) as url:
        plain, with_file, wrong = sdk(url), sdk(url), sdk(url)
        assert plain.send()["id"].startswith("<")
        with_file.addFile(str(file))
        assert with_file.send()["id"].startswith("<")
        wrong.setFrom("", "desk@example.com")
        with pytest.raises(Exception, match="13-006"):
            wrong.send()
        kept = json.loads(HTTP.request("GET", url + "/inbox.json").data)["messages"]
        whole = json.loads(HTTP.request("GET", f"{url}/inbox/{kept[0]['id']}.json").data)
    assert [m["subject"] for m in kept] == ["お知らせ"] * 2
    assert [(a["name"], a["bytes"]) for a in whole["attachments"]] == [("note.txt", 7)]
