"""Secrets: only ever from the environment, or, for todoke's own, from a file that nobody else can read."""

from __future__ import annotations

import base64
import binascii
import contextlib
import os
import re
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

from todoke.model.errors import ConfigError
from todoke.model.settings import Secret
from todoke.toml.table import Table
from todoke.toml.text import NotUtf8, read_utf8

_BYTES = 32
_KEY = re.compile(r"[\x21-\x7e]*")


def text_secret(environ: Mapping[str, str], variable: str) -> Secret:
    """The secret that `variable` holds, without white space around it."""
    return Secret(environ.get(variable, "").strip())


def check_key(table: Table, variable: str, key: Secret) -> None:
    """Note a key of an API that no header field or call could carry: one with a space, a control, or beyond ASCII."""
    if not _KEY.fullmatch(key.reveal()):
        table.error(
            "",
            f"has a key in {variable} with a space, a control character or one beyond ASCII in it.",
            "Copy it from the service's console anew.",
        )


def decode_secret(text: str) -> bytes | None:
    """TODOKE_SECRET as bytes: hex, or base 64 in either alphabet; None unless it holds 32 bytes or more."""
    text = text.strip()
    if re.fullmatch(r"(?:[0-9a-fA-F]{2})+", text):
        decoded = bytes.fromhex(text)
    else:
        try:
            standard = text.replace("-", "+").replace("_", "/")
            decoded = base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True)
        except (binascii.Error, ValueError):
            return None
    return decoded if len(decoded) >= _BYTES else None


def known_secret(environ: Mapping[str, str], data: Path) -> bytes:
    """todoke's own secret where there is one: of TODOKE_SECRET, or of `data`/secret; b"" without both.

    Raises ConfigError: if it is no secret.
    """
    text = environ.get("TODOKE_SECRET", "")
    if not text:
        return kept_secret(data) if (data / "secret").exists() else b""
    decoded = decode_secret(text)
    if decoded is None:
        raise ConfigError("TODOKE_SECRET must hold 32 bytes or more in hex or base 64.")
    return decoded


def kept_secret(data: Path) -> bytes:
    """The secret in `data`/secret; made on the first call, readable by its owner only (mode 0600).

    Raises ConfigError: if it cannot be read or written, or holds something else.
    """
    path = data / "secret"
    said = ""
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            _write_once(path, secrets.token_hex(_BYTES) + "\n")
        decoded = decode_secret(read_utf8(path))
    except OSError as error:
        raise ConfigError(f"{path}: the secret cannot be kept there: {error}.") from error
    except NotUtf8 as error:
        decoded, said = None, f"the file {str(error).removesuffix('.')}, and "
    if decoded is None:
        raise ConfigError(f"{path}: {said}this is not a secret of {_BYTES} bytes in hex.")
    return decoded


def secret_keeper(data: Path) -> Callable[[], None]:
    """What writes the file `data`/secret again, as it is now, should it be gone by then; nothing where none is now."""
    path = data / "secret"
    try:
        text = read_utf8(path)
    except (OSError, NotUtf8):
        return lambda: None

    def put_back() -> None:
        if not path.exists():
            _write_once(path, text)

    return put_back


def _write_once(path: Path, text: str) -> None:
    """Write a file whole or not at all; of two processes that start together, the first one's stays."""
    draft = path.with_name(f".secret-{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)
