"""What this machine is called: loopback or not, ours or foreign."""

import ipaddress
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import SplitResult, urlsplit

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")

_HOST = re.compile(r"(\[[^\s\[\],/?#@\\]+\]|[^\s\[\],/?#@\\:]+)(?::[0-9]*)?")
"""A Host header: a name or an address, perhaps a port, and nothing else. https://www.rfc-editor.org/rfc/rfc9110#section-7.2"""

_PATHS = ("/chat/completions", "/completions", "/responses", "/messages", "/embeddings", "/models")
"""What stands behind the address of an API where it is shown with what can be asked."""

_NO_PROXIES = {"http", "https", "socks", "socks4", "socks4a", "socks5", "socks5h", "none", "off", "false", "direct"}
"""What is written where the address of a proxy belongs, and would be asked for as if it were one."""


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach a server that listens on `host`."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def is_ours(host: str, *, listening_on: str, allowed: Sequence[str]) -> bool:
    """Return whether `host`, a Host header, names this machine; its port does not matter.

    `allowed` are the names it has beside loopback and the address it listens on, `*` for every name. Beyond loopback
    every IP address is ours: DNS rebinding needs a name.
    """
    parts = _HOST.fullmatch(host)
    name = parts[1].strip("[]").rstrip(".").lower() if parts else ""
    if "*" in allowed:
        return bool(name)
    known = {*LOOPBACK_NAMES, listening_on.strip("[]").lower(), *map(str.lower, allowed)}
    return name in known or (not is_loopback(listening_on) and is_address(name))


def is_nameless(scope: Mapping[str, Any]) -> bool:
    """Return whether a request of HTTP/1.0 names no host, as the checks of HAProxy do: no browser leaves it out.

    https://www.rfc-editor.org/rfc/rfc1945#section-5.2
    """
    return scope.get("http_version") == "1.0" and all(name != b"host" for name, _ in scope["headers"])


def http_url(text: str) -> str:
    """Return the address of a server without a slash at its end.

    Raises:
        ValueError: it is none; what it says completes "it must be".
    """
    parts = url_parts(text)
    if parts is None and _has_wrong_port(text):
        raise ValueError("an address whose port is a number up to 65535")
    is_one = parts is not None and parts.scheme in {"http", "https"} and bool(parts.hostname)
    if parts is None or not is_one or not text.isprintable() or " " in text:
        raise ValueError("an address that starts with http:// or https://")
    if parts.username or parts.password:
        raise ValueError("an address without a user name or password in it")
    if "?" in text or "#" in text:  # what is asked for comes behind it
        raise ValueError("an address without `?` and `#`")
    return text.rstrip("/")


def api_url(text: str) -> str:
    """Return the address of a model server's API, of which some pages show the whole address of what can be asked.

    Raises:
        ValueError: it is none; what it says completes "it must be".
    """
    url = http_url(text)
    for path in _PATHS:
        url = url.removesuffix(path).rstrip("/")
    return url


def proxy_url(text: str) -> str:
    """Return the address of a proxy, with http:// where it names no scheme.

    Raises:
        ValueError: it is none that our HTTP clients can speak to; what it says completes "it must be".
    """
    url = text if "://" in text else f"http://{text}"
    parts = url_parts(url)
    if (parts is None and _has_wrong_port(url)) or (parts is not None and parts.port == 0):
        raise ValueError("the address of an http:// proxy whose port is a number up to 65535")
    is_proxy = parts is not None and parts.scheme in {"http", "https"} and bool(parts.hostname) and url.isprintable()
    if not is_proxy or text.lower() in _NO_PROXIES:
        raise ValueError('the address of an http:// proxy, or "" for none')
    return url


def other_api_url(base_url: str) -> str:
    """Return the address with `/v1` behind it, or without where it has it: users and servers differ about it."""
    return base_url.removesuffix("/v1") if base_url.endswith("/v1") else f"{base_url}/v1"


def api_urls(base_url: str) -> list[str]:
    """Return where the API of a server may be that is not at `base_url`, likeliest first: OpenRouter's at /api/v1."""
    parts = urlsplit(base_url)
    paths = ("/v1", "/api/v1", "/openai/v1", f"{parts.path}/openai")
    urls = [other_api_url(base_url), *(f"{parts.scheme}://{parts.netloc}{path}" for path in paths)]
    return [url for url in dict.fromkeys(urls) if url != base_url]


def url_parts(url: str) -> SplitResult | None:
    """Return the parts of `url`, or None for one that has no sense, such as a port beyond 65535."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - it is checked when it is read
    except ValueError:
        return None
    return parts


def _has_wrong_port(url: str) -> bool:
    """Return whether nothing but the port is wrong with an address that has no sense."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and url.isprintable()


def is_address(name: str) -> bool:
    """Return whether `name` is an IP address."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def host_alone(text: str) -> str:
    """Return `text`, where a server is to listen.

    Raises:
        ValueError: it is no name and no address, or has a port; it says what it must be.
    """
    if "/" in text or any(map(str.isspace, text)) or (":" in text and not is_address(text.strip("[]"))):
        raise ValueError("a name or an address alone; its port is PORT")
    return text


def allowed_host(text: str) -> str:
    """Return `text`, by which this machine may be called: a name, an address, or `*` for every name.

    Raises:
        ValueError: it is none of these alone; what it says completes "it must be".
    """
    parts = _HOST.fullmatch(text)
    is_name = parts is not None and parts[1] == text and "*" not in text
    if not (is_name or text == "*" or is_address(text)):
        raise ValueError("`*` or names such as chat.example.org, separated by commas, without http:// and without port")
    return text.strip("[]").rstrip(".")
