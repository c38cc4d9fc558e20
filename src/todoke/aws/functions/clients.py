"""Clients of AWS: made when first asked for, since each takes as long to make as all the rest of a start."""

from __future__ import annotations

from functools import cache
from typing import Any


@cache
def _session() -> Any:
    import botocore.session

    return botocore.session.get_session()


@cache
def client(service: str) -> Any:
    """A client of this service; region, credentials and endpoint are the environment's. Safe to share by threads."""
    from botocore.config import Config

    patience = Config(
        connect_timeout=3, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 4}
    )
    return _session().create_client(service, config=patience)
