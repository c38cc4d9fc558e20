"""A request's body that tells whether the service can have seen any of it."""

from __future__ import annotations

import io


class WatchedBody(io.BytesIO):
    """Octets that know whether any were asked for: before that, connecting had failed, and nothing was handed over."""

    was_begun = False

    def read(self, size: int | None = -1, /) -> bytes:
        """See io.BytesIO."""
        self.was_begun = True
        return super().read(size)
