"""Turn the body of a request into an entry list, whatever the page and the browser made of it.

It knows encodings and limits, and nothing of forms: which fields there are and whether their
values are good is decided in accept. No byte is lost: what cannot be decoded stays in `Entry.raw`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

from todoke.model.charset import UTF_8
from todoke.model.errors import Malformed, TooLarge, Unsupported
from todoke.model.form import Limits
from todoke.model.percent import percent_decode
from todoke.model.submission import Entry, EntryList
from todoke.web.door.charset import charsets_for, choose_charset, make_entry
from todoke.web.door.multipart import MAX_NAME_BYTES, read_multipart
from todoke.web.http.header import first_parameter, read_header

MAX_JSON_DEPTH = 8

_PIECE = 8_192

_URLENCODED = "application/x-www-form-urlencoded"


def parse(content_type: str, body: bytes, *, limits: Limits, charset: str) -> EntryList:
    """The entry list of a body; `charset` is the form's own, for bodies that do not name theirs.

    A charset declared in `content_type` comes first, then a `_charset_` field, then the form's, then UTF-8; the first
    that can read the whole body is taken. A body that is one JSON object is read as JSON whatever its label: scripts
    that send a text without saying what it is have it labelled text/plain by the browser.

    Raises Malformed: if the body is not what its type says. TooLarge: if it passes a limit. Unsupported: if its type
    is none that forms are sent as.
    """
    if len(body) > limits.body_bytes:
        raise TooLarge(f"A form may hold {limits.body_bytes} bytes at most.")
    if (
        content_type == _URLENCODED and body[:1] not in _JSON_STARTS
    ):  # nearly always; spares reading the parameters
        return _read_urlencoded(body, limits, ("", charset))
    kind, parameters = read_header(content_type.encode("latin-1", "replace"))
    labels = (first_parameter(parameters, b"charset").decode("latin-1"), charset)
    if kind == b"multipart/form-data":
        boundary = first_parameter(parameters, b"boundary")
        if not boundary:
            raise Malformed("The Content-Type does not name the boundary of the parts.")
        return read_multipart(boundary, body, limits=limits, labels=labels)
    if kind == b"application/json" or (kind[:12] == b"application/" and kind.endswith(b"+json")):
        return _read_json(body, limits, labels)
    if (entries := _read_unlabelled_json(body, limits, labels)) is not None:
        return entries
    if kind == _URLENCODED.encode() or (kind == b"text/plain" and _SERIALISED.fullmatch(body)):
        return _read_urlencoded(body, limits, labels)
    if kind == b"text/plain":
        return _read_plain(body, limits, labels)
    raise Unsupported


def _read_urlencoded(body: bytes, limits: Limits, labels: tuple[str, str]) -> EntryList:
    """Read application/x-www-form-urlencoded (WHATWG URL 5.1). Only "&" parts fields: a ";" is a letter."""
    if body.count(b"&") < limits.fields:
        segments: Iterable[bytes] = body.replace(b"+", b" ").split(b"&")
    else:
        segments = _first_segments(body.replace(b"+", b" "), limits.fields)
    pairs = []
    for segment in segments:
        if segment:
            name, _, value = segment.partition(b"=")
            if b"%" in segment:
                _limit_field(len(name) // 3, len(value) // 3, limits)
                name, value = percent_decode(name), percent_decode(value)
            pairs.append((name, value))
    return _entries(pairs, limits, labels)


def _first_segments(body: bytes, limit: int) -> Iterator[bytes]:
    """The segments between "&" that are not empty, one by one, so that a bomb of them is never held at once."""
    for count, match in enumerate(re.finditer(rb"[^&]+", body)):
        if count == limit:
            raise TooLarge(f"A form may hold {limit} fields at most.")
        yield match[0]


def _read_plain(body: bytes, limits: Limits, labels: tuple[str, str]) -> EntryList:
    """Read text/plain (WHATWG HTML 4.10.21.8): lines of name=value.

    The format cannot tell a line break in an answer from the next field. A line without "=" goes on with the value
    before it, or begins the name after it, which is right for most real answers and loses nothing. Only browsers end
    with a line break, and only what they made may begin with such a line: a script's text is no field's name.

    Raises Malformed: for a text that is no form.
    """
    newline = b"\r\n" if b"\r\n" in body else b"\n"
    text = body.removesuffix(newline)
    begins = text if body.endswith(newline) else text.partition(newline)[0]
    if text.strip() and b"=" not in begins:
        raise Malformed(
            "The text has no name=value. A script sends FormData, or JSON as application/json."
        )
    if b"=" not in text:
        return ()
    starts = [(0, text.find(b"="))]  # of each pair: where its name begins, where its "=" is
    line_end = text.find(newline, starts[0][1])
    while line_end != -1 and (equals := text.find(b"=", line_end)) != -1:
        starts.append((text.rfind(newline, line_end, equals) + len(newline), equals))
        _limit_fields(len(starts), limits)
        line_end = text.find(newline, equals)
    ends = [start - len(newline) for start, _ in starts[1:]] + [len(text)]
    pairs = [(text[s:e], text[e + 1 : end]) for (s, e), end in zip(starts, ends, strict=True)]
    return _entries(pairs, limits, labels)


def _entries(
    pairs: list[tuple[bytes, bytes]], limits: Limits, labels: tuple[str, str]
) -> EntryList:
    """Decode names and values, all in one charset."""
    _limit_fields(len(pairs), limits)
    inside = b""
    for name, value in pairs:
        _limit_field(len(name), len(value), limits)
        if name[:1] == b"_" and name.lower() == b"_charset_" and not inside:
            inside = value
    candidates = charsets_for((labels[0], inside.decode("latin-1"), labels[1]))
    if candidates[0] is UTF_8:
        try:
            return tuple([Entry(name.decode(), value.decode()) for name, value in pairs])
        except UnicodeDecodeError:
            pass
    charset = choose_charset(candidates, (text for pair in pairs for text in pair))
    return tuple(make_entry(name, value, charset) for name, value in pairs)


_JSON_STARTS = (b"{", b"[", b'"', b" ", b"\t", b"\r", b"\n", b"\xef")
_MEANT_AS_JSON = re.compile(rb'\{\s*["}]|\[\s*[{"]')
_SERIALISED = re.compile(rb"[\w*.%+-]+=[\w*.%+-]*(?:&[\w*.%+-]+=[\w*.%+-]*)*", re.ASCII)
"""What URLSearchParams writes, labelled text/plain when it is sent as a text. A form's text ends with a line break."""


def _read_unlabelled_json(body: bytes, limits: Limits, labels: tuple[str, str]) -> EntryList | None:
    """The entries of a body that is JSON without being labelled so; None when it is something else.

    No browser writes a form like one: it escapes braces and quotes, or ends with a line break after name=value. A
    page could be made to, and would gain nothing: the rules for origins are the same (docs/security.md).
    Raises Malformed: for JSON that is no object, or that is cut short. It must not become a field's name.
    """
    text = body.removeprefix(b"\xef\xbb\xbf").strip(b" \t\r\n")
    if text[:1] == b"{" and text[-1:] == b"}":
        try:
            return _read_json(text, limits, labels)
        except Malformed:
            if _MEANT_AS_JSON.match(text):
                raise
            return None
    if _MEANT_AS_JSON.match(text) or _is_json(text):
        raise Malformed("The JSON of a form is one whole object: a name and value for each field.")
    return None


def _is_json(text: bytes) -> bool:
    """Whether a text is a list or a string of JSON."""
    if text[:1] + text[-1:] not in {b"[]", b'""'} or len(text) > _PIECE:
        return False  # a long one is too long for a name
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


class _Pairs(list[tuple[str, object]]):
    """A JSON object with its repeated keys."""


def _read_json(body: bytes, limits: Limits, labels: tuple[str, str]) -> EntryList:
    """Read a JSON object (RFC 8259): nested names are joined with ".", lists are repeated fields, null is no field.

    Numbers stay as they are written. Names that occur twice are two fields.
    """
    _limit_json(body, limits)
    text = _json_text(body, labels[0])
    try:
        document = json.loads(
            text,
            object_pairs_hook=_Pairs,
            parse_int=str,
            parse_float=str,
            parse_constant=_refuse_constant,
        )
    except (ValueError, RecursionError) as error:
        raise Malformed("The body is not JSON, or is nested too deeply.") from error
    if not isinstance(document, _Pairs):
        raise Malformed("The JSON of a form is an object: one name and value for each field.")
    entries = []
    for name, value in _flatten("", document, MAX_JSON_DEPTH):
        entries.append(_json_entry(name, value, limits))
        _limit_fields(len(entries), limits)
    return tuple(entries)


_JSON_MARK = re.compile(rb'"(?:[^"\\]|\\[\s\S])*+"?|(,)')


def _limit_json(body: bytes, limits: Limits) -> None:
    """Refuse, before any of it is built, JSON with more values than fields are allowed: a comma parts two values."""
    if body.count(b",") < limits.fields:
        return
    commas = 0
    for mark in _JSON_MARK.finditer(body):
        if mark[1]:
            commas += 1
            _limit_fields(commas + 1, limits)


def _json_text(body: bytes, label: str) -> str:
    """The document's text; bytes that cannot be decoded become lone surrogates, which `_json_entry` takes back."""
    body = body.removeprefix(b"\xef\xbb\xbf")
    try:
        return charsets_for((label,))[0].decode(body)
    except UnicodeError:
        return body.decode("utf-8", "surrogateescape")


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")


def _flatten(prefix: str, value: object, depth: int) -> Iterator[tuple[str, str]]:
    """Each scalar of a JSON value with its name."""
    if depth < 0:
        raise Malformed(f"The JSON is nested more than {MAX_JSON_DEPTH} levels deep.")
    if isinstance(value, _Pairs):
        for key, inner in value:
            yield from _flatten(f"{prefix}.{key}" if prefix else key, inner, depth - 1)
    elif isinstance(value, list):
        for inner in value:
            yield from _flatten(prefix, inner, depth - 1)
    elif isinstance(value, bool):
        yield prefix, "true" if value else "false"
    elif value is not None:
        yield prefix, str(value)


def _json_entry(name: str, value: str, limits: Limits) -> Entry:
    _limit_field(len(name), len(value), limits)
    name_bytes, value_bytes = _utf8(name), _utf8(value)
    _limit_field(len(name_bytes), len(value_bytes), limits)
    return make_entry(name_bytes, value_bytes, UTF_8)


def _utf8(text: str) -> bytes:
    """UTF-8; a lone surrogate becomes the byte it stands for, or its own three bytes."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return b"".join(
            c.encode("utf-8", "surrogateescape" if "\udc80" <= c <= "\udcff" else "surrogatepass")
            for c in text
        )


def _limit_fields(count: int, limits: Limits) -> None:
    if count > limits.fields:
        raise TooLarge(f"A form may hold {limits.fields} fields at most.")


def _limit_field(name_bytes: int, value_bytes: int, limits: Limits) -> None:
    if name_bytes > MAX_NAME_BYTES:
        raise TooLarge("A field's name is longer than is allowed.")
    if value_bytes > limits.field_bytes:
        raise TooLarge(f"A field may hold {limits.field_bytes} bytes at most.")
