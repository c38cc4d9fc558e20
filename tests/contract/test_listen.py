"""Taking an address and a port of this machine."""

from __future__ import annotations

import pytest

from todoke.model.errors import ConfigError
from todoke.server.run import listen


def test_a_host_that_is_not_ours_is_said_to_be_the_host_s_fault() -> None:
    """Another port would not help."""
    with pytest.raises(
        ConfigError, match=r"^192\.0\.2\.1 is no address of this machine: .* --host\.$"
    ):
        listen("192.0.2.1", 0)
