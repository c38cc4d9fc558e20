"""One SMTP session and its transactions (RFC 5321): what is said, and what each answer means for one mail.

The line drawn here is the dot that ends the data: an answer lost before it means "not
taken", after it means "nobody knows" (RFC 1047).
"""

from __future__ import annotations

import smtplib
import socket
import time
from contextlib import suppress
from typing import NoReturn

import msgspec

from todoke.mail.mime import needs_smtputf8, refuse_smtputf8, wire
from todoke.model.address import Address
from todoke.model.delivery import Party, Reason
from todoke.model.errors import SendDeferred, SendRefused, SendUnknown, SetUpFault
from todoke.model.mail import Mail
from todoke.model.smtp_codes import Diagnosis, find_status_code, read_answer
from todoke.ports.mailer import Accepted
from todoke.services.smtp.settings import Waits

IDLE_SECONDS = (
    60.0  # a server may close after 5 minutes (RFC 5321 4.5.3.2.7); many are less patient
)
ASK_AFTER_SECONDS = 5.0  # a connection idle this long is asked (RSET) whether it still lives
ANSWER_LIMIT = 8_192  # octets of one answer that are read; RFC 5321 4.5.3.1.5 allows 512 a line
LEAST_SIZE = 65_536  # octets of a mail that every server must take (RFC 5321 4.5.3.1.7)
BLOCK = 65_536  # octets written at a time, each with a wait of its own (RFC 5321 4.5.3.2.5)

LOST = (
    smtplib.SMTPServerDisconnected,
    OSError,
)  # OSError: resets, timeouts, TLS faults in mid-stream


class Stale(Exception):
    """The server closed the connection before it answered anything: it may just have been idle too long."""


class Answer(msgspec.Struct, frozen=True):
    """A server's answer: its reply code, and its words with the lines joined."""

    code: int
    text: str

    @property
    def is_good(self) -> bool:
        """True for 2yz."""
        return 200 <= self.code < 300

    def __str__(self) -> str:
        return f"{self.code} {self.text}"


class Talk(smtplib.SMTP):
    """smtplib, with answers read under one deadline: a server that sends a byte a second cannot hold us for hours."""

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
        lines: list[bytes] = []
        while True:
            line = self._line(sum(map(len, lines)))
            lines.append(line[4:].strip())
            if line[3:4] != b"-":
                break
        if not line[:3].isdigit():
            self.close()
            raise smtplib.SMTPServerDisconnected("the server's answer has no reply code")
        return int(line[:3]), b"\n".join(lines)

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


class Session:
    """A connection that may carry many transactions, one after the other.

    `is_broken` is True once it can carry no more.
    """

    def __init__(self, talk: Talk, waits: Waits) -> None:
        self.talk = talk
        self._waits = waits
        self._used_at = time.monotonic()
        self._pipelines = talk.has_extn("pipelining")  # RFC 2920
        self._needs_reset = False
        self.count = 0
        self.is_broken = False

    def is_alive(self) -> bool:
        """False when it was idle too long, or does not answer."""
        idle = time.monotonic() - self._used_at
        if self.is_broken or idle > IDLE_SECONDS:
            return False
        return self._reset() if self._needs_reset or idle > ASK_AFTER_SECONDS else True

    def transact(self, sender: Address, mail: Mail, data: bytes) -> Accepted:
        """Carry out one mail transaction (RFC 5321 3.3).

        Raises Stale: if the connection was closed before the first answer. Else as ports.Mailer.send does.
        """
        commands = (
            f"MAIL FROM:<{wire(sender)}>{self._parameters(sender, mail, data)}\r\n",
            f"RCPT TO:<{wire(mail.recipient)}>\r\n",
            "DATA\r\n",
        )
        self.talk.allow(self._waits.answer, self._waits.envelope)
        self.count += 1
        self._judge(self._envelope([command.encode() for command in commands]))
        answer = self._data(data)
        self._used_at = time.monotonic()
        if answer.is_good:
            return Accepted(diagnostic=str(answer))
        self.is_broken = answer.code == 421
        raise failure(answer)

    def leave(self) -> None:
        """Say QUIT and close."""
        with suppress(*LOST, smtplib.SMTPException):
            self.talk.allow(2.0, 2.0)
            self.talk.docmd("QUIT")
        self.close()

    def close(self) -> None:
        """Close without a word."""
        self.is_broken = True
        with suppress(OSError):
            self.talk.close()

    def _reset(self) -> bool:
        self.talk.allow(5.0, min(self._waits.answer, 5.0))
        try:
            good = self.talk.docmd("RSET")[0] == 250
        except (*LOST, smtplib.SMTPException):
            return False
        self._needs_reset = False
        return good

    def _parameters(self, sender: Address, mail: Mail, data: bytes) -> str:
        talk = self.talk
        parameters = ""
        if talk.has_extn("size"):  # RFC 1870
            limit = talk.esmtp_features["size"].strip()
            if limit.isdigit() and 0 < int(limit) < len(data):
                words = f"the mail has {len(data)} octets, and the server takes {limit}"
                if len(data) <= LEAST_SIZE:
                    raise SetUpFault(f"{words}: RFC 5321 wants {LEAST_SIZE} at least")
                raise SendRefused(status_code="5.3.4", diagnostic=words, reason=Reason.TOO_LARGE)
            parameters = f" SIZE={len(data)}"
        if needs_smtputf8(mail) or sender.needs_smtputf8:
            if not (talk.has_extn("smtputf8") and talk.has_extn("8bitmime")):  # RFC 6531 3.2, 3.6
                words = "the address is not ASCII, and the server does not speak SMTPUTF8"
                if sender.needs_smtputf8:
                    raise SetUpFault(f"{words} (mail.envelope_sender, or mail.from)")
                refuse_smtputf8(mail, words)
            parameters += " BODY=8BITMIME SMTPUTF8"
        return parameters

    def _envelope(self, commands: list[bytes]) -> list[Answer]:
        """Say MAIL, RCPT and DATA, in one write if the server pipelines; stop at the first bad answer if not."""
        answers: list[Answer] = []
        asked = time.monotonic()
        try:
            if self._pipelines:
                self.talk.write(b"".join(commands))
            for command in commands:
                if not self._pipelines:
                    self.talk.write(command)
                if command is commands[-1]:
                    spent = time.monotonic() - asked
                    self.talk.allow(self._waits.data, self._waits.envelope - spent)
                answers.append(self._answer())
                if answers[-1].code >= 400 and not self._pipelines:
                    break
        except LOST as error:
            self.is_broken = True
            if any(answer.code >= 400 for answer in answers):
                return answers  # it said why before it went
            words = f"the connection was lost before the mail was written: {words_of(error)}"
            if not answers and not isinstance(error, TimeoutError):
                raise Stale(words) from error
            raise SendDeferred(diagnostic=words, reason=Reason.TIMED_OUT) from error
        return answers

    def _answer(self) -> Answer:
        code, text = self.talk.getreply()
        return Answer(code, text.decode("utf-8", "replace").replace("\n", " "))

    def _judge(self, answers: list[Answer]) -> None:
        """Return if the server waits for the data; else raise what its answers mean."""
        if answers[-1].code == 354 and all(answer.code < 400 for answer in answers):
            return
        self._needs_reset = True
        if answers[-1].code == 354:
            self._withdraw()
        bad = next((answer for answer in answers if answer.code >= 400), answers[-1])
        self.is_broken = self.is_broken or bad.code == 421
        if bad is answers[0]:
            refuse_sender(bad)
        raise failure(bad)

    def _withdraw(self) -> None:
        """The server asks for data although it refused the recipient: end it empty (RFC 2920 3.1)."""
        try:
            self.talk.write(b".\r\n")
            self._answer()
        except LOST:
            self.is_broken = True

    def _data(self, data: bytes) -> Answer:
        """Send the data and the dot. Only what goes wrong after the whole of it was written is unknown."""
        stuffed = data.replace(
            b"\r\n.", b"\r\n.."
        )  # RFC 5321 4.5.2; the first line is a header's and has no dot
        end = b".\r\n" if stuffed.endswith(b"\r\n") else b"\r\n.\r\n"
        self.talk.allow(self._waits.block, self._waits.writing)
        try:
            self.talk.write(stuffed + end)
        except LOST as error:
            self.is_broken = True
            words = f"the connection was lost while the mail was written: {words_of(error)}"
            raise SendDeferred(diagnostic=words, reason=Reason.TIMED_OUT) from error
        self.talk.allow(self._waits.dot, self._waits.dot)
        try:
            return self._answer()
        except LOST as error:
            self.is_broken = True
            words = f"no answer came after the mail was written: {words_of(error)}"
            raise SendUnknown(diagnostic=words) from error


def refuse_sender(answer: Answer) -> NoReturn:
    """Raise what a refused MAIL means: it is for this mail's size or address, or for our sender, which all have."""
    status_code = find_status_code(answer.text)
    if answer.code == 552 or status_code[2:] in {"3.4", "2.3", "6.7", "6.9"}:
        raise failure(answer)
    raise deferred(answer, stop_all=True)


def failure(answer: Answer) -> SendDeferred | SendRefused:
    """What a bad answer means (RFC 5321 4.2.1): 5yz is not ever; 4yz, and what makes no sense here, is not now.

    Unless its words are about our sender, client or login: servers tell that at RCPT (Postfix's smtpd_delay_reject) or
    later. That is not now, and perhaps for all mails.
    """
    if _read(answer).party is Party.SENDER:
        return deferred(answer, stop_all=False, suspects_set_up=True)
    if 500 <= answer.code < 600:
        return SendRefused(
            code=str(answer.code),
            status_code=find_status_code(answer.text),
            diagnostic=str(answer),
        )
    return deferred(answer, stop_all=False)


def deferred(answer: Answer, *, stop_all: bool, suspects_set_up: bool = False) -> SendDeferred:
    """Not now, in the server's words. What it refuses for good to all mails alike is wrong with the set-up."""
    read, reason = _read(answer), None
    if read.party is Party.SENDER:
        reason = read.reason
    elif stop_all and answer.code >= 500:
        reason = Reason.MISCONFIGURED
    return SendDeferred(
        code=str(answer.code),
        status_code=find_status_code(answer.text),
        diagnostic=str(answer),
        reason=reason,
        stop_all=stop_all,
        suspects_set_up=suspects_set_up,
    )


def _read(answer: Answer) -> Diagnosis:
    return read_answer(str(answer.code), "", answer.text)


def words_of(error: BaseException) -> str:
    """An error's own words, or its name."""
    return str(error) or type(error).__name__
