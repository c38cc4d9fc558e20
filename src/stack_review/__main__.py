"""`python -m stack_review`."""

from __future__ import annotations

import sys

from stack_review.command import main

sys.exit(main(sys.argv[1:]))
