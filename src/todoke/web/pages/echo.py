"""How much of what was typed a page shows again. Pure."""

from __future__ import annotations

from todoke.model.submission import EntryList

MOST_CHARACTERS = 65_536
"""Of all answers of a page: thirty pages of a book. Each may be five when it is escaped, and stand in it twice."""
_TIMES_NAMED = 4


def fitting(entries: EntryList) -> tuple[EntryList, tuple[str, ...]]:
    """The entries that a page shows again, and the names of those that do not fit in: whole or not at all.

    Half a text would be sent again as if it were the whole.
    """
    room, kept, left_out = MOST_CHARACTERS, [], []
    for entry in entries:
        value = entry.value if isinstance(entry.value, str) else ""
        size = len(value) + _TIMES_NAMED * len(entry.name)
        if size <= room:
            room -= size
            kept.append(entry)
        elif _TIMES_NAMED * len(entry.name) <= room:
            room -= _TIMES_NAMED * len(entry.name)
            left_out.append(entry.name)
    return tuple(kept), tuple(dict.fromkeys(left_out))
