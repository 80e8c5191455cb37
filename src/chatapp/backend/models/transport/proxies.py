"""Which proxy is on the way to a model server, as the environment says."""

import ipaddress
from urllib.parse import SplitResult
from urllib.request import getproxies, proxy_bypass

from chatapp.hosts import is_address, is_loopback, proxy_url


def proxy_for(address: SplitResult) -> str | None:
    """Return the proxy that the environment names for `address`, unless it is on this machine or excepted.

    Raises:
        ValueError: the proxy is none that both HTTP clients can speak to.
    """
    proxies = getproxies()
    if is_loopback(address.hostname or "") or is_excepted(address, proxies.get("no", "")) or _is_bypassed(address):
        return None
    proxy = proxies.get(address.scheme) or proxies.get("all")
    if not proxy:
        return None
    return proxy_url(proxy)


def _is_bypassed(address: SplitResult) -> bool:
    """Return whether the system's own settings except `address`, where they are not in the environment."""
    return bool(proxy_bypass(address.netloc))


def is_excepted(address: SplitResult, exceptions: str) -> bool:
    """Return whether NO_PROXY, `exceptions`, names `address`.

    As curl and Go read it, which `urllib` does not: networks (10.0.0.0/8), `*.example.org`, IPv6 in brackets or bare,
    blanks for commas. An address with a scheme, and the beginning of one (`192.168.`), are what people write, too.
    """
    host = (address.hostname or "").rstrip(".").lower()
    port = address.port or (443 if address.scheme == "https" else 80)
    return any(_names(entry.strip().lower(), host, port) for entry in exceptions.replace(" ", ",").split(","))


def _names(entry: str, host: str, port: int) -> bool:
    if entry == "*":
        return True
    entry, entry_port = _without_port(entry.rpartition("://")[2].removesuffix("/"))
    if not entry or (entry_port is not None and entry_port != port):
        return False
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(entry, strict=False)
    except ValueError:  # one of them is a name
        pass
    if entry.endswith(".") and entry.replace(".", "").isdecimal():
        return host.startswith(entry) and is_address(host)
    if "*" in entry.removeprefix("*"):
        return entry.endswith(".*") and host.startswith(entry[:-1])
    name = entry.removeprefix("*").lstrip(".").rstrip(".")
    return host == name or host.endswith(f".{name}")


def _without_port(entry: str) -> tuple[str, int | None]:
    """Return a host or network and the port behind it, if there is one."""
    host, colon, port = entry.rpartition(":")
    if colon and port.isdecimal() and (":" not in host or host.endswith("]")):
        return host.strip("[]"), int(port)
    return entry.strip("[]"), None
