"""How a server is reached: its certificates, its proxy, its headers, and the transport that questions take."""

import ssl
from importlib.util import find_spec
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from chatapp.backend.models.transport.base import IDLE_S, Transport
from chatapp.backend.models.transport.proxies import proxy_for
from chatapp.backend.models.transport.sdk import PackageTransport
from chatapp.config.settings import Settings
from chatapp.providers.connection import Upstream

if TYPE_CHECKING:
    import httpx2
    from openai import AsyncOpenAI


class HttpClients(NamedTuple):
    """How a server is reached: questions by a transport, what is asked rarely by a client; through `proxy`, if any."""

    http: "httpx2.AsyncClient"
    questions: Transport
    headers: "httpx2.Headers"
    proxy: str | None


def proxy_of(upstream: Upstream) -> str | None:
    """Return the proxy on the way: the connection's own, or that of the environment.

    Raises:
        ValueError: it is none that can be used.
    """
    if upstream.proxy is not None:
        return upstream.proxy.get_secret_value() or None
    return proxy_for(urlsplit(upstream.base_url))


def http_clients(upstream: Upstream, settings: Settings) -> HttpClients:
    """Return what a server is reached by, without retries, timeouts and redirects.

    Raises:
        OSError: a file of certificates cannot be read.
        ValueError: the address or the proxy cannot be used.
    """
    import httpx2  # noqa: PLC0415
    from openai import AsyncOpenAI  # noqa: PLC0415

    try:
        url = httpx2.URL(f"{upstream.base_url}/chat/completions")
    except httpx2.InvalidURL as error:
        raise ValueError("no address") from error
    proxy = proxy_of(upstream)
    tls = _tls(upstream, is_needed=url.scheme == "https" or proxy is not None)
    connect_s = upstream.timeouts.over(settings).connect_timeout
    timeout = httpx2.Timeout(None, connect=connect_s)
    limits = httpx2.Limits(keepalive_expiry=IDLE_S)  # how many there may be is for MAX_ACTIVE_TURNS to say
    http = httpx2.AsyncClient(timeout=timeout, limits=limits, verify=tls, proxy=proxy, trust_env=False)
    sdk = AsyncOpenAI(api_key="unset", base_url=upstream.base_url, http_client=http, timeout=timeout, max_retries=0)
    headers = _headers(sdk, upstream)
    if proxy or not find_spec("httptools"):
        return HttpClients(http, PackageTransport(url, headers, http=http), headers, proxy)
    from chatapp.backend.models.transport.direct import DirectTransport  # noqa: PLC0415

    return HttpClients(http, DirectTransport(url, headers, tls=tls, connect_timeout_s=connect_s), headers, proxy)


def _tls(upstream: Upstream, *, is_needed: bool) -> ssl.SSLContext:
    """Return whom to trust: nobody where it is not needed, as reading all certificates takes 16 ms of the processor."""
    from chatapp.backend.models.transport.certificates import trusting  # noqa: PLC0415

    if is_needed or upstream.ca_file is not None:
        return trusting(upstream.ca_file)
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _headers(sdk: "AsyncOpenAI", upstream: Upstream) -> "httpx2.Headers":
    """Return the headers of every question; the key comes with each. Events that are compressed would come late."""
    import httpx2  # noqa: PLC0415

    headers = httpx2.Headers({name: value for name, value in sdk.default_headers.items() if isinstance(value, str)})
    headers.update({"Accept": "text/event-stream", "Accept-Encoding": "identity"})
    headers.update({name: value.get_secret_value() for name, value in upstream.headers.items()})
    if upstream.keys:
        headers.pop("Authorization", None)
    return headers
