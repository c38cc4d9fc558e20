"""Reputation lists, asked of a real DNS server: what is listed, what refuses, and what hangs."""

from __future__ import annotations

import asyncio

from support.run.name_server import name_server
from todoke.doctor.look_dns import system_resolver
from todoke.model.dns_list import DnsList
from todoke.web.door.dns_lists import DnsLists

RECORDS = """\
8.8.8.8.list.example. 60 IN A 127.0.0.4
1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.7.4.6.0.6.2.list.example. 60 IN A 127.0.0.2
9.9.9.9.list.example. 60 IN A 127.255.255.254
1.0.0.1.list.example. 60 IN TXT "no address"
"""


def test_what_a_list_says() -> None:
    """Of both kinds of addresses; an error code, another record and a name that is not there say nothing."""
    lists = (DnsList("list.example"),)
    with name_server(RECORDS) as (zone, port):
        zone.slow.add("4.4.8.8.list.example")

        def ask(address: str) -> bool:
            made = DnsLists(
                lists,
                lambda: system_resolver(servers=["127.0.0.1"], port=port, seconds=0.5),
                wait_seconds=5,
            )
            return asyncio.run(made.is_listed(address))

        assert ask("8.8.8.8")
        assert ask("2606:4700::1")
        assert not ask("9.9.9.9")
        assert not ask("1.0.0.1")
        assert not ask("1.1.1.1")
        assert not ask("8.8.4.4")
