"""Requests that brought other readers of forms down: each is refused, or read cheaply, by ours."""

from __future__ import annotations

import tracemalloc
from contextlib import suppress

import pytest

from todoke.model.errors import Malformed, RequestError, TooLarge
from todoke.model.form import Limits
from todoke.web.door.body import parse

MULTIPART = "multipart/form-data; boundary=XX"
URLENCODED = "application/x-www-form-urlencoded"
MB = 1_000_000
LIMITS = Limits()

HEAD = b'--XX\r\nContent-Disposition: form-data; name="a"'

BOMBS = [
    pytest.param(MULTIPART, HEAD + b"\r\n\r\n" + b"x\r\n--X" * (MB // 6), id="CVE-2024-53981 almost-boundaries"),
    pytest.param(MULTIPART, HEAD + b"\r\n\r\nx\r\n--XX--" + b"\r\n" * (MB // 2), id="CVE-2024-53981 line breaks"),
    pytest.param(MULTIPART, b"\r\n" * (MB // 2) + HEAD + b"\r\n\r\nx\r\n--XX--", id="CVE-2026-40347 preamble"),
    pytest.param(MULTIPART, b"\r\n" + b"-" * MB, id="CVE-2026-40347 preamble of dashes"),
    pytest.param(MULTIPART, HEAD + b"\r\nX: y" * (MB // 6), id="CVE-2026-42561 many part headers"),
    pytest.param(MULTIPART, HEAD + b"; x=" + b"y" * MB, id="CVE-2026-42561 long part header"),
    pytest.param(MULTIPART, HEAD + b"x" * 7_000 + b" " * 1_000 + b"\r\n\r\nx\r\n--XX--", id="spaces in a part header"),
    pytest.param(MULTIPART, HEAD[:-1] + b"\\\"" * 4_000 + b"\r\n\r\nx\r\n--XX--", id="quotes in a part header"),
    pytest.param(MULTIPART, (HEAD + b"\r\n\r\n\r\n") * (MB // 50), id="CVE-2024-47874 parts without end"),
    pytest.param(MULTIPART, HEAD + b"\r\n\r\n" + b"\r" * MB, id="CVE-2024-49767 carriage returns"),
    pytest.param(URLENCODED, b"&" * MB, id="CVE-2026-54283 separators"),
    pytest.param(URLENCODED, b"ab&" * (MB // 3), id="CVE-2026-54283 fields"),
    pytest.param(URLENCODED, b"a=" + b"%" * (MB - 2), id="GHSA-5rvq percent signs"),
    pytest.param(URLENCODED, b";" * MB, id="GHSA-6jv3 semicolons"),
    pytest.param("text/plain", b"\r\n" * (MB // 2), id="empty lines"),
    pytest.param("text/plain", b"=\r\n" * (MB // 3), id="empty pairs"),
    pytest.param("application/json", b"[" * MB, id="deep lists"),
    pytest.param("application/json", b'{"":' * (MB // 4), id="deep objects"),
    pytest.param("application/json", b'{"a":[' + b"1," * (MB // 2) + b"1]}", id="long list"),
    pytest.param("application/json", b"{" + b'"":1,' * (MB // 5) + b'"":1}', id="many names"),
    pytest.param("application/json", b'"' + b'\\"' * (MB // 2), id="a string without end"),
    pytest.param("application/json", b'{"a":' + b"9" * (MB - 7) + b"}", id="a long number"),
]  # fmt: skip


@pytest.mark.timeout(20)
@pytest.mark.parametrize(("content_type", "body"), BOMBS)
def test_a_bomb_costs_little(content_type: str, body: bytes) -> None:
    """A megabyte made to be slow is read or refused at once, in less than twice its size of memory."""
    tracemalloc.start()
    try:
        _read(content_type, body)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2 * 1_048_576


def _read(content_type: str, body: bytes) -> None:
    with suppress(RequestError):
        parse(content_type, body, limits=LIMITS, charset="utf-8")


def test_headers_of_a_part_are_limited_together() -> None:
    """CVE-2026-42561: neither one long header nor many short ones pass."""
    for headers in (b"\r\nX: " + b"y" * 8_200, b"\r\nX: " + b"\r\nX: ".join([b"y" * 700] * 12)):
        with pytest.raises(TooLarge):
            parse(
                MULTIPART, HEAD + headers + b"\r\n\r\nx\r\n--XX--", limits=LIMITS, charset="utf-8"
            )


def test_a_path_in_a_file_name_is_cut_off() -> None:
    """CVE-2026-24486: a file name cannot lead out of a folder."""
    body = HEAD + b'; filename="../../../etc/cron.d/x"\r\n\r\nx\r\n--XX--'
    (entry,) = parse(MULTIPART, body, limits=LIMITS, charset="utf-8")
    assert not isinstance(entry.value, str)
    assert entry.value.name == "x"


def test_a_cut_body_is_never_taken_in_part() -> None:
    """Whatever is missing at the end, the form is refused and not stored without it."""
    body = HEAD + b"\r\n\r\nx\r\n" + HEAD.replace(b'"a"', b'"b"') + b"\r\n\r\ny\r\n--XX--"
    for length in range(len(body)):
        with pytest.raises(Malformed):
            parse(MULTIPART, body[:length], limits=LIMITS, charset="utf-8")
