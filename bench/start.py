"""How long `todoke serve` takes to its first answer, and what it holds in memory when idle.

python bench/start.py [RUNS]
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

from todoke.bench.server import TodokeServer, compile_package


def main() -> None:
    """Start and stop the server some times; print the least and the median."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    compile_package()
    starts, memory = [], []
    for _ in range(runs):
        with (
            tempfile.TemporaryDirectory() as folder,
            TodokeServer(Path(folder), smtp_port=9) as server,
        ):
            starts.append(server.start_ms)
            memory.append(server.pss_mb())
    print(f"first answer: least {min(starts):.0f} ms, median {statistics.median(starts):.0f} ms")
    print(f"idle: {statistics.median(memory):.1f} MB PSS")


if __name__ == "__main__":
    main()
