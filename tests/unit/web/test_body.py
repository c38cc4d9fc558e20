"""What a body says, in each encoding that forms are sent in."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.variants import replace
from todoke.model.errors import Malformed, RequestError, TooLarge, Unsupported
from todoke.model.form import Limits
from todoke.model.submission import Entry, EntryList, File
from todoke.web.door.body import parse

DEFAULT = Limits()
URLENCODED = "application/x-www-form-urlencoded"
SMALL = Limits(
    body_bytes=2_000, fields=5, files=2, file_bytes=300, field_bytes=200, part_header_bytes=150
)


def read(
    body: bytes, content_type: str = URLENCODED, charset: str = "utf-8", limits: Limits = DEFAULT
) -> EntryList:
    return parse(content_type, body, limits=limits, charset=charset)


def pairs(entries: EntryList) -> list[tuple[str, str]]:
    return [(e.name, e.value if isinstance(e.value, str) else e.value.name) for e in entries]


def part(disposition: str, content: bytes, *headers: str) -> bytes:
    lines = [f"Content-Disposition: form-data; {disposition}", *headers]
    return b"--XX\r\n" + "\r\n".join(lines).encode() + b"\r\n\r\n" + content + b"\r\n"


def multipart(*parts: bytes, limits: Limits = DEFAULT, charset: str = "utf-8") -> EntryList:
    body = b"".join(parts) + b"--XX--\r\n"
    return read(body, "multipart/form-data; boundary=XX", charset, limits)


# urlencoded


def test_a_semicolon_is_a_letter() -> None:
    """Only "&" parts fields: another reader in front of us must not see other fields (GHSA-6jv3-5f52-599m)."""
    assert pairs(read(b"a=1;b=2&c=3")) == [("a", "1;b=2"), ("c", "3")]


def test_fields_that_repeat_stay_in_order() -> None:
    """Every entry is kept, in the order sent."""
    assert pairs(read(b"a=1&b=&a=2")) == [("a", "1"), ("b", ""), ("a", "2")]


def test_the_content_type_is_read_as_http_means_it() -> None:
    """Case, spaces and quotes in a Content-Type do not matter."""
    entries = read(b"a=%82%a0", 'Application/X-WWW-Form-URLEncoded ; Charset="Shift_JIS"')
    assert pairs(entries) == [("a", "あ")]


@pytest.mark.parametrize("content_type", ["", "text/html", "application/xml", "image/png", "x"])
def test_what_no_form_is_sent_as_is_refused(content_type: str) -> None:
    """415 for everything but the four encodings."""
    with pytest.raises(Unsupported):
        read(b"a=1", content_type)


# charsets

PEOPLE = "山田①～表ソ─㈱"


@pytest.mark.parametrize(
    ("label", "raw"),
    [
        ("Shift_JIS", PEOPLE.encode("cp932")),
        ("x-sjis", PEOPLE.encode("cp932")),
        ("euc-jp", b"\xbb\xb3\xc5\xc4\xad\xa1\xa1\xc1\xc9\xbd\xa5\xbd\xa8\xa1\xad\xea"),
        (
            "iso-2022-jp",
            b"\x1b$B\x3b\x33\x45\x44\x2d\x21\x21\x41\x49\x3d\x25\x3d\x28\x21\x2d\x6a\x1b(B",
        ),
        ("utf-8", PEOPLE.encode()),
    ],
)
@pytest.mark.parametrize("where", ["declared", "_charset_", "form"])
def test_japanese_is_read_in_the_charset_that_is_labelled(
    label: str, raw: bytes, where: str
) -> None:
    """A label in the Content-Type, in `_charset_` or in the form's settings means what browsers mean by it."""
    escaped = b"".join(b"%%%02X" % byte for byte in raw)
    body = b"name=" + escaped + (b"&_charset_=" + label.encode() if where == "_charset_" else b"")
    content_type = f"{URLENCODED}; charset={label}" if where == "declared" else URLENCODED
    entries = read(body, content_type, label if where == "form" else "utf-8")
    assert Entry("name", PEOPLE) == entries[0]


def test_half_width_katakana_and_the_supplement_are_read() -> None:
    """EUC-JP's three-byte characters and the katakana of both 7- and 8-bit encodings have their meaning."""
    katakana = "ｱｲｳ"
    assert katakana == read(b"a=%8E%B1%8E%B2%8E%B3", charset="euc-jp")[0].value
    assert katakana == read(b"a=%1B(I123%1B(B", charset="iso-2022-jp")[0].value
    assert read(b"a=%8F%B0%A1x", charset="euc-jp")[0].value == "丂x"
    assert read(b"a=%1B(J%5C5~%1B(B", charset="iso-2022-jp")[0].value == "¥5‾"


@pytest.mark.parametrize("byte", range(0x80, 0x100))
def test_windows_1252_has_a_meaning_for_each_byte(byte: int) -> None:
    """The bytes that Windows-1252 leaves open are C1 controls (WHATWG Encoding), so nothing is ever lost."""
    (entry,) = read(b"a=%%%02X" % byte, charset="latin1")
    assert entry.raw is None
    assert "\ufffd" not in str(entry.value)


@pytest.mark.parametrize("charset", ["shift_jis", "euc-jp", "iso-2022-jp"])
def test_a_body_in_utf8_is_read_although_the_form_is_older(charset: str) -> None:
    """Bytes that the form's charset cannot hold, and UTF-8 can, are UTF-8."""
    (entry,) = read("a=届け出、受理されました".encode(), charset=charset)
    assert entry.value == "届け出、受理されました"


def test_one_charset_reads_the_whole_body() -> None:
    """UTF-8 that happens to be good Shift_JIS is not read as such when another field shows that it is UTF-8."""
    entries = read("a=亜&b=届け出、です".encode(), charset="shift_jis")
    assert pairs(entries) == [("a", "亜"), ("b", "届け出、です")]


def test_bytes_without_a_meaning_are_kept() -> None:
    """What cannot be decoded shows as U+FFFD, beside the bytes as they came."""
    assert (Entry("a", "\ufffd\ufffdx", b"\xfe\xffx"), Entry("b", "é")) == read(
        b"a=%FE%FFx&b=%C3%A9"
    )


def test_bytes_of_a_name_without_a_meaning_are_kept() -> None:
    """A name that cannot be decoded is kept, percent-encoded, before its value."""
    assert (Entry("\ufffdn", "v", b"%82n=v"),) == read(b"%82n=v")


def test_unlabelled_shift_jis_loses_nothing() -> None:
    """Without a label nothing is guessed and nothing is lost."""
    raw = "山田".encode("cp932")
    (entry,) = read(b"name=" + b"".join(b"%%%02x" % b for b in raw))
    assert raw == entry.raw


@pytest.mark.parametrize("label", ["zip", "idna", "unicode_escape", "undefined", "x" * 9000, "é"])
def test_a_label_names_only_character_encodings(label: str) -> None:
    """Python's other codecs cannot be reached from a request."""
    (entry, _) = read(b"a=%41&_charset_=" + label.encode(), limits=Limits(field_bytes=20_000))
    assert entry.value == "A"


def test_what_browsers_could_not_encode_is_read_as_what_it_was() -> None:
    """They write a reference for it: in names, values and names of files. In UTF-8 and JSON it was typed."""
    sent = b"%26%23128169%3B"
    assert read(b"a=" + sent, charset="shift_jis")[0].value == "💩"
    assert read(sent + b"=&_charset_=euc-jp")[0].name == "💩"
    assert read(b"a=" + sent)[0].value == "&#128169;"
    typed = read(b'{"a":"&#128169;"}', "application/json; charset=shift_jis")
    assert typed[0].value == "&#128169;"
    disposition = b'name="&#128169;"; filename="&#128169;.txt"'
    (entry,) = multipart(
        b"--XX\r\nContent-Disposition: form-data; " + disposition + b"\r\n\r\nx\r\n",
        charset="shift_jis",
    )
    assert isinstance(entry.value, File)
    assert (entry.name, entry.value.name) == ("💩", "💩.txt")


# multipart


def test_a_field_and_a_file_are_read() -> None:
    """A part with a filename is a file with its name, type and bytes."""
    entries = multipart(
        part('name="a"', b"b\r\nc"),
        part('name="f"; filename="x.PNG"', b"\x89PNG\r\n--XY", "Content-Type: Image/PNG; a=b"),
    )
    file = File(name="x.PNG", media_type="image/png", content=b"\x89PNG\r\n--XY")
    assert (Entry("a", "b\r\nc"), Entry("f", file)) == entries


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ('"a%22b%0D%0Ac"', 'a"b\r\nc'),
        ('"100%25"', "100%25"),
        (r'"a\b"', r"a\b"),
        ('"a\\"b"', 'a"b'),
        ('"a\\"; x="y"', "a\\"),
        ('"a;b=c"', "a;b=c"),
        ("bare", "bare"),
        ('"a\\\\"', "a\\\\"),
    ],
)
def test_names_are_unescaped_as_browsers_escape(written: str, name: str) -> None:
    """%22, %0D and %0A are undone and nothing else; a backslash is a letter."""
    assert [(name, "v")] == pairs(multipart(part(f"name={written}", b"v")))


def test_a_backslash_as_second_byte_does_not_escape() -> None:
    """表 ends with 0x5C in Shift_JIS: it must not swallow the quotation mark after it."""
    disposition = 'Content-Disposition: form-data; name="表"; filename="表.txt"\r\n\r\nx\r\n'
    entries = multipart(b"--XX\r\n" + disposition.encode("cp932"), charset="shift_jis")
    assert pairs(entries) == [("表", "表.txt")]


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        (r"C:\Documents and Settings\me\x.png", "x.png"),
        ("/etc/passwd", "passwd"),
        ("../../x", "x"),
        (r"..\..\x", "x"),
        (r"a\..\..\x", "x"),
        (r"\\server\share\x.doc", "x.doc"),
        (r"C:x", "x"),
        ("photos/1.jpg", "1.jpg"),
        (r"b\c", r"b\c"),
        ("..", ""),
        ("a/..", ""),
        ("b\0c", "b\0c"),
    ],
)
def test_a_file_name_is_never_a_path(sent: str, name: str) -> None:
    """Folders are cut off (CVE-2026-24486); a backslash within a Unix name stays."""
    assert [("f", name)] == pairs(multipart(part(f'name="f"; filename="{sent}"', b"x")))


def test_a_file_control_without_a_file_is_no_entry() -> None:
    """Browsers send an empty file without a name when nothing was chosen."""
    empty = part('name="f"; filename=""', b"", "Content-Type: application/octet-stream")
    assert multipart(empty) == ()
    assert pairs(multipart(part('name="f"; filename="empty.txt"', b""))) == [("f", "empty.txt")]


def test_filename_star_never_wins() -> None:
    """A filter in front of us reads filename; filename* must not say something else (RFC 7578 4.2)."""
    smuggled = part('name="f"; filename="a.txt"; filename*=utf-8\'\'b.exe', b"x")
    assert pairs(multipart(smuggled)) == [("f", "a.txt")]
    alone = part("name=\"f\"; filename*=UTF-8''%E5%B1%8A.txt", b"x")
    assert pairs(multipart(alone)) == [("f", "届.txt")]


def test_a_part_may_declare_its_own_charset() -> None:
    """RFC 7578 4.5: the charset of a part's own Content-Type counts for its value."""
    content = "山".encode("cp932")
    header = "Content-Type: text/plain; charset=shift_jis"
    assert pairs(multipart(part('name="a"', content, header), part('name="b"', "é".encode()))) == [
        ("a", "山"),
        ("b", "é"),
    ]


def test_a_charset_field_counts_in_multipart() -> None:
    """RFC 7578 4.6: `_charset_` is the charset of all other parts."""
    entries = multipart(
        part('name="_charset_"', b"Shift_JIS"), part('name="a"', "表".encode("cp932"))
    )
    assert Entry("a", "表") == entries[1]


def test_bytes_of_a_file_name_without_a_meaning_are_kept() -> None:
    """The file is kept under the name that could be read; its bytes are in `raw`."""
    body = b'--XX\r\nContent-Disposition: form-data; name="f"; filename="\x82.txt"\r\n\r\nx\r\n'
    (entry,) = multipart(body)
    assert isinstance(entry.value, File)
    assert (entry.value.name, entry.raw) == ("\ufffd.txt", b"\x82.txt")


def test_a_transfer_encoding_is_undone() -> None:
    """No browser uses it; programs that do mean it."""
    entries = multipart(
        part('name="a"', b"SGVs\r\nbG8=", "Content-Transfer-Encoding: BASE64"),
        part('name="b"', b"a=3Db", "Content-Transfer-Encoding: quoted-printable"),
    )
    assert pairs(entries) == [("a", "Hello"), ("b", "a=b")]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--XX\r\n",
        part('name="a"', b"x"),
        part('name="a"', b"x") + b"--XX-",
        b'--XX\r\nContent-Disposition: form-data; name="a"\r\n\r\nx',
        part('name="a"; name="b"', b"x") + b"--XX--",
        part('name="a"; filename="b"; filename="c"', b"x") + b"--XX--",
        part("", b"x") + b"--XX--",
        b"--XX\r\nContent-Type: text/plain\r\n\r\nx\r\n--XX--",
        part('name="a"', b"x", 'Content-Disposition: form-data; name="b"') + b"--XX--",
        part('name="a"', b"x", "Content-Transfer-Encoding: base64") + b"--XX--",
        part('name="a"', b"x", "Content-Transfer-Encoding: rot13") + b"--XX--",
    ],
)
def test_damaged_multipart_is_malformed(body: bytes) -> None:
    """A body that is cut short or says two things at once is refused, never read in part."""
    with pytest.raises(Malformed):
        read(body, "multipart/form-data; boundary=XX")


@pytest.mark.parametrize("boundary", ["", "; boundary=", "; boundary=" + "x" * 300])
def test_a_boundary_is_needed(boundary: str) -> None:
    """Multipart without a usable boundary cannot be read."""
    with pytest.raises(Malformed):
        read(b"--x--", "multipart/form-data" + boundary)


# text/plain


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", []),
        (b"a=b\r\n", [("a", "b")]),
        (b"a=b=c\r\nd=\r\n", [("a", "b=c"), ("d", "")]),
        (b"a=one\r\ntwo\r\n\r\nb=c\r\n", [("a", "one\r\ntwo\r\n"), ("b", "c")]),
        (b"a\r\nb=c\r\n", [("a\r\nb", "c")]),
        (b"a=b\nc=d\n", [("a", "b"), ("c", "d")]),
        (b"\r\n", []),
    ],
)
def test_plain_text_is_lines_of_pairs(body: bytes, expected: list[tuple[str, str]]) -> None:
    """Lines without an equals sign belong to what stands before them."""
    assert expected == pairs(read(body, "text/plain"))


@pytest.mark.parametrize("body", [b"hello", b"hello\r\n", b"Dear all,\r\nlet x=1", b"5", b"true"])
def test_a_text_that_is_no_form_is_refused(body: bytes) -> None:
    """It would become the name of a field."""
    with pytest.raises(Malformed):
        read(body, "text/plain;charset=UTF-8")


def test_what_a_script_serialised_is_read_as_such() -> None:
    """`URLSearchParams` sent as a text is labelled text/plain; a form's own text ends with a line break."""
    body = b"email=aya%40example.com&message=a+b&empty="
    expected = [("email", "aya@example.com"), ("message", "a b"), ("empty", "")]
    assert pairs(read(body, "text/plain;charset=UTF-8")) == expected
    assert pairs(read(b"a=b%40&c=d\r\n", "text/plain")) == [("a", "b%40&c=d")]


# JSON


LABELS = ("text/plain;charset=UTF-8", URLENCODED, URLENCODED + ";charset=utf-8", "", "text/json")


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("around", [b"%s", b" \r\n%s\n", b"\xef\xbb\xbf%s"])
def test_a_json_object_is_read_as_such_whatever_its_label(label: str, around: bytes) -> None:
    """A browser labels a script's text text/plain; `&`, `=` and `+` in it part nothing."""
    body = around % b'{"email":"aya@example.com", "message":"a=b&c=d+\\n", "tags":["x"]}'
    expected = [("email", "aya@example.com"), ("message", "a=b&c=d+\n"), ("tags", "x")]
    assert pairs(read(body, label)) == expected


@pytest.mark.parametrize("label", [label for label in LABELS if "/" in label])
@pytest.mark.parametrize(
    "body",
    [
        b'{"email":"a=b', b'{"a":1}{"b":2}', b'["a=b"]', b'"a=b"', b'[{"a":"b=c"', b'[1,2]', b"{\"a\" = 1}",
    ],
)  # fmt: skip
def test_json_that_is_no_whole_object_is_no_field(label: str, body: bytes) -> None:
    """It is refused in words, never kept as a field named like the message."""
    with pytest.raises((Malformed, Unsupported)):
        read(body, label)


def test_a_form_that_only_looks_a_little_like_json_is_a_form() -> None:
    """Names may begin with a bracket, a brace or a quote."""
    for name in ("[0]", "{x}", '"a"', "[a]"):
        body = f"{name}=1\r\n".encode()
        assert pairs(read(body, "text/plain")) == [(name, "1")]
        assert pairs(read(body.strip(), URLENCODED)) == [(name, "1")]


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ("{}", []),
        ('{"a":"b","n":1.50,"big":123456789012345678901,"t":true,"f":false,"z":null}',
         [("a", "b"), ("n", "1.50"), ("big", "123456789012345678901"), ("t", "true"), ("f", "false")]),
        ('{"a":["x","y"],"a":"z"}', [("a", "x"), ("a", "y"), ("a", "z")]),
        ('{"a":{"b":{"c":"d"}},"e":[{"f":1},{"f":2}]}', [("a.b.c", "d"), ("e.f", "1"), ("e.f", "2")]),
        ('\ufeff{"a":"届"}', [("a", "届")]),
        ('{"":"x"}', [("", "x")]),
    ],
)  # fmt: skip
def test_json_becomes_entries(document: str, expected: list[tuple[str, str]]) -> None:
    """Numbers as written, lists as repeated fields, objects as dotted names, and nothing for null."""
    assert expected == pairs(read(document.encode(), "application/json"))


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"[]",
        b'"a"',
        b"{",
        b"{'a':1}",
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"a":' * 20 + b"1" + b"}" * 20,
        b'{"a":' + b"[" * 900 + b"]" * 900 + b"}",
    ],
)
def test_other_json_is_malformed(document: bytes) -> None:
    """What is no flat enough object is refused; the depth of a document cannot exhaust the stack."""
    with pytest.raises(Malformed):
        read(document, "application/json")


def test_json_cannot_smuggle_in_half_a_character() -> None:
    """A lone surrogate can be neither stored nor shown: it is kept as bytes."""
    (entry,) = read(rb'{"a":"x\ud800y"}', "application/json")
    assert Entry("a", "x\ufffd\ufffd\ufffdy", b"x\xed\xa0\x80y") == entry


def test_json_in_another_charset_is_read_or_kept() -> None:
    """A declared charset counts; bytes that are no UTF-8 are kept."""
    raw = "山".encode("cp932")
    assert read(b'{"a":"' + raw + b'"}', "application/json; charset=shift_jis")[0].value == "山"
    assert read(b'{"a":"\xff"}', "application/json")[0].raw == b"\xff"


# limits


@pytest.mark.parametrize(
    "content_type",
    [URLENCODED, "text/plain", "application/json", "multipart/form-data; boundary=XX"],
)
def test_the_size_of_a_body_is_limited(content_type: str) -> None:
    """413 before anything is parsed."""
    with pytest.raises(TooLarge):
        read(b"a" * 2_001, content_type, limits=SMALL)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (URLENCODED, b"a=1&" * 6),
        (URLENCODED, b"&&a=1" * 6),
        ("text/plain", b"a=1\r\n" * 6),
        ("application/json", b'{"a":[1,2,3,4,5,6]}'),
        ("application/json", b'{"a":1,"b":1,"c":1,"d":{"x":1},"e":1,"f":1}'),
    ],
)
def test_the_number_of_fields_is_limited(content_type: str, body: bytes) -> None:
    """The limit holds for every encoding (CVE-2026-54283), and the number allowed passes."""
    with pytest.raises(TooLarge):
        read(body, content_type, limits=SMALL)
    assert read(body, content_type, limits=replace(SMALL, fields=6))


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (URLENCODED, b"a=" + b"x" * 201),
        ("text/plain", b"a=" + b"x" * 201),
        ("application/json", b'{"a":"' + b"x" * 201 + b'"}'),
        ("multipart/form-data; boundary=XX", part('name="a"', b"x" * 201) + b"--XX--"),
    ],
)
def test_the_size_of_a_field_is_limited(content_type: str, body: bytes) -> None:
    """The limit holds for every encoding, and the size allowed passes."""
    with pytest.raises(TooLarge):
        read(body, content_type, limits=SMALL)
    assert read(body, content_type, limits=replace(SMALL, field_bytes=201))


@pytest.mark.parametrize(
    ("content_type", "before", "after"),
    [
        (URLENCODED, b"", b"=1"),
        ("text/plain", b"", b"=1"),
        ("application/json", b'{"', b'":1}'),
        ("multipart/form-data; boundary=XX",
         b'--XX\r\nContent-Disposition: form-data; name="', b'"\r\n\r\nx\r\n--XX--'),
    ],
)  # fmt: skip
def test_the_length_of_a_name_is_limited(content_type: str, before: bytes, after: bytes) -> None:
    """A name may have 1,024 bytes."""
    assert read(before + b"n" * 1_024 + after, content_type)
    with pytest.raises(TooLarge):
        read(before + b"n" * 1_025 + after, content_type)


def test_the_parts_of_multipart_are_limited() -> None:
    """Number of fields and of files, size of a file, and empty file controls, too."""
    for parts in (
        [part('name="a"', b"x")] * 6,
        [part('name="a"; filename="x"', b"x")] * 3,
        [part('name="a"; filename=""', b"x")] * 3,
        [part('name="a"; filename=""', b"")] * 6,
        [part('name="a"; filename="x"', b"x" * 301)],
    ):
        with pytest.raises(TooLarge):
            multipart(*parts, limits=SMALL)


@given(st.binary(max_size=400))
@pytest.mark.parametrize("start", [b"", b'--XX\r\nContent-Disposition: form-data; name="a"'])
@pytest.mark.parametrize(
    "content_type",
    [URLENCODED, "multipart/form-data; boundary=XX", "text/plain", "application/json"],
)
def test_any_bytes_are_entries_or_an_error_of_ours(
    content_type: str, start: bytes, body: bytes
) -> None:
    """No body is an unexpected error, and every text can be stored and shown."""
    try:
        entries = read(start + body, content_type, "shift_jis", SMALL)
    except RequestError:
        return
    for entry in entries:
        entry.name.encode()
        (entry.value if isinstance(entry.value, str) else entry.value.name).encode()


@given(st.text(max_size=60), st.binary(max_size=60))
def test_any_content_type_is_read_or_refused(content_type: str, body: bytes) -> None:
    """No Content-Type is an unexpected error."""
    for prefix in ("", "multipart/form-data;", "text/plain;charset=", "application/json;"):
        try:
            read(body, prefix + content_type)
        except RequestError:
            continue


@given(st.lists(st.tuples(st.binary(min_size=1, max_size=8), st.binary(max_size=8)), max_size=5))
def test_no_byte_is_lost(sent: list[tuple[bytes, bytes]]) -> None:
    """Each value comes back from an entry: as text, or as the bytes beside it."""
    body = b"&".join(
        b"".join(b"%%%02X" % byte for byte in name)
        + b"="
        + b"".join(b"%%%02X" % byte for byte in value)
        for name, value in sent
    )
    if any(name == b"_charset_" for name, _ in sent):
        return
    for (name, value), entry in zip(sent, read(body), strict=True):
        assert isinstance(entry.value, str)
        kept = entry.value.encode() if entry.raw is None else entry.raw
        if "\ufffd" in entry.name and entry.raw is not None:
            kept_name, _, kept = kept.partition(b"=")
            assert name == unquote_to_bytes(kept_name)
        assert value == kept
