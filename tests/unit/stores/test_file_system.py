"""The file system of the data folder is read from what Linux tells of its mounts."""

from __future__ import annotations

from pathlib import Path

import pytest

from todoke.stores.sqlite.file_system import network_file_system, type_at

MOUNTS = r"""
21 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 27 0:40 /export /srv rw,relatime shared:2 master:3 - nfs4 nas:/export rw,vers=4.2
31 30 254:1 / /srv/fast rw - xfs /dev/vdb rw
32 27 0:41 / /mnt/my\040share rw - cifs //nas/share rw
33 27 0:42 / /mnt/laptop rw - fuse.sshfs me@laptop:/ rw
34 27 0:43 / /mnt/local rw - fuse.mergerfs a:b rw
35 27 0:44 / /twice rw - ext4 /dev/vdc rw
36 35 0:45 / /twice rw - nfs nas:/twice rw
37 27 0:46 / /odd
"""


@pytest.mark.parametrize(
    ("path", "kind", "network"),
    [
        ("/", "ext4", ""),
        ("/var/lib/todoke", "ext4", ""),
        ("/srv", "nfs4", "nfs4"),
        ("/srv/todoke/data", "nfs4", "nfs4"),
        ("/srv/fast/data", "xfs", ""),
        ("/srvfast", "ext4", ""),
        ("/mnt/my share/data", "cifs", "cifs"),
        ("/mnt/laptop/data", "fuse.sshfs", "fuse.sshfs"),
        ("/mnt/local/data", "fuse.mergerfs", ""),
        ("/twice/data", "nfs", "nfs"),
    ],
)
def test_the_innermost_mount_tells(tmp_path: Path, path: str, kind: str, network: str) -> None:
    """The longest mount point above a path has it; network file systems are named, local ones are not."""
    assert type_at(Path(path), MOUNTS) == kind
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS)
    assert network_file_system(Path(path), mounts) == network


def test_where_the_system_does_not_tell(tmp_path: Path) -> None:
    """Nothing is known, and so nothing is said."""
    assert network_file_system(tmp_path, tmp_path / "none") == ""
    assert type_at(Path("/data"), "") == ""
