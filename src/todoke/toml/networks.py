"""Reading addresses and networks of the internet in the configuration."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network

from todoke.toml.table import Table


def read_networks(table: Table, key: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """The networks under `key`: a list of addresses ("192.0.2.7") and networks ("192.0.2.0/24")."""
    single = isinstance(table.raw(key), str)
    networks = []
    for position, text in enumerate(table.texts(key)):
        try:
            networks.append(ip_network(text.strip()))
        except ValueError:
            path = table.at(key) if single else (*table.at(key), position)
            table.findings.error(path, f"{text!r} is {_fault(text)}", f"Write {_meant(text)}.")
    return tuple(dict.fromkeys(networks))


def _fault(text: str) -> str:
    if _network_around(text):
        return "an address within a network, so it could mean either."
    return "neither an address nor a network of the internet."


def _meant(text: str) -> str:
    network = _network_around(text)
    if network:
        return f'"{text.partition("/")[0].strip()}" or "{network}"'
    return 'for instance "192.0.2.7" or "192.0.2.0/24"'


def _network_around(text: str) -> str:
    try:
        return str(ip_network(text.strip(), strict=False))
    except ValueError:
        return ""
