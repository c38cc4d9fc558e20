"""Getform, now Forminit: `/f/{id}`; its clients read `success`, and `error` of a fault."""

from __future__ import annotations

import re

from todoke.web.dialects.dialect import Denial, Dialect, Words, with_message


def _stored(words: Words) -> Words:
    return {**words, "success": True, "redirectUrl": words["next"]}


def _refused(denial: Denial) -> Words:
    return {**with_message(denial), "success": False}


GETFORM = Dialect(
    name="getform",
    title="Getform",
    hosts=("getform.io", "www.getform.io", "forminit.com", "www.forminit.com", "api.forminit.com"),
    address=re.compile(r"/f/(?P<key>[^/]+)"),
    stored=_stored,
    refused=_refused,
)
