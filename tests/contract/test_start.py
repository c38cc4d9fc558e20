"""What a start loads, and what it does not."""

from __future__ import annotations

import subprocess
import sys


def test_to_read_the_table_loads_no_adapter() -> None:
    """A start with SMTP must not pay for the libraries of other services."""
    code = (
        "import sys, todoke.configuration, todoke.wiring\n"
        "heavy = {'botocore', 'urllib3', 'cryptography', 'smtplib'} & set(sys.modules)\n"
        "adapters = [m for m in sys.modules if m.startswith('todoke.services') and m.endswith("
        "('.mailer', '.events', '.records', '.doctor', '.client'))]\n"
        "sys.exit(repr((heavy, adapters)) if heavy or adapters else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
