"""Where a command looks and listens unless it is told otherwise."""

from __future__ import annotations

DEFAULT_CONFIG = "todoke.toml"
DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8025
