"""One SMTP session and its transactions (RFC 5321): what is said, and what each answer means for one mail.

The line drawn here is the dot that ends the data: an answer lost before it means "not
taken", after it means "nobody knows" (RFC 1047).
"""

from __future__ import annotations

import smtplib
import time
from contextlib import suppress

from todoke.mail.mime import needs_smtputf8, refuse_smtputf8, wire
from todoke.model.address import Address
from todoke.model.delivery import Reason
from todoke.model.errors import SendDeferred, SendRefused, SendUnknown, SetUpFault
from todoke.model.mail import Mail
from todoke.ports.mailer import Accepted
from todoke.services.smtp.answers import LEAST_SIZE, VERBS, Verb, failure
from todoke.services.smtp.settings import Waits
from todoke.services.smtp.talk import BLOCK, LOST, Answer, Talk, answer_of

IDLE_SECONDS = (
    60.0  # a server may close after 5 minutes (RFC 5321 4.5.3.2.7); many are less patient
)
ASK_AFTER_SECONDS = 5.0  # a connection idle this long is asked (RSET) whether it still lives


class Stale(Exception):
    """The server closed the connection before it answered anything: it may just have been idle too long.

    Or it spoke before it was asked: whatever it said next would be taken for the answer to something else.
    """


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
        if self.is_broken or idle > IDLE_SECONDS or not self.talk.is_quiet():
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
        if not self.talk.is_quiet():
            self.is_broken = True
            raise Stale("the server closed the connection, or spoke before it was asked")
        self._judge(self._envelope([command.encode() for command in commands]), sender, mail, data)
        answer = self._data(data)
        self._used_at = time.monotonic()
        if answer.is_good:
            return Accepted(diagnostic=str(answer))
        self.is_broken = answer.code == 421
        raise failure(answer, Verb.DOT, len(data))

    def end(self) -> None:
        """Leave, or close what cannot be talked to any more."""
        if self.is_broken:
            self.close()
        else:
            self.leave()

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
        return answer_of(*self.talk.getreply())

    def _judge(self, answers: list[Answer], sender: Address, mail: Mail, data: bytes) -> None:
        """Return if the server waits for the data; else raise what its answers mean."""
        if answers[-1].code == 354 and all(answer.code < 400 for answer in answers):
            return
        self._needs_reset = True
        if answers[-1].code == 354:
            self._withdraw()
        said = list(zip(answers, VERBS, strict=False))
        bad, verb = next(((a, s) for a, s in said if a.is_bad), said[-1])
        self.is_broken = self.is_broken or bad.code == 421 or not bad.is_bad  # out of step
        is_utf8 = needs_smtputf8(mail) and not sender.needs_smtputf8
        raise failure(bad, verb, len(data), has_utf8_address=is_utf8)

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
        octets = stuffed + end
        last = max(0, len(octets) - BLOCK)
        try:
            self.talk.write(octets[:last])
            self._expect_silence()
            self.talk.write(octets[last:])
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

    def _expect_silence(self) -> None:
        """Before the dot is written nothing answers it: what is there already would be taken for that."""
        if not self.talk.is_quiet():
            self.is_broken = True
            words = "the server answered before the mail was written"
            raise SendDeferred(diagnostic=words, reason=Reason.OTHER)


def words_of(error: BaseException) -> str:
    """An error's own words, or its name."""
    return str(error) or type(error).__name__
