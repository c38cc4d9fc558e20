"""Web3Forms: `/submit` with `access_key`; its clients read the status, `success`, and `message` here or in `body`."""

from __future__ import annotations

import re

from todoke.web.dialects.dialect import Denial, Dialect, Words


def _stored(words: Words) -> Words:
    return {**words, **_said(200, words["message"])}


def _refused(denial: Denial) -> Words:
    return {**denial.words, **_said(denial.status, denial.whole)}


def _said(status: int, text: str) -> Words:
    is_stored = status == 200
    body = {"data": {}, "message": text}
    return {"success": is_stored, "statusCode": status, "message": text, "body": body}


WEB3FORMS = Dialect(
    name="web3forms",
    title="Web3Forms",
    hosts=("api.web3forms.com",),
    address=re.compile(r"/submit(?:/(?P<key>[^/]+))?"),
    stored=_stored,
    refused=_refused,
    claims=True,
    home="/submit",
)
