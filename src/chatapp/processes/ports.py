"""Ports to listen on, taken before anything is started, so that a busy one leaves nothing half-started behind."""

import errno
import os
import socket
from typing import Any

from chatapp.errors import PortInUseError, SettingsError

_BACKLOG = 2048
_UNSENT_BYTES = 64 * 1024
"""What the system may hold back for a slow reader. With the megabytes of its default nobody sees whether he reads."""


def bound_socket(host: str, port: int, *, setting: str) -> socket.socket:
    """Return a socket that listens on `host` and `port`, 0 for any free one. `setting` is what the port was read from.

    Raises:
        PortInUseError: somebody else listens there.
        SettingsError: this machine has no such address, or the port is not for us.
    """
    try:
        family, _, _, _, address = min(
            socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM), key=_ipv4_first
        )
    except (OSError, UnicodeError) as error:
        raise SettingsError(f"HOST is {host!r}: there is no such address.") from error
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # asyncio sends at once only with this
    try:
        if os.name == "posix":  # elsewhere the option would let two programs share a port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "TCP_NOTSENT_LOWAT"):
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _UNSENT_BYTES)  # connections inherit it
        listener.bind(address)
        listener.listen(_BACKLOG)  # only a listening socket keeps others away on Linux
    except OSError as error:
        listener.close()
        raise _bind_error(error, host, port, setting) from error
    return listener


def require_free_ports(host: str, **ports: int) -> None:
    """Do nothing where nobody listens on any of `ports`, each by the name of its setting.

    Raises:
        PortInUseError: somebody does; it names all ports that are busy.
        SettingsError: this machine has no such address, a port is not for us, or two are the same.
    """
    if len(set(ports.values())) < len(ports):
        raise SettingsError(f"{' and '.join(ports)} are the same port.", hint="Choose another for one of them.")
    busy: dict[str, str] = {}
    for setting, port in ports.items():
        try:
            bound_socket(host, port, setting=setting).close()
        except PortInUseError as error:
            busy[setting] = error.detail
    if busy:
        hint = f"Stop what listens there, or set another {' and another '.join(busy)}."
        raise PortInUseError(" ".join(busy.values()), hint=hint)


def free_port() -> int:
    """Return a port of this machine that nobody listens on right now."""
    with bound_socket("127.0.0.1", 0, setting="PORT") as listener:
        port: int = listener.getsockname()[1]
    return port


def _ipv4_first(info: tuple[Any, ...]) -> bool:
    return bool(info[0] != socket.AF_INET)


def _bind_error(error: OSError, host: str, port: int, setting: str) -> PortInUseError | SettingsError:
    if error.errno == errno.EADDRINUSE:
        return PortInUseError(
            f"Port {port} on {host} is in use ({setting}).", hint=f"Stop what listens there, or set another {setting}."
        )
    if error.errno == errno.EACCES:
        return SettingsError(f"{setting} is {port}: this user may not listen there.", hint="Choose one above 1023.")
    return SettingsError(f"HOST is {host!r}: this machine has no such address.")
