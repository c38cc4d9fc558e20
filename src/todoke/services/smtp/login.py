"""Log in to an SMTP server (RFC 4954) with a name and a password, in UTF-8.

One try is made: providers lock accounts after a few failed ones, so a password that was refused in one way is not tried
in another. Only a way that the server does not have after all leads to the next.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import smtplib
from collections.abc import Callable, Mapping

from todoke.services.smtp.talk import Answer, Talk, answer_of

GRANTED = frozenset({235, 503})  # 503: this connection is logged in already
NOT_THIS_WAY = frozenset({500, 501, 502, 504, 534})
"""What says that the mechanism is at fault and not the password: unknown, malformed, too weak (RFC 4954 4, 6)."""


def log_in(talk: Talk, user: str, password: str) -> None:
    """Log in by the first mechanism that the server takes.

    Raises SMTPAuthenticationError: if it refuses. SMTPNotSupportedError: if it offers none that we know. OSError,
    SMTPServerDisconnected: if the connection is lost.
    """
    offered = talk.esmtp_features.get("auth", "").upper().split()
    ways = [way for name, way in _WAYS.items() if name in offered]
    if not ways:
        raise smtplib.SMTPNotSupportedError(f"it offers {' '.join(offered) or 'nothing'}")
    for way in ways:
        answer = way(talk, _octets(user), _octets(password))
        if answer.code in GRANTED:
            return
        if answer.code not in NOT_THIS_WAY:
            break
    raise smtplib.SMTPAuthenticationError(answer.code, answer.text)


def _octets(text: str) -> bytes:
    """UTF-8 (RFC 4616 2, RFC 4954 4); of an environment that is in another encoding, its octets as they are."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")  # its error would name a character and its place


def _plain(talk: Talk, user: bytes, password: bytes) -> Answer:
    """RFC 4616."""
    return _say(talk, b"AUTH PLAIN " + base64.b64encode(b"\0" + user + b"\0" + password))


def _login(talk: Talk, user: bytes, password: bytes) -> Answer:
    """draft-murchison-sasl-login: the name when it is asked for, for some servers take no initial response."""
    answer = _say(talk, b"AUTH LOGIN")
    for part in (user, password):
        if answer.code != 334:
            break
        answer = _say(talk, base64.b64encode(part))
    return answer


def _cram_md5(talk: Talk, user: bytes, password: bytes) -> Answer:
    """RFC 2195; last, for it keeps a password from nobody who can read the connection for long."""
    answer = _say(talk, b"AUTH CRAM-MD5")
    if answer.code != 334:
        return answer
    try:
        challenge = base64.b64decode(answer.text)
    except binascii.Error:
        return _say(talk, b"*")  # RFC 4954 4: cancels
    digest = hmac.new(password, challenge, "md5").hexdigest()
    return _say(talk, base64.b64encode(user + b" " + digest.encode()))


_WAYS: Mapping[str, Callable[[Talk, bytes, bytes], Answer]] = {
    "PLAIN": _plain,
    "LOGIN": _login,
    "CRAM-MD5": _cram_md5,
}
"""The mechanisms, the simplest first: the connection is encrypted, or stays on this machine."""


def _say(talk: Talk, line: bytes) -> Answer:
    return answer_of(*talk.docmd(line.decode("ascii")))
