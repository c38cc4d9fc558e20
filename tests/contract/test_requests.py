"""Requests that browsers and other readers' tests left behind, sent to a real socket: each is read as it is labelled.

The recordings are not part of the project; TODOKE_CORPORA names their folder, and without them these tests are skipped.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from starlette.applications import Starlette

from support.places import CORPORA
from support.web.doors import KeepingStore, make_app, served
from todoke.model.form import Confirmation, Field, Form, Limits
from todoke.model.submission import Entry, EntryList
from todoke.web.door import door
from todoke.web.door.body import parse

CHROMIUM = CORPORA / "browser-chromium"
MULTIPART = CORPORA / "form-multipart" / "python-multipart"
WERKZEUG = CORPORA / "form-multipart" / "werkzeug"
WPT = CORPORA / "form-wpt"

pytestmark = pytest.mark.skipif(
    not CHROMIUM.is_dir(), reason="the recorded requests are not here (TODOKE_CORPORA)"
)

Shown = list[tuple[str, str, bytes | None]]
"""What an entry list says: name, text or file name, and the file's bytes."""


class OpenStore(KeepingStore):
    """Keeps every request, the same ones too."""

    def add(self, submission: Any, messages: Any, repeat: Any, notices: Any = ()) -> Any:
        """Keep it."""
        return super().add(submission, messages, None)


@dataclass(frozen=True)
class Case:
    """A recorded request: the bytes to send, and what they say."""

    id: str
    head: bytes
    body: bytes
    expected: Shown | None
    charset: str = "utf-8"

    @property
    def form(self) -> Form:
        """A form that takes any fields, and files where one was sent."""
        files = {name for name, _, content in self.expected or () if content is not None}
        fields = tuple(Field(name=n, kind="file", multiple=True) for n in sorted(files))
        return Form(
            name=self.id,
            charset=self.charset,
            confirmation=Confirmation(field=""),
            fields=fields or None,
            limits=Limits(body_bytes=2_000_000),
        )

    @property
    def raw(self) -> bytes:
        """The request, addressed to the form."""
        return self.head + b"\r\n\r\n" + self.body


def show(entries: EntryList) -> Shown:
    return [_show(entry) for entry in entries]


def _show(entry: Entry) -> tuple[str, str, bytes | None]:
    if isinstance(entry.value, str):
        return entry.name, entry.value, None
    return entry.name, entry.value.name, entry.value.content


def post(case_id: str, content_type: str, body: bytes, expected: Shown | None, **more: str) -> Case:
    head = (
        f"POST /f/{case_id} HTTP/1.1\r\nHost: door.example\r\nAccept: text/html\r\n"
        f"Content-Type: {content_type}\r\nContent-Length: {len(body)}"
    )
    return Case(case_id, head.encode(), body, expected, **more)


def lines(text: str) -> str:
    """Line breaks as a browser sends them."""
    return re.sub(r"\r\n|\r|\n", "\r\n", text)


def chromium_cases() -> Iterator[Case]:
    for line in (CHROMIUM / "labels.jsonl").read_text().splitlines():
        label = json.loads(line)
        head, _, body = (CHROMIUM / label["raw"]).read_bytes().partition(b"\r\n\r\n")
        head = re.sub(rb"^POST \S+", b"POST /f/" + label["id"].encode(), head)
        charset = label["form_charset"]
        entry = label["entry"]

        is_file = b"multipart" in label["content_type"].encode() and entry.get("filename")
        if is_file:
            expected = (lines(entry["name"]), entry["filename"], b"")
        else:
            value = entry.get("value") if entry.get("filename") is None else entry["filename"]
            expected = (lines(entry["name"]), lines(value), None)
        yield Case(label["id"], head, body, [expected], charset)


def multipart_cases() -> Iterator[Case]:
    for path in sorted(MULTIPART.glob("*.http")):
        boundary, expected = _read_yaml(path.with_suffix(".yaml").read_text())
        if (
            path.stem == "single_field_blocks"
        ):  # its label has two hyphens too many, for its own reader, too
            boundary = boundary.removeprefix("--")
        content_type = f'multipart/form-data; boundary="{boundary}"'
        yield post(path.stem, content_type, path.read_bytes(), expected)


def _read_yaml(text: str) -> tuple[str, Shown | None]:
    """The part of YAML that these labels use."""
    boundary = re.search(r"^boundary: (\S+)", text, re.MULTILINE)
    assert boundary
    if "error:" in text:
        return boundary[1], None
    expected: Shown = []
    for item in re.split(r"^\s*- (?=name:)", text, flags=re.MULTILINE)[1:]:
        name = re.search(r"name: (\S+)", item)
        file_name = re.search(r"file_name: (\S+)", item)
        data = re.search(r"data: !!binary \|?([\s\S]*)", item)
        assert name
        content = base64.b64decode(data[1].strip().strip('"')) if data else b""
        if file_name:
            expected.append((name[1], file_name[1], content))
        else:
            expected.append((name[1], content.decode(), None))
    return boundary[1], expected


def werkzeug_cases() -> Iterator[Case]:
    for folder in sorted(path for path in WERKZEUG.iterdir() if path.is_dir()):
        body = (folder / "request.http").read_bytes()
        names = [name.decode() for name in re.findall(rb'filename="([^"]*)"', body)]
        expected: Shown = [
            (f"file{n}", name.rpartition("\\")[2], (folder / f"file{n}.png").read_bytes())
            for n, name in enumerate(names, 1)
        ]
        text = (folder / "text.txt").read_bytes().decode().removesuffix("\n")
        expected.append(("text", lines(text), None))
        yield _werkzeug(folder.name, body, expected)
    body = (WERKZEUG / "ie7_full_path_request.http").read_bytes()
    yield _werkzeug("ie7_full_path_request", body, None)


def _werkzeug(case_id: str, body: bytes, expected: Shown | None) -> Case:
    boundary = re.match(rb"--([^\r\n]+)", body)
    assert boundary
    content_type = f"multipart/form-data; boundary={boundary[1].decode()}"
    return post(case_id, content_type, body, expected)


def wpt_cases() -> Iterator[Case]:
    cases = json.loads((WPT / "wpt_cases.json").read_text())
    for n, (name, value, label, urlencoded, parts, _) in enumerate(cases["submission0"]):
        charset = label or "utf-8"
        text = value["file"] if isinstance(value, dict) else value
        shown = [lines(name), lines(text)]
        yield post(
            f"wpt-urlencoded-{n}",
            "application/x-www-form-urlencoded",
            urlencoded.encode("latin-1"),
            [(shown[0], shown[1], None)],
            charset=charset,
        )
        expected = (shown[0], text, b"") if "filename" in parts else (*shown, None)
        yield _wpt_multipart(f"wpt-multipart-{n}", parts, charset, expected)
    for n, (name, charset, sent) in enumerate(cases["fileForm"]):
        # Browsers have no half-width katakana in ISO-2022-JP: they send the wide ones (WHATWG Encoding 12.2.2).
        plain = name.replace("･", "・") if charset == "ISO-2022-JP" else name
        parts = {"name": "file", "filename": sent, "value": "content"}
        decoded = plain.rpartition("/")[2]  # for us a slash ends a folder, whoever sends it
        yield _wpt_multipart(f"wpt-file-{n}", parts, charset, ("file", decoded, b"content"))
    for n, (name, sent, *charset) in enumerate(cases["textPlainFilenames"]):
        body = b"file=" + sent.encode("latin-1") + b"\r\n"
        codec = charset[0] if charset else "utf-8"
        yield post(
            f"wpt-plain-{n}", "text/plain", body, [("file", lines(name), None)], charset=codec
        )


def _wpt_multipart(case_id: str, parts: Any, charset: str, expected: Any) -> Case:
    escaped = {
        k: v.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A") for k, v in parts.items()
    }
    disposition = 'Content-Disposition: form-data; name="{name}"'.format(**escaped)
    if "filename" in parts:
        disposition += '; filename="{filename}"\r\nContent-Type: text/plain'.format(**escaped)
    text = f"--WPT\r\n{disposition}\r\n\r\n{parts['value']}\r\n--WPT--\r\n"
    content_type = "multipart/form-data; boundary=WPT"
    return post(case_id, content_type, text.encode("latin-1"), [expected], charset=charset)


def send_all(cases: Sequence[Case], sendings: Sequence[tuple[Case, list[bytes]]]) -> list[Any]:
    """Send each request in its pieces over a few connections; what was answered, and what was kept, in order."""
    app = make_app(*(case.form for case in cases))
    store = OpenStore()
    object.__setattr__(app, "store", store)
    with served(Starlette(routes=door.routes(app))) as port:
        statuses = asyncio.run(_send_all(port, [pieces for _, pieces in sendings]))
    return [statuses, store.submissions]


async def _send_all(port: int, sendings: list[list[bytes]]) -> list[int]:
    statuses = [0] * len(sendings)
    waiting = iter(range(len(sendings)))

    async def work() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for n in waiting:
            for piece in sendings[n]:
                writer.write(piece)
                await writer.drain()
                if len(sendings[n]) > 1:
                    await asyncio.sleep(0.0005)
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"content-length: (\d+)", head)
            assert length, head
            await reader.readexactly(int(length[1]))
            statuses[n] = int(head[9:12])
        writer.close()

    await asyncio.gather(*(work() for _ in range(24 if len(sendings) > 200 else 1)))
    return statuses


def check(cases: Sequence[Case]) -> None:
    """Send each once; what is kept is what the labels say, and what they call an error is a 400."""
    statuses, kept = send_all(cases, [(case, [case.raw]) for case in cases])
    by_form = {submission.form: show(submission.entries) for submission in kept}
    wrong = {}
    for case, status in zip(cases, statuses, strict=True):
        seen = by_form.get(case.id) if status == 303 else None
        if status not in {303, 400} or seen != case.expected:
            wrong[case.id] = (status, seen, case.expected)
    assert wrong == {}


def test_chromium_is_understood() -> None:
    """What Chromium sends for each page's form is the page's entry, in every encoding and charset."""
    cases = list(chromium_cases())
    assert len(cases) == 101
    check(cases)


def test_python_multiparts_cases_are_understood() -> None:
    """Each of its cases is read as labelled, or refused where an error is labelled."""
    check(list(multipart_cases()))


def test_old_browsers_are_understood() -> None:
    """Files and texts of Internet Explorer 6, Firefox 3, Opera 8 and Safari 3 arrive byte for byte."""
    cases = [case for case in werkzeug_cases() if case.expected is not None]
    assert len(cases) == 5
    check(cases)


def test_a_recording_with_bare_line_feeds_is_understood() -> None:
    """Internet Explorer 7's request, whose line ends were lost on the way, still shows its fields and its file."""
    (case,) = (case for case in werkzeug_cases() if case.expected is None)
    content_type = re.search(rb"Content-Type: (.*)\r\n", case.head)
    assert content_type
    limits = Limits(body_bytes=2_000_000)
    entries = parse(content_type[1].decode(), case.body, limits=limits, charset="utf-8")
    names = [(name, text) for name, text, _ in show(entries)]
    assert ("title", "2010") in names
    file = ("cb_file_upload_multiple", "Sellersburg Town Council Meeting 02-22-2010doc.doc")
    assert file in names


def test_the_web_platform_tests_are_understood() -> None:
    """Names, values and file names with every character that needs care, in UTF-8 and older charsets."""
    check(list(wpt_cases()))


def test_urlencoded_is_parsed_as_the_url_standard_says() -> None:
    """The standard's own cases; but a `_charset_` field counts for us, as it does for forms (RFC 7578 4.6)."""
    text = (WPT / "urlencoded-parser-data.json").read_text()
    for case in json.loads(text):
        if "_charset_" in case["input"]:
            continue
        entries = parse(
            "application/x-www-form-urlencoded",
            case["input"].encode(),
            limits=Limits(),
            charset="utf-8",
        )
        assert [(e.name, e.value) for e in entries] == [tuple(pair) for pair in case["output"]]


CUT = [
    "s0-urlencoded-003",
    "s0-urlencoded-028",
    "s0-multipart-031",
    "s0-multipart-034",
    "s0-multipart-045",
    "s0-multipart-056",
    "s0-multipart-058",
    "s0-textplain-065",
    "s0-textplain-086",
    "tp-010",
]


def test_where_a_request_is_cut_does_not_matter() -> None:
    """Ten requests, cut in two at every byte, are read as when they come whole."""
    cases = {case.id: case for case in chromium_cases() if case.id in CUT}
    assert len(cases) == len(CUT)
    sendings = [
        (case, [case.raw[:cut], case.raw[cut:]])
        for case in cases.values()
        for cut in range(1, len(case.raw))
    ]
    statuses, kept = send_all(list(cases.values()), sendings)
    assert set(statuses) == {303}
    assert len(kept) == len(sendings)
    for submission in kept:
        assert show(submission.entries) == cases[submission.form].expected


def test_a_body_may_come_in_chunks() -> None:
    """Transfer-Encoding chunked, a byte in each chunk, says the same (RFC 9112 7.1)."""
    cases = [case for case in chromium_cases() if case.id in CUT]
    sendings = []
    for case in cases:
        head = re.sub(rb"Content-Length: \d+", b"Transfer-Encoding: chunked", case.head)
        chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in case.body) + b"0\r\n\r\n"
        sendings.append((case, [head + b"\r\n\r\n", chunks]))
    statuses, kept = send_all(cases, sendings)
    assert set(statuses) == {303}
    assert [show(s.entries) for s in kept] == [case.expected for case in cases]
