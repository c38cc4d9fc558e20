"""The whole store: what an adapter must be, and what the wiring hands out. A use case names the part that it needs.

The docstring of each port states what is guaranteed, what is not, and the condition of every error. Fakes for all of
them are in todoke.testing and pass the same contract suite (tests/contract).
"""

from __future__ import annotations

from typing import Protocol

from todoke.ports.admission import Admission
from todoke.ports.allowance import Allowances
from todoke.ports.archive import Archive
from todoke.ports.care import Carebook
from todoke.ports.erasure import Erasure
from todoke.ports.journal import Journal
from todoke.ports.lessons import Lessons
from todoke.ports.movable import Movable
from todoke.ports.notices import Notices
from todoke.ports.outbox import Outbox
from todoke.ports.shelf import Shelf
from todoke.ports.trail import Trail


class Store(
    Outbox,
    Journal,
    Archive,
    Carebook,
    Erasure,
    Shelf,
    Admission,
    Allowances,
    Trail,
    Notices,
    Lessons,
    Movable,
    Protocol,
):
    """Keeps submissions, messages, attempts and events. The truth; safe to call from any thread.

    Every write is atomic and durable (it survives a power loss) before it returns, or before its future resolves.
    `finish`, `journal` and `erase` about several submissions may be atomic for each of them only; when such a call
    raises, a part may be kept, and to repeat it completes it.
    Any method may raise StoreUnavailable: if the store cannot do it now (disk full, I/O error, throttled); a
    write that raised it left nothing behind. StoreCorrupt: if the data cannot be trusted.
    """

    def close(self) -> None:
        """Finish the writes under way and let go of the files. Later calls raise StoreUnavailable."""
        ...
