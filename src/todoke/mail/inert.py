"""Making what strangers wrote inert before it stands in a mail: nothing hides, nothing steers, nothing can be clicked.

Strangers are visitors, the servers that answer our mail, and whoever named a file. `Inert` is what their text becomes:
the views that templates see hold nothing else of theirs, so no template can reach the raw one. Pure. It changes what
is shown, never what is kept: the submission keeps every character.
"""

from __future__ import annotations

import re
from typing import NewType

from todoke.model.address import Address
from todoke.model.show import show_address

Inert = NewType("Inert", str)
"""Text that can stand in a mail wherever a template puts it."""

# Bidirectional controls (Unicode UAX 9: they can turn "exe.fdp" into "pdf.exe"), invisible operators, fillers, tags,
# byte order marks; C0 and C1 controls; line separators; surrogates (JSON can carry lone ones). Joiners and variation
# selectors stay, because scripts and emoji need them, but not beside a Latin letter, which they can only split.
_JOINERS = "[\u200c\u200d\ufe00-\ufe0f\U000e0100-\U000e01ef]"
_UNSAFE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f"
    "\u2028-\u202e\u2060-\u206f\u2800\u3164\ud800-\udfff\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e00ff]"
    f"|(?<=[A-Za-z]){_JOINERS}|{_JOINERS}(?=[A-Za-z])"
)
_SPACES = re.compile(r"[\s\u2028\u2029\x85]+")

# Mail programs make links by guessing, each by another list of endings and schemes. So no list here, but the
# punctuation that all of them need, where writing does not need it: linear, for strangers choose the text.
_PUNCTUATION = (
    r"""[\s!"#%&'()*,./:;?@\[\\\]{}]"""  # no linker takes these for a letter of a host name
)
_LATIN = "[a-z\uff41-\uff5a\uff21-\uff3a]"
_ABROAD = "[^\x00-\xbf\\s\u2000-\u206f\u3000-\u303f\uff01-\uff20\uff3b-\uff40\uff5b-\uff65]"
_FILE_TYPES = (  # none of them is a top-level domain (https://data.iana.org/TLD/tlds-alpha-by-domain.txt)
    "avi|bmp|css|csv|docx?|gif|heic|html?|jpe?g|js|json|mp[34]|od[pst]|pdf|png|pptx?|rtf|svg|tiff?|tsv|txt|wav|webp"
    "|xlsx?|xml"
)
_LINK_MARK = re.compile(
    # What follows // is taken for a host, whatever it ends in.
    r"(?<=//)(?P<host>[^\s/]\S*)|"
    # A dot before the ending of a host name: two Latin letters or one of another script. "e.g.", "3.5", "2.0.1" and
    # "photo.jpg" have none.
    rf"(?<!{_PUNCTUATION})(?<!^)[.\u2024\ufe52]"
    rf"(?!(?:{_FILE_TYPES})(?![a-z0-9_/\\?#:@-]|\.[a-z0-9]))(?=[a-z](?:-|[^\W_])|{_ABROAD})"
    r"|(?:(?<=www)|(?<=www\d)|(?<=ftp))\.(?=\S)"
    # The dots of Japanese are sentence ends too: between Latin letters they make a host name.
    rf"|(?<=[a-z0-9\uff41-\uff5a\uff10-\uff19])[\u3002\uff0e\uff61](?={_LATIN}{{2}})"
    # IPv4 addresses with a port or a path.
    r"|(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?=:\d|[/?#]\S)"
    # Schemes: tel:, http:evil.example, https://, x://. A time of day has none.
    r"|(?<=[a-z0-9+.-][a-z+-]):(?=[^\s\]])|:(?=//|\\\\)"
    # //host, \\host\share, name@host.
    r"|/(?=/localhost)"
    r"|(?<![\w/:\]])/(?=/\w)|(?<![\w\\:\]])\\(?=\\\w)|(?<=[^\s\[])@(?=[^\s\]])",
    re.IGNORECASE,
)
_IN_HOST = re.compile(
    "(?<!\\[)[.:@\u2024\ufe52\u3002\uff0e\uff61](?=[^\\s\\]])"
    r"|(?<![\w/:\]])/(?=/\w)|/(?=/localhost)|(?<![\w\\:\]])\\(?=\\\w)",
    re.IGNORECASE,
)
_LOCAL = re.compile(r"(?!www|ftp\.)[a-z0-9][a-z0-9_+-]*(?:\.[a-z0-9_+-]+)*", re.IGNORECASE)
_MARK = re.compile(r"[^\w]")
_BROKEN = re.compile(r"\[[.:@/\\\u2024\ufe52\u3002\uff0e\uff61]\]")


def inert(text: str) -> Inert:
    """`text` with LF line ends, controls and steering characters shown, and all that could be a link broken visibly.

    https://example.com becomes https[:]//example[.]com. What is inert already stays as it is.
    """
    return Inert(_LINK_MARK.sub(_break, clean(text)))


def inert_line(text: str, limit: int = 200) -> Inert:
    """`inert` text on one line, cut at `limit` characters of `text`."""
    return Inert(_LINK_MARK.sub(_break, clean_line(text, limit)))


def inert_address(address: Address) -> Inert:
    """A visitor's or manager's mail address whole, for people act on it: a link to it can only write to it.

    The A-labels beside an international domain are broken, and so is all of it when its local part could be read as a
    page (evil.example/x@example.net), or as one that begins later: some programs make aya..h@docomo.ne.jp a link to h@.
    """
    if not (_LOCAL.fullmatch(address.local) and address.is_readable):
        return inert_line(show_address(address), 300)
    shown, space, a_labels = show_address(address).partition(" ")
    return Inert(clean_line(shown, 300) + space + inert(a_labels))


def is_broken(text: str) -> bool:
    """True when something in an inert text is written as [.], [:] or the like."""
    return bool(_BROKEN.search(text))


def clean(text: str) -> str:
    """`text` with LF line ends, and each control or invisible steering character shown instead of obeyed."""
    if text.isascii() and text.isprintable():
        return text
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _UNSAFE.sub(_show, text)


def clean_line(text: str, limit: int = 200) -> str:
    """`clean` text on one line, for names and subjects; cut at `limit` characters."""
    line = clean(_SPACES.sub(" ", text[: limit * 8])).replace("\n", " ").strip()
    return line if len(line) <= limit else line[: limit - 1] + "…"


def _show(found: re.Match[str]) -> str:
    character = found.group()
    code = ord(character)
    if code in {0x2028, 0x2029, 0x0085, 0x0B, 0x0C}:
        return "\n"
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    if 0xD800 <= code <= 0xDFFF or code < 0xA0:
        return "\ufffd"
    return f"⟨U+{code:04X}⟩"


def _break(found: re.Match[str]) -> str:
    marks = _IN_HOST if found["host"] else _MARK
    return marks.sub(r"[\g<0>]", found.group())
