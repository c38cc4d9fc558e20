"""Mail addresses: one addr-spec, checked strictly, comparable, and maskable.

It never parses lists, comments or display names out of visitors' text (CVE-2023-27043: such parsers pick the wrong
address).
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from todoke.model.short_cache import short_cache

_PLAIN = re.compile(
    r"(?P<local>[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*)"
    r"@(?P<domain>(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?!(?:arpa|invalid|local|localhost|onion|test)\Z)[a-z]{2,63})"
)
"""Addresses that need no thought: lower case, ASCII, a dot-atom of RFC 5322 at a host name of RFC 1123."""


LONGEST_TEXT = 1_024
"""No text beyond it can be an address, however it is composed; reading one of 250 kB would take a quarter second."""

_ATEXT = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]"
_DOT_ATOM = re.compile(rf"{_ATEXT}+(?:\.{_ATEXT}+)*")
_ATOMS_AND_DOTS = re.compile(rf"(?:{_ATEXT}|\.)+")
_FREE_DOTS = re.compile(r"(?:[^@]+\.)?(?:docomo\.ne\.jp|ezweb\.ne\.jp|au\.com)", re.IGNORECASE)
"""Domains of docomo and au, which until 2009 gave out addresses with dots in a row or before the @. They still work.

Browsers take such dots anywhere (WHATWG HTML 4.10.5.1.5). Elsewhere they are slips of the finger, and found here.
"""
_ENCODED_WORD = "=?"  # how one begins in a header field, RFC 2047: some readers find them anywhere
_LONGEST_LOCAL = 64  # octets, RFC 5321 4.5.3.1.1
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"@([^"@]*)', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_SAME_MAILBOXES = {
    "googlemail.com": "gmail.com",
    "mac.com": "icloud.com",
    "me.com": "icloud.com",
    "pm.me": "proton.me",
    "protonmail.ch": "proton.me",
    "protonmail.com": "proton.me",
    "ya.ru": "yandex.ru",
    "yandex.by": "yandex.ru",
    "yandex.com": "yandex.ru",
    "yandex.kz": "yandex.ru",
}
"""Domains under which a service delivers to the same mailbox."""


class AddressError(ValueError):
    """The text is not one mail address; the message says why, for a person."""


class Address(str):
    """One mail address: a text, written, stored and compared as the text it is, that names its parts.

    `parse_address` makes one of what people write. Calling the class makes one of what a store has kept, which was
    parsed before it came there, and looks at nothing. Only the parts of a kept one that take reading may then fail.
    """

    __slots__ = ("_ascii_domain",)
    _ascii_domain: str

    @property
    def local(self) -> str:
        """What stands before the @."""
        return self.rpartition("@")[0]

    @property
    def domain(self) -> str:
        """The domain in Unicode (NFC)."""
        return self.rpartition("@")[2]

    @property
    def ascii_domain(self) -> str:
        """The domain as A-labels (RFC 5890). Raises AddressError: if a kept text is no address."""
        try:
            return self._ascii_domain
        except AttributeError:
            self._ascii_domain = parse_address(str(self)).ascii_domain
            return self._ascii_domain

    @property
    def is_readable(self) -> bool:
        """False for a kept text that is no address."""
        try:
            return bool(self.ascii_domain)
        except AddressError:
            return False

    @property
    def wire(self) -> str:
        """The address as it goes into SMTP and header fields: domain IDNA-encoded, a local part with odd dots quoted.

        `a..b@docomo.ne.jp` is a mailbox whose local part can only be written as a quoted string (RFC 5321 4.1.2).
        Raises AddressError: as `ascii_domain`.
        """
        return f"{_local_on_wire(self.local)}@{self.ascii_domain}"

    @property
    def bare(self) -> str:
        """`wire` without quotes, for services that take no quoted string. Raises AddressError: as `ascii_domain`."""
        return f"{self.local}@{self.ascii_domain}"

    @property
    def needs_smtputf8(self) -> bool:
        """True when the local part is not ASCII, so that only RFC 6531 servers can take it."""
        return not self.local.isascii()

    @property
    def key(self) -> str:
        """What two spellings of one mailbox have in common: domain and local part in small letters, without quotes.

        RFC 5321 2.4 lets a local part be case-sensitive; no service in use is, and their events change the
        case. Not case-folded, which makes one of straße and strasse: they are two people's. Only for comparing;
        mail is always sent to what was typed.
        """
        return mailbox_key(self)

    @property
    def masked(self) -> str:
        """The address with most of the local part hidden, for pages that others might see: `h•••@example.com`."""
        return f"{self.local[:1]}•••@{self.domain}" if self.local else "•••"


NOBODY = Address("")
"""Where there is no address, in a store too."""


@lru_cache(maxsize=4096)
def parse_address(text: str) -> Address:
    """Read `text` as exactly one addr-spec (RFC 5321 Mailbox without comments or literals).

    At docomo and au, dots may stand anywhere in the local part. Quotes around such a local part, or around a plain one,
    are left out. Raises AddressError: if it is anything else, longer than 254 octets, holds a character that NFKC would
    change (address_hint.py has what may be meant) or the beginning of an encoded word, or has a domain that no public
    mail can reach (no dot, special use). Nothing is looked up in the DNS.
    """
    if len(text) > LONGEST_TEXT:
        raise AddressError("The text is too long for a mail address.")
    plain = _PLAIN.fullmatch(text) if len(text) <= 254 and _ENCODED_WORD not in text else None
    if plain and len(plain["local"]) <= _LONGEST_LOCAL and "--" not in plain["domain"]:
        return _address(text, plain["domain"])
    return _parse_by_the_book(text)


def _has_compatibility_characters(text: str) -> bool:
    composed = unicodedata.normalize("NFC", text)
    return unicodedata.normalize("NFKC", composed) != composed or "\u3002" in composed


def _parse_by_the_book(text: str) -> Address:
    """The same for every address; a plain one gives the same answer, ten times slower."""
    if _ENCODED_WORD in text:
        raise AddressError("The address holds =?, which begins an encoded word.")
    if not text.isascii() and _has_compatibility_characters(text):
        raise AddressError(
            "The address holds full-width characters, or others that only look like letters or dots."
        )
    from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415 a fifth of what serving loads

    try:
        found = validate_email(
            _with_odd_dots_quoted(text),
            check_deliverability=False,
            allow_smtputf8=True,
            allow_quoted_local=True,
            strict=True,
            test_environment=True,
        )
    except EmailNotValidError as error:
        raise AddressError(str(error)) from error
    local = unquoted(f"{found.local_part}@").removesuffix("@")
    if local != found.local_part and not (
        _FREE_DOTS.fullmatch(found.domain) and _ATOMS_AND_DOTS.fullmatch(local)
    ):
        raise AddressError(
            "The quotes before the @ hold what is not taken in an address of this domain."
        )
    if len(_local_on_wire(local).encode()) > _LONGEST_LOCAL:
        raise AddressError("The part before the @ is too long.")
    return _address(f"{local}@{found.domain}", found.ascii_domain)


def _with_odd_dots_quoted(text: str) -> str:
    local, at, domain = text.rpartition("@")
    if _FREE_DOTS.fullmatch(domain) and _ATOMS_AND_DOTS.fullmatch(local):
        return f"{_local_on_wire(local)}{at}{domain}"
    return text


def _local_on_wire(local: str) -> str:
    """A local part, in quotes where it is no dot-atom (RFC 5321 4.1.2); such letters need no backslash."""
    return local if not local.isascii() or _DOT_ATOM.fullmatch(local) else f'"{local}"'


def unquoted(text: str) -> str:
    """An address without the quotes around its local part, which are no part of its name (RFC 5321 4.1.2)."""
    quoted = _QUOTED.fullmatch(text) if text.startswith('"') else None
    return "@".join((_ESCAPED.sub(r"\1", quoted[1]), quoted[2])) if quoted else text


def _address(text: str, ascii_domain: str) -> Address:
    address = Address(text)
    address._ascii_domain = ascii_domain  # noqa: SLF001 our own class
    return address


def same_mailbox(one: str, other: str) -> bool:
    """True when both texts name the same mailbox, ignoring case, quotes and IDNA spelling."""
    return mailbox_key(one) == mailbox_key(other)


def mailbox_key(text: str) -> str:
    """What all spellings of one mailbox have in common (see Address.key); of anything else, its small letters."""
    bare = unquoted(text.strip().strip("<>"))
    # An ASCII spelling is its own key, so the costly reading is left to the rest.
    return bare.lower() if bare.isascii() else _international_key(bare)


def addressee_key(address: Address) -> str:
    """What the spellings of one addressee's address have in common, to count by and for nothing else.

    Case, dots in the local part and what follows a plus are left out: many services deliver all of these to one
    mailbox, and where one does not, two addressees are counted as one.
    """
    local = address.local.strip('"').lower()
    local = local.partition("+")[0] or local
    domain = address.ascii_domain.lower()
    domain = _SAME_MAILBOXES.get(domain, domain)
    return f"{local.replace('.', '') or local}@{domain}"


@short_cache(4096)
def _international_key(text: str) -> str:
    try:
        address = parse_address(text)
    except AddressError:
        return text.lower()
    return f"{address.local}@{address.ascii_domain}".lower()
