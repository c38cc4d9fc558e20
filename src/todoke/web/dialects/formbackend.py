"""FormBackend: `/f/{token}`, and `submission_text`."""

from __future__ import annotations

import re

from todoke.web.dialects.dialect import Denial, Dialect, Words


def _stored(words: Words) -> Words:
    return {**words, "submission_text": words["message"]}


def _refused(denial: Denial) -> Words:
    return {**denial.words, "message": denial.text}


FORMBACKEND = Dialect(
    name="formbackend",
    title="FormBackend",
    hosts=("www.formbackend.com", "formbackend.com"),
    address=re.compile(r"/f/(?P<key>[^/]+)"),
    stored=_stored,
    refused=_refused,
)
