"""Percent-decoding (WHATWG URL 1.3) in memory that does not grow with the number of escapes."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

_PIECE = 8_192


def percent_decode(text: bytes) -> bytes:
    """The bytes, long texts piece by piece: a list of a million escapes is never made."""
    if len(text) <= _PIECE:
        return unquote_to_bytes(text)
    decoded = bytearray()
    start = 0
    while start < len(text):
        end = start + _PIECE
        if end < len(text) and (percent := text.find(b"%", end - 2, end)) != -1:
            end = percent  # the piece after it begins with the whole escape
        decoded += unquote_to_bytes(text[start:end])
        start = end
    return bytes(decoded)
