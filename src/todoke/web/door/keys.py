"""The keys by which a request says that it may be another one's repetition."""

from __future__ import annotations

import re

from starlette.types import Scope

from todoke.forms import control_fields
from todoke.model.errors import Malformed
from todoke.model.form import Form
from todoke.model.submission import EntryList, first_text
from todoke.web.http.asked import header

_KEY = re.compile(r"[\x20-\x7e]{1,255}")


def idempotency_key(scope: Scope) -> str:
    """The key in the header; "" without one.

    Raises Malformed: if it is not 1 to 255 printable ASCII characters. To ignore it would break its promise.
    """
    return _readable_key(header(scope, b"idempotency-key"))


def page_key(form: Form, controls: EntryList) -> str:
    """The key in the hidden field `_idempotency`; "" without one, or when the form's page has it for every visitor.

    Raises Malformed: as `idempotency_key`.
    """
    key = first_text(controls, control_fields.KEY).strip() if controls else ""
    return "" if not key or control_fields.is_fixed_key(form, key) else _readable_key(key)


def _readable_key(text: str) -> str:
    key = text.strip()
    if key and _KEY.fullmatch(key) is None:
        raise Malformed("An Idempotency-Key is 1 to 255 printable ASCII characters.")
    return key
