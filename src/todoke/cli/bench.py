"""`todoke bench`: run the benchmark and print it."""

from __future__ import annotations

import sys
from typing import Any

from todoke.bench import measure
from todoke.cli.output import print_json, print_line

_TEXT = """\
accepted submissions   {accepted_per_second:>9,.0f} a second  ({accepted:,} over {connections} connections, {verdict})
  the answer takes     {p50_ms:>9.2f} ms p50, {p99_ms:.2f} ms p99
  processor time       {cpu_ms_per_accepted:>9.3f} ms each, its mails included
mails into a sink      {mails_per_second_meanwhile:>9,.0f} a second while submissions come in
                       {mails_per_second_afterwards:>9,.0f} a second afterwards
raw SQLite             {raw_sqlite_per_second:>9,.0f} a second  (same rows, groups of {connections})
  todoke reaches       {ratio_to_raw_sqlite:>9.2f} of that
bare HTTP server       {bare_http_per_second:>9,.0f} a second  (the same requests, nothing read or stored)
  todoke reaches       {ratio_to_bare_http:>9.2f} of that
first answer           {start_ms:>9.0f} ms after the process starts
memory                 {idle_pss_mb:>9.1f} MB idle, {loaded_pss_mb:.1f} MB after the load (PSS)"""


def bench(seconds: float, connections: int, *, as_json: bool) -> int:
    """Print the figures; 1 when an accepted submission is not in the store, or one was refused."""
    if not as_json:
        sys.stderr.write(f"Measuring for {seconds:g} s ...\n")
    measured = measure(seconds, connections)
    if as_json:
        print_json(measured)
    else:
        print_line(_TEXT.format(**measured, verdict=_verdict(measured)))
    return 1 if measured["lost"] or measured["refused"] else 0


def _verdict(measured: dict[str, Any]) -> str:
    if measured["lost"]:
        return f"{measured['lost']} ACCEPTED SUBMISSIONS ARE LOST"
    if measured["refused"]:
        return f"none lost, {measured['refused']} refused"
    return "each of them stored"
