"""Read the parameters of a Content-Type or Content-Disposition value, as browsers write them.

Works on bytes: what the bytes mean is only known once the charset is.
"""

from __future__ import annotations

import re

_PARAMETER = re.compile(
    rb"""
    ;(?P<name>[^;="]*+)=[ \t]*+
    (?: "(?P<quoted>(?: [^"\\] | \\"(?![ \t]*(?:;|\Z)) | \\(?!"(?![ \t]*(?:;|\Z))) )*)"
      | (?P<token>[^;]*) )
    """,
    re.VERBOSE,
)
r"""A backslash is an ordinary character, as browsers send it ("C:\x", and Shift_JIS has it as a second byte), but
before a quotation mark that does not end the value it is the escape that older browsers wrote."""


def read_header(value: bytes) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    """The value up to the first ";" in lower case, and its parameters in order, names in lower case."""
    main, semicolon, _ = value.partition(b";")
    parameters = []
    if semicolon:
        for match in _PARAMETER.finditer(value, len(main)):
            quoted = match["quoted"]
            text = match["token"].strip(b" \t") if quoted is None else quoted.replace(b'\\"', b'"')
            parameters.append((match["name"].strip(b" \t").lower(), text))
    return main.strip(b" \t").lower(), parameters


def first_parameter(parameters: list[tuple[bytes, bytes]], name: bytes) -> bytes:
    """The first parameter of this name, or nothing."""
    return next((value for key, value in parameters if key == name), b"")
