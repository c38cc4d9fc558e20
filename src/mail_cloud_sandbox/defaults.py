"""What a sandbox that is run from a command line has when nothing else is said."""

from __future__ import annotations

from pathlib import Path

HOST, PORT = "127.0.0.1", 8026
DATA = Path("./sandbox-data")
BLOCK_AFTER = 5
"""Hard bounces before an address is blocked."""
KEEP_MAILS, KEEP_BYTES = 5000, 500_000_000
"""So many mails are kept, and so much of them; beyond that the oldest go."""
