"""Netlify Forms: any path of the site, `form-name` in the body; the path is the page to go to afterwards. No JSON."""

from __future__ import annotations

import re

from todoke.web.dialects.dialect import Dialect, as_said, refused_as_said

NETLIFY = Dialect(
    name="netlify",
    title="Netlify Forms",
    hosts=(),
    address=re.compile(r"/.*"),
    stored=as_said,
    refused=refused_as_said,
    leads_on=True,
    marks=("netlify", "data-netlify"),
    honeypot_marks=("netlify-honeypot", "data-netlify-honeypot"),
)
