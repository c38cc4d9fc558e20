"""The files of submissions as one ZIP (APPNOTE 6.3), written as it is read: no more than one file is held at a time.

Pure but for the archive it reads. Names in it are safe to unpack anywhere: no paths, nothing that a system takes for
something else, none twice.
"""

from __future__ import annotations

import re
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator

from todoke.model import ids
from todoke.model.message import Timeline
from todoke.model.submission import files
from todoke.model.zone import Zone
from todoke.ports.archive import Archive
from todoke.report.zip_stream import ZipStream

_LONGEST = 150
"""Bytes of a name, but for one before that of a device: with a folder before it, what every file system takes."""
_ODD = re.compile(
    r'[\x00-\x1f\x7f-\x9f/\\:*?"<>|\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]'
)
_RESERVED = re.compile(
    r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(?:\..*)?", re.IGNORECASE
)
"""What Windows takes for a device, whatever ending follows."""
_EARLIEST = (1980, 1, 1, 0, 0, 0)


def bundle(
    timelines: Iterable[Timeline], archive: Archive, zone: Zone, *, folders: bool = True
) -> Iterator[bytes]:
    """The ZIP in parts. With `folders` each submission has one, named by its day and its number.

    What is erased meanwhile is not in it. Raises StoreError.
    """
    sink, names = ZipStream(), NamesTaken()
    with zipfile.ZipFile(sink, "w") as packed:
        for timeline in timelines:
            submission = timeline.submission
            local = zone.local(submission.received_at)
            folder = f"{local:%Y-%m-%d} {ids.number(submission.id)}/" if folders else ""
            for position, _, kept in files(submission.entries):
                found = archive.file(submission.id, position)
                if found is None:
                    continue
                name = names.unused(folder, safe_name(kept.name))
                moment = max(_EARLIEST, local.timetuple()[:6])
                packed.writestr(zipfile.ZipInfo(name, moment), found.content)
                yield sink.take()
    yield sink.take()


def safe_name(name: str) -> str:
    """A name of a file that every system takes for one, with its ending; "file" where nothing is left."""
    plain = _ODD.sub("_", name).strip(" .")
    if not plain.strip("_"):
        return "file"
    stem, dot, ending = plain.rpartition(".")
    if not dot or len(ending.encode()) > 20:
        stem, dot, ending = plain, "", ""
    room = _LONGEST - len(f"{dot}{ending}".encode())
    safe = stem.encode()[:room].decode("utf-8", "ignore").rstrip(" .") + dot + ending
    # Last: what is cut and stripped may leave such a name.
    return f"_{safe}" if _RESERVED.fullmatch(safe) else safe


class NamesTaken:
    """The names that are taken in a ZIP."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        """Of each that is taken, the last number that was given to it."""

    def unused(self, folder: str, name: str) -> str:
        """The name in its folder, with a number where it is taken, whatever the case, and however its accents are
        composed (one file to macOS); it is taken then."""
        stem, dot, ending = name.rpartition(".")
        if not dot:
            stem, ending = name, ""
        path = folder + name
        wanted = _alike(path)
        number = self._numbers.get(wanted, 1)
        while _alike(path) in self._numbers:
            number += 1
            path = f"{folder}{stem} ({number}){dot}{ending}"
        self._numbers |= {_alike(path): 1, wanted: number}
        return path


def _alike(path: str) -> str:
    return unicodedata.normalize("NFC", path.casefold())
