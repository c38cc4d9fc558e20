"""What a sandbox that is run from a command line has when nothing else is said."""

from __future__ import annotations

from pathlib import Path

HOST, PORT = "127.0.0.1", 8026
DATA = Path("./sandbox-data")
BLOCK_AFTER = 5
"""Hard bounces before an address is blocked."""
