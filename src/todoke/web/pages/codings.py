"""Content codings (RFC 9110 8.4.1): which one a browser asks for, and bytes in it."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib.util import find_spec
from typing import Protocol

from starlette.responses import Response

BROTLI = "br"
GZIP = "gzip"
LEAST_BYTES = 1_000
"""Below, a coding saves no packet."""
_LONGEST_HEADER = 200
_QUICK = {BROTLI: 4, GZIP: 5}
"""For an answer that is made once: under a millisecond for 50 kB either way."""
_THOROUGH = {BROTLI: 11, GZIP: 9}


class Coder(Protocol):
    """Bytes in a coding, part by part."""

    def add(self, part: bytes) -> bytes:
        """All of `part`, so that whoever reads the stream has it now."""
        ...

    def end(self) -> bytes:
        """What closes the stream; nothing may be added after."""
        ...


@cache
def offered() -> tuple[str, ...]:
    """The codings that can be made here, best first. Brotli takes the extra `brotli`; gzip is Python's own."""
    return (BROTLI, GZIP) if find_spec("brotli") else (GZIP,)


def chosen(accept_encoding: str) -> str:
    """The best coding that Accept-Encoding takes (RFC 9110 12.5.3); "" for the bytes as they are."""
    return _chosen(accept_encoding) if len(accept_encoding) <= _LONGEST_HEADER else ""


@lru_cache(maxsize=64)
def _chosen(accept_encoding: str) -> str:
    weights = dict(_weights(accept_encoding.lower()))
    rest = weights.get("*", 0.0)
    best = max(offered(), key=lambda coding: weights.get(coding, rest))
    return best if weights.get(best, rest) > 0 else ""


def _weights(text: str) -> Iterator[tuple[str, float]]:
    for part in text.split(","):
        name, _, parameter = part.replace(" ", "").partition(";")
        try:
            weight = float(parameter.removeprefix("q=") or 1)
        except ValueError:
            weight = 0.0
        yield name, weight if 0 <= weight <= 1 else 0.0  # nan is neither


def coder(coding: str, *, thorough: bool = False) -> Coder:
    """What writes this coding; `thorough` takes some twenty times as long, for what is kept."""
    level = (_THOROUGH if thorough else _QUICK)[coding]
    return _Brotli(level) if coding == BROTLI else _Gzip(level)


def coded(content: bytes, coding: str, *, thorough: bool = False) -> bytes:
    """`content` in this coding."""
    writer = coder(coding, thorough=thorough)
    return writer.add(content) + writer.end()


def compressed(answer: Response, coding: str) -> Response:
    """A whole answer in this coding, or as it is where that is none; for one that holds no secret."""
    answer.headers["vary"] = "accept-encoding"
    if coding:
        answer.body = coded(bytes(answer.body), coding)
        answer.headers["content-encoding"] = coding
        answer.headers["content-length"] = str(len(answer.body))
    return answer


class _Gzip:
    def __init__(self, level: int) -> None:
        self._deflate = zlib.compressobj(
            level, wbits=31
        )  # 31: with the head and the checksum of gzip

    def add(self, part: bytes) -> bytes:
        return self._deflate.compress(part) + self._deflate.flush(zlib.Z_SYNC_FLUSH)

    def end(self) -> bytes:
        return self._deflate.flush()


class _Brotli:
    def __init__(self, quality: int) -> None:
        import brotli  # noqa: PLC0415 - an extra

        self._compressor = brotli.Compressor(mode=brotli.MODE_TEXT, quality=quality)

    def add(self, part: bytes) -> bytes:
        written: bytes = self._compressor.process(part) + self._compressor.flush()
        return written

    def end(self) -> bytes:
        written: bytes = self._compressor.finish()
        return written
