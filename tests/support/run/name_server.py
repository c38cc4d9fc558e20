"""A DNS server on this machine that knows a few records, and may be slow or fail."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from dnslib import NS, QTYPE, RCODE, RR, DNSRecord
from dnslib.server import BaseResolver, DNSServer


@dataclass
class Zone(BaseResolver):
    """Answers from a list of records; a name may be slow, or fail."""

    records: str = ""
    slow: set[str] = field(default_factory=set)
    failing: set[str] = field(default_factory=set)
    ended: threading.Event = field(default_factory=threading.Event)

    def resolve(self, request: DNSRecord, _handler: Any) -> DNSRecord:
        """See BaseResolver."""
        reply = request.reply()
        name = str(request.q.qname).rstrip(".")
        if name in self.slow:
            self.ended.wait(20)
        if name in self.failing:
            reply.header.rcode = RCODE.SERVFAIL
            return reply
        found = [rr for rr in RR.fromZone(self.records) if str(rr.rname).rstrip(".") == name]
        for rr in found:
            if QTYPE[rr.rtype] == QTYPE[request.q.qtype]:
                reply.add_answer(rr)
        if not found:
            reply.header.rcode = RCODE.NXDOMAIN
            reply.add_auth(RR("example", QTYPE.NS, rdata=NS("ns.example")))
        return reply


@contextlib.contextmanager
def name_server(records: str) -> Iterator[tuple[Zone, int]]:
    """One that answers while the block lasts, and its port."""
    found = Zone(records)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = DNSServer(found, port=port, address="127.0.0.1")
    server.start_thread()
    try:
        yield found, port
    finally:
        found.ended.set()
        server.stop()
        server.server.server_close()
