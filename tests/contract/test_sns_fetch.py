"""Fetching the certificate that a message of SNS names."""

from __future__ import annotations

import pytest

from todoke.model.errors import Unverifiable
from todoke.services.ses.sns_fetch import fetch


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/", "file:///etc/passwd", "https://127.0.0.1:1/"]
)
def test_the_fetcher_takes_tls_alone(url: str) -> None:
    """What is not https, or does not answer, gives nothing."""
    with pytest.raises(Unverifiable):
        fetch(url)
