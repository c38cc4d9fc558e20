"""Talk SMTP with one server (RFC 5321): commands written, answers read, each with an end in time.

What is said, and what an answer means, is not known here.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
import time
from contextlib import suppress

import msgspec

from todoke.model.redaction import NOTHING_SECRET, Redaction

ANSWER_LIMIT = 8_192  # octets of one answer that are read; RFC 5321 4.5.3.1.5 allows 512 a line
BLOCK = 65_536  # octets written at a time, each with a wait of its own (RFC 5321 4.5.3.2.5)

LOST = (
    smtplib.SMTPServerDisconnected,
    OSError,
)  # OSError: resets, timeouts, TLS faults in mid-stream


class Answer(msgspec.Struct, frozen=True):
    """A server's answer: its reply code, and its words with the lines joined."""

    code: int
    text: str

    @property
    def is_good(self) -> bool:
        """True for 2yz."""
        return 200 <= self.code < 300

    @property
    def is_bad(self) -> bool:
        """True for 4yz and 5yz."""
        return self.code >= 400

    def __str__(self) -> str:
        return f"{self.code} {self.text}"


def answer_of(code: int, words: bytes | str) -> Answer:
    """An answer as smtplib has it."""
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return Answer(code, text.replace("\n", " "))


class Talk(smtplib.SMTP):
    """smtplib, with answers read under one deadline: a server that sends a byte a second cannot hold us for hours.

    A server may repeat what it was sent: no answer that is read here holds a secret of `redaction`. `last` is the last
    one, `step` what the talk has come to.
    """

    redaction: Redaction = NOTHING_SECRET
    last = Answer(0, "")
    step = "connecting"
    _deadline = 0.0
    _patience_seconds = 0.0
    _read: bytes = b""
    _read_from: object = None

    def allow(self, patience_seconds: float, in_all_seconds: float) -> None:
        """From now on wait so long for each answer, and for all of them together."""
        self._patience_seconds = patience_seconds
        self._deadline = time.monotonic() + in_all_seconds

    def open(self, host: str, port: int) -> tuple[int, bytes]:
        """Connect, and read the greeting. smtplib checks certificates against the name that it connected to itself."""
        self._host = host
        return self.connect(host, port)

    def getreply(self) -> tuple[int, bytes]:
        """Read one answer (RFC 5321 4.2.1). Raises SMTPServerDisconnected or OSError: if none comes."""
        if (
            self._read_from is not self.sock
        ):  # nothing sent before TLS counts after it (CVE-2011-0411)
            self._read, self._read_from = b"", self.sock
        if self.step == "connecting":
            self.step = "greeting"
        lines: list[bytes] = []
        while True:
            line = self._line(sum(map(len, lines)))
            lines.append(line[4:].strip())
            if line[3:4] != b"-":
                break
        if not line[:3].isdigit():
            self.close()
            raise smtplib.SMTPServerDisconnected("the server's answer has no reply code")
        code, words = int(line[:3]), self.redaction.octets(b"\n".join(lines))
        self.last = answer_of(code, words)
        return code, words

    def _line(self, so_far: int) -> bytes:
        while b"\n" not in self._read:
            if len(self._read) + so_far > ANSWER_LIMIT:
                self.close()
                raise smtplib.SMTPServerDisconnected("the server's answer is too long")
            sock = self._ready_socket()
            octets = sock.recv(4096)
            if not octets:
                self.close()
                raise smtplib.SMTPServerDisconnected("the server closed the connection")
            self._read += octets
        line, _, self._read = self._read.partition(b"\n")
        return line

    def _ready_socket(self) -> socket.socket:
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected("the connection is closed")
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the server did not answer in time")
        self.sock.settimeout(min(left, self._patience_seconds))
        return self.sock

    def is_quiet(self) -> bool:
        """Whether the server is there and has said nothing since its last answer was read. Waits for nothing."""
        sock = self.sock
        if sock is None or (self._read and self._read_from is sock):
            return False
        sock.settimeout(0.0)
        try:
            self._read += sock.recv(4096)
        except (BlockingIOError, ssl.SSLWantReadError):
            return True
        except OSError:
            return False
        return False

    def write(self, octets: bytes) -> None:
        """Send all of `octets`. Raises OSError: then their end was not sent."""
        for start in range(0, len(octets), BLOCK):
            self._ready_socket().sendall(octets[start : start + BLOCK])

    def abort(self) -> None:
        """End the connection under whoever reads or writes on it, in another thread: it is lost for them at once."""
        with suppress(OSError):
            if self.sock is not None:
                self.sock.shutdown(socket.SHUT_RDWR)


class TalkTls(Talk, smtplib.SMTP_SSL):
    """The same over implicit TLS (RFC 8314 3.3)."""
