"""The tokens of a file control's `accept` (WHATWG HTML 4.10.5.1.17): which count, and which media types each means."""

from __future__ import annotations

import mimetypes
import re
from functools import cache

from todoke.forms.media_types import ACTIVE, KNOWN, OTHER, PROGRAM, SAME

# RFC 9110 5.6.2. A parameter makes it no token: browsers pass over "image/*;capture=camera".
_MEDIA_TYPE = re.compile(r"([!#$%&'*+.^_`|~0-9a-z-]+)/[!#$%&'*+.^_`|~0-9a-z-]+")
# The registered ones (IANA), one that chemists use, and the whole: no file is of "images/*".
_TOP_LEVEL = re.compile(
    r"application|audio|chemical|font|haptics|image|message|model|multipart|text|video|x-.+|\*"
)
# No file's name has these on Windows, so ".*" and ".doc .docx" are no extensions.
_EXTENSION = re.compile(r'\.[^\s\x00-\x1f*?/\\|;:"<>,]+')
UNTYPED = "application/octet-stream"
_ANY = frozenset({"*/*", "application/*"})
_WILDCARDS = {"image/*": "images", "audio/*": "sound", "video/*": "videos", "text/*": "text"}
_NEVER_WILD = ACTIVE | {PROGRAM}


def read_accept(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The tokens of the attribute, in lower case, and those that say nothing and are passed over."""
    tokens = [
        token for token in (part.strip("\t\n\f\r ").lower() for part in text.split(",")) if token
    ]
    good = tuple(dict.fromkeys(token for token in tokens if is_token(token)))
    return good, tuple(dict.fromkeys(token for token in tokens if not is_token(token)))


def is_token(token: str) -> bool:
    """True for a wildcard, a media type without parameters, or an extension with its dot; all in lower case."""
    if token.startswith("."):
        return bool(_EXTENSION.fullmatch(token))
    form = _MEDIA_TYPE.fullmatch(token)
    return form is not None and bool(_TOP_LEVEL.fullmatch(form[1]))


def types_of(extension: str) -> tuple[str, ...]:
    """The media types of files with this extension, the usual one first; empty when it says nothing."""
    found = KNOWN.get(extension) or OTHER.get(extension)
    if found is None:
        stated = _python_types().get(extension, UNTYPED)
        found = () if stated == UNTYPED else (SAME.get(stated, stated),)
    return found


def is_wildcard(token: str) -> bool:
    return token.endswith("/*")


def types_named(token: str) -> tuple[str, ...]:
    """The types that a token names; a wildcard names none."""
    if is_wildcard(token):
        return ()
    return types_of(_last(token)) if token.startswith(".") else (SAME.get(token, token),)


def takes(token: str, media_type: str) -> bool:
    """True when `token` means this type. No wildcard means what runs when it is opened."""
    if not is_wildcard(token):
        return media_type in types_named(token)
    top_level = token.removesuffix("*").removeprefix("*/")
    return media_type.startswith(top_level) and media_type not in _NEVER_WILD


def takes_unheard_of(token: str) -> bool:
    """True when the token may mean files of whatever kind: a type that no table has, or nearly all types."""
    if token.startswith("."):
        return False
    if is_wildcard(token):
        return token in _ANY
    return SAME.get(token, token) not in _heard_of()


def accept_words(accept: tuple[str, ...]) -> list[str]:
    """What `accept` takes, in words for people; wildcards are English words to translate."""
    words = [_WILDCARDS.get(token) or _word(token) for token in accept]
    return list(dict.fromkeys(words))


def _word(token: str) -> str:
    if not token.startswith("."):
        meant = SAME.get(token, token)
        both = (*KNOWN.items(), *OTHER.items())
        token = next((extension for extension, kinds in both if meant in kinds), token)
    return token.removeprefix(".").upper() if token.startswith(".") else token


def _last(token: str) -> str:
    """ ".gz" of ".tar.gz"."""
    return "." + token.rpartition(".")[2]


@cache
def _python_types() -> dict[str, str]:
    """Python's own table; not the machine's, so that every machine decides alike."""
    return mimetypes.MimeTypes().types_map[True]


@cache
def _heard_of() -> frozenset[str]:
    stated = {SAME.get(kind, kind) for kind in _python_types().values()} - {UNTYPED}
    return frozenset(stated.union(*KNOWN.values(), *OTHER.values()))
