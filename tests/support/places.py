"""Where things lie: the project itself, and the independent material that tests may read where it exists."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).parents[2]
CORPORA = Path(os.environ.get("TODOKE_CORPORA", ROOT.parent / "shared" / "corpora"))
