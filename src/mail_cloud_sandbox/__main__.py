"""`python -m mail_cloud_sandbox`."""

from __future__ import annotations

import sys

from mail_cloud_sandbox.command import main
from mail_cloud_sandbox.log import log_to_stderr

log_to_stderr()
sys.exit(main(sys.argv[1:]))
