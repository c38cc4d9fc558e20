"""Fetch from Amazon SNS over TLS: a certificate, or the answer to a confirmation.

The URLs are pinned by sns.py, and TLS proves the host, so an address that DNS was made to lie about gets nothing.
"""

from __future__ import annotations

import urllib3
from urllib3.exceptions import HTTPError

from todoke.model.errors import Unverifiable

SECONDS = 5.0
MOST_BYTES = 65_536


def fetch(url: str) -> bytes:
    """What is at `url`: no redirect is followed, nothing is retried, and 64 KB at most are read.

    Raises Unverifiable: if the answer is not 200, is larger, or does not come in time.
    """
    if not url.startswith("https://"):
        raise Unverifiable("Only https is fetched.")
    with urllib3.PoolManager(retries=False, timeout=SECONDS, cert_reqs="CERT_REQUIRED") as pool:
        try:
            answer = pool.request(
                "GET", url, redirect=False, preload_content=False, decode_content=False
            )
            data = answer.read(MOST_BYTES + 1)
            answer.release_conn()
        except HTTPError as error:
            raise Unverifiable from error
    if answer.status != 200 or len(data) > MOST_BYTES:
        raise Unverifiable
    return data
