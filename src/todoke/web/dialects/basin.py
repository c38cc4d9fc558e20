"""Basin: `/f/{id}`, in older pages `/f/{id}.json`, and `success`."""

from __future__ import annotations

import re

from todoke.web.dialects.dialect import Denial, Dialect, Words


def _stored(words: Words) -> Words:
    return {**words, "success": True}


def _refused(denial: Denial) -> Words:
    return {**denial.words, "success": False, "message": denial.text}


BASIN = Dialect(
    name="basin",
    title="Basin",
    hosts=("usebasin.com", "www.usebasin.com"),
    address=re.compile(r"/f/(?P<key>[^/]+?)(?:\.json)?"),
    stored=_stored,
    refused=_refused,
    marks=("data-basin-form",),
)
