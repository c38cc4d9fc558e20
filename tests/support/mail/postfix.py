"""A private, real Postfix on loopback for tests: it delivers to a Maildir, and refuses, defers or hangs as asked.

`with postfix(folder) as server:` gives its `port` and, once mails came, `server.mails("aoi@post.test")`. Nothing of
/etc/postfix is read or touched. Without Postfix or root the test that asks for it is skipped, with the reason.

What it does is chosen by the recipient's local part at `DOMAIN`; any other name is delivered:

    nobody   550 5.1.1  unknown mailbox          busy      451 4.7.1  greylisted
    full     552 5.2.2  mailbox full, for good   crowded   452 4.2.2  mailbox full, for now
    banned   550 5.7.1  policy                   tarpit    no answer to RCPT for as long as it runs
"""

from __future__ import annotations

import contextlib
import os
import pwd
import re
import shutil
import signal
import socket
import socketserver
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from types import MappingProxyType

import pytest

DOMAIN = "post.test"
IDN_DOMAIN = "bücher.test"

# Keys are whole addresses: a policy service (below) answers each RCPT with one of these actions.
ANSWERS = {
    "nobody": "550 5.1.1 User unknown in virtual mailbox table",
    "full": "552 5.2.2 Mailbox full",
    "banned": "550 5.7.1 Message refused by local policy",
    "busy": "451 4.7.1 Greylisted, please try again later",
    "crowded": "452 4.2.2 Mailbox full, try again later",
}

_MAIN_CF = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
mail_owner = postfix
maillog_file = {folder}/log/maillog
maillog_file_prefixes = {folder}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mail.post.test
mydestination =
mynetworks = 127.0.0.0/8
alias_maps =
alias_database =
local_recipient_maps =
smtp_dns_support_level = disabled
smtputf8_enable = yes
message_size_limit = {size_limit}
mailbox_size_limit = 0
virtual_mailbox_limit = 0
virtual_mailbox_domains = inline:{{ {{ post.test = x }}, {{ xn--bcher-kva.test = x }}, {{ docomo.ne.jp = x }} }}
virtual_mailbox_base = {folder}/mail
virtual_mailbox_maps = static:all/
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = 1
smtpd_recipient_restrictions = check_policy_service inet:127.0.0.1:{policy_port}, permit_mynetworks, reject
smtpd_policy_service_timeout = 100s
smtpd_peername_lookup = no
smtpd_tls_security_level = {tls_level}
smtpd_tls_chain_files = {chain}
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_error_sleep_time = 0
in_flow_delay = 0
"""

# The services a private instance needs; chroot (the fifth column) is off for all.
_MASTER_CF = """\
127.0.0.1:{port} inet n - n - - smtpd
cleanup   unix  n - n - 0 cleanup
qmgr      unix  n - n 300 1 qmgr
rewrite   unix  - - n - - trivial-rewrite
bounce    unix  - - n - 0 bounce
defer     unix  - - n - 0 bounce
trace     unix  - - n - 0 bounce
verify    unix  - - n - 1 verify
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n - - proxymap
showq     unix  n - n - - showq
error     unix  - - n - - error
retry     unix  - - n - - error
discard   unix  - - n - - discard
virtual   unix  - n n - - virtual
smtp      unix  - - n - - smtp
anvil     unix  - - n - 1 anvil
tlsmgr    unix  - - n 1000? 1 tlsmgr
scache    unix  - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
"""


@dataclass(frozen=True)
class Postfix:
    """A running server: where it listens, and where it delivers."""

    port: int
    folder: Path

    def mails(self, address: str, *, count: int = 1, seconds: float = 20) -> list[EmailMessage]:
        """The mails delivered to `address` (its domain in A-labels), once there are `count` of them."""
        return [
            message_from_bytes(m, policy=policy.default)
            for m in self.raw(address, count=count, seconds=seconds)
        ]

    def raw(self, address: str, *, count: int = 1, seconds: float = 20) -> list[bytes]:
        """The same, as the octets that lie in the Maildir (LF line ends)."""
        # Postfix takes no substitution here, so one Maildir holds all, and Delivered-To (RFC 9228) sorts them.
        mark = f"Delivered-To: {address}\n".encode()
        end = time.monotonic() + seconds
        while True:
            found = [mail for mail in self._all() if mark in mail.partition(b"\n\n")[0] + b"\n"]
            if len(found) >= count:
                return found
            if time.monotonic() > end:
                raise AssertionError(
                    f"{len(found)} of {count} mails came to {address}\n{self.log()}"
                )
            time.sleep(0.05)

    def recipients(self) -> list[str]:
        """Whom it was given mail for, once for each time: its own second delivery after a `kill` does not count."""
        taken = set()
        for mail in self._all():
            head = mail.partition(b"\n\n")[0]
            to = re.search(rb"^Delivered-To: (.*)$", head, re.MULTILINE)
            queue_id = re.search(rb"\bid (\w+)", head)
            assert to
            assert queue_id, head
            taken.add((to[1].decode(), queue_id[1]))
        return [to for to, _ in taken]

    def kill(self) -> None:
        """End all of its processes at once, as a power cut would; its queue stays."""
        pid = int((self.folder / "queue" / "pid" / "master.pid").read_text())
        if not _is_group(pid):
            return
        assert os.getpgid(pid) == pid, "Postfix has no process group of its own"
        os.killpg(pid, signal.SIGKILL)
        end = time.monotonic() + 20
        while _is_group(pid):
            assert time.monotonic() < end, "Postfix did not end"
            time.sleep(0.02)

    def start(self) -> None:
        """Begin again after `kill`."""
        _control(self.folder, "start")
        _wait_until_greeting(self)

    def count(self) -> int:
        """How many mails were delivered to anybody."""
        return len(self._all())

    def _all(self) -> list[bytes]:
        return [
            path.read_bytes() for path in sorted((self.folder / "mail" / "all" / "new").glob("*"))
        ]

    def log(self) -> str:
        """The end of its log."""
        path = self.folder / "log" / "maillog"
        return path.read_text(errors="replace")[-4_000:] if path.exists() else ""


@contextlib.contextmanager
def postfix(
    *,
    tls: Path | None = None,
    size_limit: int = 2_000_000,
    more: Mapping[str, str] = MappingProxyType({}),
    services: str = "",
) -> Iterator[Postfix]:
    """Start a Postfix of its own and stop it; `tls` is a PEM file with key and certificate for STARTTLS.

    `more` are settings of main.cf that take the place of ours, `services` further lines of master.cf.
    """
    if not shutil.which("postfix"):
        pytest.skip("Postfix is not installed (apt-get install postfix)")
    if os.geteuid() != 0:
        pytest.skip("a private Postfix can only be started by root")
    # Not under pytest's own folder: that one is closed to the user Postfix delivers as.
    folder = Path(tempfile.mkdtemp(prefix="todoke-postfix-"))
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        policy_port = stack.enter_context(_policy())
        port = _free_port()
        _write(
            folder, port=port, policy_port=policy_port, tls=tls, size_limit=size_limit, more=more
        )
        with (folder / "conf" / "master.cf").open("a") as file:
            file.write(services)
        _control(folder, "start")
        server = Postfix(port, folder)
        # Not `postfix abort`: it writes to the log first, by a daemon it then ends, and was seen to wait a minute.
        stack.callback(server.kill)
        _wait_until_greeting(server)
        yield server


def _write(
    folder: Path,
    *,
    port: int,
    policy_port: int,
    tls: Path | None,
    size_limit: int,
    more: Mapping[str, str],
) -> None:
    owner = pwd.getpwnam("postfix")
    mail_user = pwd.getpwnam("nobody")
    folder.chmod(0o755)
    for name in ("conf", "log", "mail"):
        (folder / name).mkdir()
    (folder / "queue").mkdir()
    (folder / "data").mkdir()
    os.chown(folder / "data", owner.pw_uid, owner.pw_gid)
    os.chown(folder / "mail", mail_user.pw_uid, mail_user.pw_gid)
    chain = folder / "conf" / "tls.pem"
    if tls:
        chain.write_bytes(tls.read_bytes())
        chain.chmod(0o600)
    (folder / "conf" / "main.cf").write_text(
        _MAIN_CF.format(
            folder=folder,
            uid=mail_user.pw_uid,
            gid=mail_user.pw_gid,
            policy_port=policy_port,
            size_limit=size_limit,
            tls_level="may" if tls else "none",
            chain=chain if tls else "",
        )
        + "".join(f"{name} = {value}\n" for name, value in more.items())
    )
    (folder / "conf" / "master.cf").write_text(_MASTER_CF.format(port=port))


def _control(folder: Path, command: str) -> None:
    done = subprocess.run(
        ["postfix", "-c", str(folder / "conf"), command],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if done.returncode != 0:
        log = folder / "log" / "maillog"
        words = log.read_text(errors="replace") if log.exists() else ""
        raise AssertionError(f"postfix {command} failed: {done.stdout}{done.stderr}{words}")


def _is_group(number: int) -> bool:
    try:
        os.killpg(number, 0)
    except ProcessLookupError:
        return False
    return True


def _wait_until_greeting(server: Postfix) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", server.port), 2) as peer,
        ):
            if peer.recv(3) == b"220":
                peer.sendall(b"QUIT\r\n")
                return
        time.sleep(0.1)
    raise AssertionError(f"Postfix did not greet: {server.log()}")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


class _Answer(socketserver.StreamRequestHandler):
    """Postfix's policy delegation: attributes, an empty line; our action, an empty line."""

    def handle(self) -> None:
        """Answer until Postfix hangs up."""
        attributes: dict[str, str] = {}
        for line in self.rfile:
            name, _, value = line.decode("utf-8", "replace").strip().partition("=")
            if name:
                attributes[name] = value
                continue
            local = attributes.get("recipient", "").partition("@")[0].lower()
            if local == "tarpit":
                self.server.closing.wait(120)  # type: ignore[attr-defined]
            self.wfile.write(f"action={ANSWERS.get(local, 'DUNNO')}\n\n".encode())
            attributes = {}


class _PolicyServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False


@contextlib.contextmanager
def _policy() -> Iterator[int]:
    server = _PolicyServer(("127.0.0.1", 0), _Answer)
    server.closing = threading.Event()  # type: ignore[attr-defined]
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
    )
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.closing.set()  # type: ignore[attr-defined]
        server.shutdown()
        server.server_close()
        thread.join(5)
