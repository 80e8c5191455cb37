"""Who a request comes from, where it shows no key."""

import ipaddress

from starlette.types import Scope

IPV6_NETWORK_BITS = 64
"""One subscriber has that many addresses at least: RFC 6177."""


def address_of(scope: Scope) -> str:
    """Return the client's address, or its network with IPv6: the connection's, or what a TRUSTED_PROXY says it is."""
    host = scope["client"][0] if scope.get("client") else ""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return f"address {host}"
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is None:
            return f"network {ipaddress.ip_network((address, IPV6_NETWORK_BITS), strict=False)}"
        return f"address {address.ipv4_mapped}"
    return f"address {address}"
