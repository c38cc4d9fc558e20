"""FormBackend: `/f/{token}`, and `submission_text`."""

from __future__ import annotations

import re

from todoke.web.dialects.dialect import Dialect, Words, with_message


def _stored(words: Words) -> Words:
    return {**words, "submission_text": words["message"]}


FORMBACKEND = Dialect(
    name="formbackend",
    title="FormBackend",
    hosts=("www.formbackend.com", "formbackend.com"),
    address=re.compile(r"/f/(?P<key>[^/]+)"),
    stored=_stored,
    refused=with_message,
)
