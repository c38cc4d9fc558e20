"""Formspark: `/{id}`. It gives the answers back in its own; here nobody needs them but who sent them."""

from __future__ import annotations

import re

from todoke.web.dialects.dialect import Denial, Dialect, Words, as_said


def _refused(denial: Denial) -> Words:
    return {**denial.words, "message": denial.text}


FORMSPARK = Dialect(
    name="formspark",
    title="Formspark",
    hosts=("submit-form.com", "api.formspark.io"),
    address=re.compile(r"/(?P<key>[^/]+)"),
    stored=as_said,
    refused=_refused,
    is_bare=True,
)
