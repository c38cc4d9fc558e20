"""Notices to text and back. The same for every store."""

from __future__ import annotations

from collections.abc import Callable

from todoke.model.json_text import reader
from todoke.model.notice import Notice, NoticeTry

read_notice: Callable[[str], Notice] = reader(Notice)
"""A notice from its JSON."""
read_tries: Callable[[str], tuple[NoticeTry, ...]] = reader(tuple[NoticeTry, ...])
"""Tries from their JSON."""
