"""FormSubmit: `/{address}` and `/ajax/{address}`, always JSON there; `success` is a text."""

from __future__ import annotations

import re
from dataclasses import replace

from todoke.web.dialects.dialect import Denial, Dialect, Words


def _stored(words: Words) -> Words:
    return {**words, "success": "true"}


def _refused(denial: Denial) -> Words:
    """A real status as well: that a form was not taken is nothing to say with 200."""
    return {**denial.words, "success": "false", "message": denial.whole}


FORMSUBMIT = Dialect(
    name="formsubmit",
    title="FormSubmit",
    hosts=("formsubmit.co", "www.formsubmit.co"),
    address=re.compile(r"(?:/ajax)?/(?P<key>[^/]+)"),
    stored=_stored,
    refused=_refused,
    is_bare=True,
)
FORMSUBMIT_AJAX = replace(
    FORMSUBMIT,
    address=re.compile(r"/ajax/(?P<key>[^/]+)"),
    claims=True,
    is_bare=False,
    always_json=True,
)
