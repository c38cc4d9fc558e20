"""Formcarry: `POST /s/{id}`; its clients read `code`, `status` and `message`."""

from __future__ import annotations

import re

from todoke.web.dialects.dialect import Denial, Dialect, Words


def _stored(words: Words) -> Words:
    said = words["message"]
    return {**words, "code": 200, "status": "success", "title": said, "redirect": False}


def _refused(denial: Denial) -> Words:
    said = {"code": denial.status, "status": "error", "title": denial.text}
    return {**denial.words, **said, "message": denial.whole}


FORMCARRY = Dialect(
    name="formcarry",
    title="Formcarry",
    hosts=("formcarry.com", "www.formcarry.com"),
    address=re.compile(r"/s/(?P<key>[^/]+)"),
    stored=_stored,
    refused=_refused,
    claims=True,
)
