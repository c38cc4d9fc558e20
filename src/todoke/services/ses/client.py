"""Opening a client of the SES API v2. The mailer and what `todoke doctor` asks SES use it. botocore is imported here.

Region and credentials come from botocore's own chain: environment, files of the AWS command line, the role of the
machine or function. They are never logged. Nothing is retried unless that is asked for: a repeated SendEmail is a
second mail.
"""

from __future__ import annotations

from typing import Any

from todoke.model.errors import ConfigError
from todoke.model.settings import CONNECT_SECONDS
from todoke.services.ses.settings import SesSettings


def open_client(
    ses: SesSettings, *, connections: int = 1, timeout_seconds: float = 0.0, tries: int = 1
) -> Any:
    """A client that several threads may use, with up to so many connections; a call is tried so often at most.

    Raises ConfigError: if botocore is not installed. botocore's own errors (BotoCoreError): if there is no region, or
    the files with credentials cannot be read.
    """
    try:
        from botocore.config import Config  # noqa: PLC0415 a tenth of a second and 30 MB, for this service alone
        from botocore.session import get_session  # noqa: PLC0415
    except ImportError as error:
        raise ConfigError(
            "mail.service is \"ses\", which needs botocore: pip install 'todoke[aws]'"
        ) from error
    seconds = timeout_seconds or ses.timeout_seconds
    return get_session().create_client(
        "sesv2",
        region_name=ses.region or None,
        endpoint_url=ses.endpoint or None,
        config=Config(
            connect_timeout=min(CONNECT_SECONDS, seconds),
            read_timeout=seconds,
            max_pool_connections=connections,
            retries={"mode": "standard", "total_max_attempts": tries},
            user_agent_extra="todoke",
        ),
    )
