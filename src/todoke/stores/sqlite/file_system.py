"""What kind of file system a folder lies on, where the system tells (Linux): the store needs a disk of this machine.

Its WAL is shared memory among processes of one machine, and its locks are the kernel's; a network file system gives
neither to another machine (sqlite.org/wal.html, sqlite.org/howtocorrupt.html section 2.1).
"""

from __future__ import annotations

import re
from pathlib import Path

MOUNTS = Path("/proc/self/mountinfo")
"""One mount a line: its point is the fifth word, and its type the first after " - " (proc_pid_mountinfo(5))."""

_NETWORK = frozenset(
    {
        "9p",
        "afs",
        "beegfs",
        "ceph",
        "cifs",
        "coda",
        "davfs",
        "gfs2",
        "glusterfs",
        "gpfs",
        "lustre",
        "ncpfs",
        "nfs",
        "nfs4",
        "ocfs2",
        "orangefs",
        "smb2",
        "smb3",
        "smbfs",
    }
)
_NETWORK_FUSE = frozenset(
    {
        "afp",
        "blobfuse2",
        "ceph",
        "curlftpfs",
        "davfs2",
        "gcsfuse",
        "glusterfs",
        "goofys",
        "juicefs",
        "mount-s3",
        "nfs",
        "rclone",
        "s3fs",
        "smbnetfs",
        "sshfs",
    }
)


def network_file_system(path: Path, mounts: Path = MOUNTS) -> str:
    """The type of the file system that `path` lies on, if its files are another machine's; "" if not, or not known."""
    try:
        text = mounts.read_text("utf-8", "surrogateescape")
    except OSError:
        return ""
    kind = type_at(path.resolve(), text)
    name = kind.removeprefix("fuse.")
    is_network = name in (_NETWORK_FUSE if name != kind else _NETWORK)
    return kind if is_network else ""


def type_at(path: Path, mountinfo: str) -> str:
    """The type of the innermost mount that `path`, absolute and without links, lies on; "" if there is none. Pure."""
    best, found = -1, ""
    for line in mountinfo.splitlines():
        place, _, system = line.partition(" - ")
        words = place.split(" ")
        if len(words) < 5 or not system:
            continue
        point = Path(_unescaped(words[4]))
        # Of two on one point the later one hides the other.
        if path.is_relative_to(point) and len(point.parts) >= best:
            best, found = len(point.parts), system.split(" ")[0]
    return found


def _unescaped(text: str) -> str:
    """Space, tab, line feed and backslash stand there in octal."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), text)
