"""Formspark: `/{id}`. It gives the answers back in its own; here nobody needs them but who sent them."""

from __future__ import annotations

import re

from todoke.web.dialects.dialect import Dialect, as_said, with_message

FORMSPARK = Dialect(
    name="formspark",
    title="Formspark",
    hosts=("submit-form.com", "api.formspark.io"),
    address=re.compile(r"/(?P<key>[^/]+)"),
    stored=as_said,
    refused=with_message,
    is_bare=True,
)
