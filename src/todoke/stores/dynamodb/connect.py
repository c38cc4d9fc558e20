"""A client for DynamoDB. botocore is loaded when one is made: loading it is most of a function's cold start."""

from __future__ import annotations

import os
from typing import Any

from todoke.model.errors import StoreUnavailable

CONNECT_SECONDS, READ_SECONDS = 1.0, 3.0


def make_client() -> Any:
    """A client for the region and endpoint in the environment (AWS_REGION, AWS_ENDPOINT_URL).

    Raises StoreUnavailable: if no region is named, or the like.
    """
    from botocore.config import Config  # noqa: PLC0415
    from botocore.exceptions import BotoCoreError  # noqa: PLC0415
    from botocore.session import get_session  # noqa: PLC0415

    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"total_max_attempts": 1, "mode": "standard"},  # we try again ourselves
        max_pool_connections=32,
        tcp_keepalive=True,
        parameter_validation=False,
    )
    try:
        return get_session().create_client(
            "dynamodb", region_name=os.environ.get("AWS_REGION"), config=config
        )
    except (BotoCoreError, ValueError) as error:
        raise StoreUnavailable(f"DynamoDB cannot be used: {error}") from error
