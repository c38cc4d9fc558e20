"""Where identifiers and tokens are made. Ids sort by time and cannot be guessed; tokens only cannot be guessed.

A submission's id says when it came and where a store may keep it, and all that belongs to it begins with it: its
messages' ids, its receipt's token and, where a store likes, its attempts' tokens. So it is found without an index.

The door makes several for each request, while other threads want the interpreter. So nothing here lets go of it for
a moment's work: randomness is drawn from the system in blocks, and the MAC is one that hashes in place.
"""

from __future__ import annotations

import hashlib
import os
import re
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hmac import compare_digest
from threading import Lock

_DIGITS = "0123456789abcdefghijklmnopqrstuv"
_PAIRS = tuple(high + low for high in _DIGITS for low in _DIGITS)
_DIGIT_OF_BYTE = (_DIGITS * 8).encode()
"""Each byte as a digit: 256 is eight times 32, so random bytes make evenly random digits of five bits."""
_BLOCK = 4096
_FIRST_DAY = datetime(2025, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
TIME_DIGITS = 10
"""Microseconds since 2025, in base 32: good until September 2060."""
HOME_DIGITS = 6
PLACE_DIGITS = 16
_MAC_CHARACTERS = 32
_DESK_DIGITS, _DESK_MAC_DIGITS = 12, 14
_RETURN_MAC_DIGITS, _RETURN_NAME_DIGITS = 12, 4
_CURSOR = re.compile(r"[0-9a-f]{84}")


class _Random:
    """Digits from the system's randomness (CSPRNG), each handed out once, in blocks; a forked child draws anew."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._block = ""
        self._used = 0
        os.register_at_fork(after_in_child=self.start_anew)

    def take(self, count: int) -> str:
        """`count` random digits of five bits each."""
        with self._lock:
            if self._used + count > len(self._block):
                self._block = os.urandom(_BLOCK).translate(_DIGIT_OF_BYTE).decode()
                self._used = 0
            start = self._used
            self._used += count
            return self._block[start : self._used]

    def start_anew(self) -> None:
        """Forget what was drawn in advance."""
        self._lock = Lock()
        self._block = ""


_random = _Random()


def start_anew() -> None:
    """Call this in a copy of a process (a restored snapshot): what was drawn in advance is drawn in each copy."""
    _random.start_anew()


def submission_id(received_at: datetime, place: str) -> str:
    """An identifier of 26 characters [0-9a-v]: when it was received, then its place, so ids sort by time."""
    return time_digits(received_at) + place


def place_of(submission_id: str) -> str:
    """The place that an identifier ends with: the same for all that were made of one repeat key."""
    return submission_id[TIME_DIGITS:]


def number(submission_id: str) -> str:
    """The short reference that people say aloud and write into subjects: the identifier's last six characters."""
    return submission_id[-6:]


def time_digits(time: datetime) -> str:
    """The ten digits with which the ids of a moment begin; those of a time before 2025 are zeros."""
    return _digits(max((time - _FIRST_DAY) // _MICROSECOND, 0), TIME_DIGITS)


def time_of(digits: str) -> datetime:
    """The moment of an id, or of its first ten digits."""
    return _FIRST_DAY + int(digits[:TIME_DIGITS], 32) * _MICROSECOND


def place(
    secret: bytes, *, visitor: str = "", repeat_key: str = "", of_visitor: bool = False
) -> str:
    """Sixteen digits (80 bits): the same for one repeat key, random without one.

    The first six are the visitor's own (`home`), so that what one person sent lies together; they are the repeat
    key's where other visitors may state the same (see RepeatKey.of_visitor). `visitor` is a mailbox key. Keyed, so
    that an id tells nobody an address or a key.
    """
    if repeat_key:
        own = _keyed(secret, b"todoke repeat", repeat_key)
        digits = _digits(own & (1 << 80) - 1, PLACE_DIGITS)
    else:
        digits = _random.take(PLACE_DIGITS)
    if visitor and (of_visitor or not repeat_key):
        return home(secret, visitor) + digits[HOME_DIGITS:]
    return digits


def home(secret: bytes, mailbox: str) -> str:
    """Six digits (30 bits) for a mailbox key."""
    return _digits(_keyed(secret, b"todoke mailbox", mailbox) & (1 << 30) - 1, HOME_DIGITS)


def message_id(submission: str, number: int) -> str:
    """The identifier of a submission's message, by its number there."""
    return f"{submission}-{number}"


def derived_id(*parts: str) -> str:
    """An identifier of the same shape that is the same for the same parts: 128 bits of their SHA-256."""
    digest = hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).digest()
    return _base32hex(int.from_bytes(digest[:16], "big"))


def new_attempt_token() -> str:
    """A new correlation token: 26 characters [0-9a-v], 130 random bits, so none is a part of another."""
    return _random.take(26)


def desk_token(secret: bytes) -> str:
    """A correlation token for a mail with a link into the desk: of the same shape, 60 random bits and a MAC of 70."""
    return _of_desk(secret, b"todoke desk link", _random.take(_DESK_DIGITS))


def is_desk_token(secret: bytes, token: str) -> bool:
    """Whether a token was made by `desk_token`."""
    return _is_same(token, _of_desk(secret, b"todoke desk link", token[:_DESK_DIGITS]))


def trial_token(secret: bytes, mailbox: str) -> str:
    """A correlation token for a test mail to this mailbox key: of the same shape as the others."""
    return _of_desk(secret, b"todoke desk test", _random.take(_DESK_DIGITS), mailbox)


def is_trial_token(secret: bytes, mailbox: str, token: str) -> bool:
    """Whether a token was made by `trial_token` for this mailbox."""
    return _is_same(token, _of_desk(secret, b"todoke desk test", token[:_DESK_DIGITS], mailbox))


def _is_same(token: str, made: str) -> bool:
    return compare_digest(token.encode("utf-8", "replace"), made.encode("utf-8", "replace"))


def _of_desk(secret: bytes, purpose: bytes, drawn: str, mailbox: str = "") -> str:
    mac = _keyed(secret, purpose, f"{drawn} {mailbox}" if mailbox else drawn)
    return drawn + _digits(mac & (1 << 5 * _DESK_MAC_DIGITS) - 1, _DESK_MAC_DIGITS)


def return_mark(secret: bytes, text: str) -> str:
    """Twelve digits (60 bits) that sign what a return path says: nobody can compute them without `secret`."""
    mac = _keyed(secret, b"todoke returned", text)
    return _digits(mac & (1 << 5 * _RETURN_MAC_DIGITS) - 1, _RETURN_MAC_DIGITS)


def return_name(secret: bytes, mailbox: str) -> str:
    """Four digits (20 bits) for a mailbox key, by which a return path tells whether a report names its recipient."""
    name = _keyed(secret, b"todoke ret.name", mailbox)
    return _digits(name & (1 << 5 * _RETURN_NAME_DIGITS) - 1, _RETURN_NAME_DIGITS)


def receipt_token(secret: bytes, submission_id: str) -> str:
    """The receipt link's token: the id, then 32 URL-safe characters, 192 bits only the holder of `secret` can compute.

    A keyed BLAKE2b (RFC 7693). It is derived and not drawn, so that a repeated request gets the same link although
    only its hash is stored.
    """
    return submission_id + signature(secret, b"todoke receipt", submission_id)


def disown_token(secret: bytes, submission_id: str, mailbox: str) -> str:
    """What whoever was sent a submission's confirmation at this mailbox key disowns it by: of the same shape."""
    return submission_id + signature(secret, b"todoke disown", f"{submission_id} {mailbox}")


def is_disown_token(secret: bytes, submission_id: str, mailbox: str, token: str) -> bool:
    """Whether a token was made by `disown_token` for these."""
    return _is_same(token, disown_token(secret, submission_id, mailbox))


def submission_of(token: str) -> str:
    """The id that such a token, or a receipt's, begins with; "" where it is too short for any."""
    return token[:-_MAC_CHARACTERS]


def signature(secret: bytes, purpose: bytes, text: str) -> str:
    """32 URL-safe characters (192 bits) for a text, which only the holder of `secret` can compute."""
    mac = hashlib.blake2b(text.encode(), key=_mac_key(secret), person=purpose, digest_size=24)
    return urlsafe_b64encode(mac.digest()).decode()


def remark_id() -> str:
    """13 characters [0-9a-v], 65 random bits: tells a remark from the others of its submission."""
    return _random.take(13)


def cursor(secret: bytes, submission_id: str) -> str:
    """A submission's id as a text that tells nothing of it, in hex: only the holder of `secret` makes one, or reads it.

    A synthetic initialisation vector (RFC 5297): a MAC of the id, and the id under a key stream of that MAC.
    """
    own = _cursor_mac(secret, submission_id)
    return own.hex() + _masked(secret, own, submission_id.encode()).hex()


def cursor_of(secret: bytes, text: str) -> str:
    """The id that such a text was made of; "" for any other text."""
    if not _CURSOR.fullmatch(text):
        return ""
    both = bytes.fromhex(text)
    own, masked = both[:16], both[16:]
    found = _masked(secret, own, masked).decode("ascii", "replace")
    return found if compare_digest(own, _cursor_mac(secret, found)) else ""


def _cursor_mac(secret: bytes, text: str) -> bytes:
    return _keyed(secret, b"todoke cursor", text).to_bytes(16, "big")


def _masked(secret: bytes, own: bytes, text: bytes) -> bytes:
    stream = hashlib.blake2b(
        own, key=_mac_key(secret), person=b"todoke cur.text", digest_size=len(text)
    )
    return bytes(a ^ b for a, b in zip(text, stream.digest(), strict=True))


def upload_key() -> str:
    """26 characters [0-9a-v], 130 random bits: the name of an upload, which nobody else can guess."""
    return _random.take(26)


def receipt_hash(token: str) -> str:
    """The form in which a receipt's token is stored: the id it begins with, then the token's SHA-256 in hex."""
    return token[:-_MAC_CHARACTERS] + token_hash(token)


def token_hash(token: str) -> str:
    """The form in which any other token is stored: SHA-256 in hex."""
    return hashlib.sha256(token.encode()).hexdigest()


def secret_name(secret: bytes) -> str:
    """What tells a secret from another and nothing else of it: 64 bits of a keyed hash, in hex."""
    return f"{_keyed(secret, b'todoke backup', '') >> 64:016x}"


def erased_key(secret: bytes, kind: str, text: str) -> str:
    """26 digits (128 bits) for what was erased, of a kind: the same for the same, and nobody without `secret` can tell
    of what, nor try whether it is somebody's."""
    return _base32hex(_keyed(secret, b"todoke erased", f"{kind} {text}"))


def counted_key(secret: bytes, kind: str, text: str) -> str:
    """The name under which something of a person is counted: it tells nothing of them without `secret`."""
    return f"{kind}/{_base32hex(_keyed(secret, b'todoke counted', f'{kind} {text}'))}"


def _keyed(secret: bytes, purpose: bytes, text: str) -> int:
    """A keyed BLAKE2b of a text, as a number of 128 bits."""
    mac = hashlib.blake2b(
        text.encode("utf-8", "surrogatepass"), key=_mac_key(secret), person=purpose, digest_size=16
    )
    return int.from_bytes(mac.digest(), "big")


@lru_cache(maxsize=8)
def _mac_key(secret: bytes) -> bytes:
    """A key of the length BLAKE2b takes, whatever the secret's."""
    return hashlib.sha512(secret).digest()


def _digits(number: int, length: int) -> str:
    """A number in base 32, with leading zeros; an even `length`."""
    return "".join([_PAIRS[number >> shift & 1023] for shift in range(5 * length - 10, -1, -10)])


def _base32hex(number: int) -> str:
    """128 bits in base 32 with the extended hex alphabet (RFC 4648 section 7), lower case: they sort as the number."""
    number <<= 2  # 26 digits of five bits
    return "".join([_PAIRS[number >> shift & 1023] for shift in range(120, -1, -10)])
