"""Every SuppressionSource as the contract suite needs it: a new one joins by a stage here and a row of the table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from mail_cloud_sandbox.app import build
from support.mail.postmark_server import PostmarkScript, postmark_server, postmark_settings
from support.mail.ses_server import SesScript, ses_server, ses_settings
from support.web.local_server import serving
from todoke.model.errors import RecordsUnavailable
from todoke.model.settings import Secret
from todoke.ports.suppressions import Suppression, SuppressionSource
from todoke.services.customers_mail_cloud.settings import CustomersMailCloudSettings
from todoke.services.customers_mail_cloud.suppressions import CustomersMailCloudSuppressions
from todoke.services.postmark.settings import PostmarkSettings
from todoke.services.postmark.suppressions import PostmarkSuppressions
from todoke.services.ses.settings import SesSettings
from todoke.services.ses.suppressions import SesSuppressions
from todoke.testing import FakeSuppressions

KEY = "SECRET-key-93b1"


@dataclass
class ListStage:
    """A list, with a way to let the service put an address on it, for a complaint as well, and to be there no more."""

    source: SuppressionSource
    block: Callable[[str, datetime], object]
    end: Callable[[], object]
    complain: Callable[[str, datetime], object] | None = None
    """None where the service keeps no entry for good."""


@contextmanager
def fake(_folder: Path) -> Iterator[ListStage]:
    """The fake."""
    source = FakeSuppressions()

    def complain(address: str, at: datetime) -> None:
        source.blocked.append(Suppression(address=address, since=at))
        source.kept[address] = "No."

    yield ListStage(
        source,
        lambda address, at: source.blocked.append(Suppression(address=address, since=at)),
        lambda: setattr(source, "fault", RecordsUnavailable()),
        complain,
    )


@contextmanager
def sandbox(folder: Path) -> Iterator[ListStage]:
    """Customers Mail Cloud, as the sandbox plays it."""
    app = build(folder, pace_seconds=0)
    with serving(app) as url:
        source = cloud_list(url, timeout_seconds=5)
        gone = cloud_list("http://127.0.0.1:1", timeout_seconds=1)
        stage = ListStage(
            source,
            lambda address, at: app.state.service.blocks.add(address, at.timestamp()),
            lambda: setattr(stage, "source", gone),
        )
        yield stage
        source.close()


def cloud_list(url: str, **changes: Any) -> CustomersMailCloudSuppressions:
    """The adapter for a service at `url`."""
    made = {"records_url": url, "api_user": "api@example.org", "api_key": Secret(KEY)}
    return CustomersMailCloudSuppressions(CustomersMailCloudSettings(**{**made, **changes}))


def ses_list(url: str, **changes: Any) -> SesSuppressions:
    """The adapter for SES at `url`."""
    return SesSuppressions(ses_settings(url, **changes).mail.own_as(SesSettings))


def postmark_list(url: str, **changes: Any) -> PostmarkSuppressions:
    """The adapter for Postmark at `url`."""
    return PostmarkSuppressions(postmark_settings(url, **changes).mail.own_as(PostmarkSettings))


@contextmanager
def ses(_folder: Path) -> Iterator[ListStage]:
    """Amazon SES, as our server on loopback plays it."""
    script = SesScript()
    with ses_server(script) as url:
        source = ses_list(url)
        stage = ListStage(
            source,
            lambda address, at: script.suppressed.update({address: ("BOUNCE", at.timestamp())}),
            lambda: setattr(stage, "source", ses_list("http://127.0.0.1:1", timeout_seconds=1)),
        )
        yield stage
        source.close()


@contextmanager
def postmark(_folder: Path) -> Iterator[ListStage]:
    """Postmark, as our server on loopback plays it."""
    script = PostmarkScript()
    with postmark_server(script) as url:
        source = postmark_list(url)
        stage = ListStage(
            source,
            lambda address, at: script.suppressed.update({address: ("HardBounce", str(at))}),
            lambda: setattr(stage, "source", postmark_list("http://127.0.0.1:1")),
            lambda address, at: script.suppressed.update({address: ("SpamComplaint", str(at))}),
        )
        yield stage
        source.close()


STAGES: Mapping[str, Callable[[Path], AbstractContextManager[ListStage]]] = {
    "customers-mail-cloud": sandbox,
    "fake": fake,
    "postmark": postmark,
    "ses": ses,
}
"""Each service that has a list which can be read, by its name."""
