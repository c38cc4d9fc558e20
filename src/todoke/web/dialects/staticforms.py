"""StaticForms: `/submit` with `accessKey`; its clients read `success` and `message`."""

from __future__ import annotations

import re

from todoke.web.dialects.dialect import Denial, Dialect, Words


def _stored(words: Words) -> Words:
    return {**words, "success": True}


def _refused(denial: Denial) -> Words:
    return {**denial.words, "success": False, "message": denial.whole}


STATICFORMS = Dialect(
    name="staticforms",
    title="StaticForms",
    hosts=("api.staticforms.xyz", "api.staticforms.dev"),
    address=re.compile(r"/submit"),
    stored=_stored,
    refused=_refused,
    claims=True,
    home="/submit",
)
