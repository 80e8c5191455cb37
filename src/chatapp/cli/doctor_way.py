"""What `chatapp doctor` finds on the way to the model server: an open port, a certificate, a proxy."""

import asyncio
import os
import ssl
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import SplitResult, urlsplit

from chatapp.backend.models.openai.http_clients import proxy_of
from chatapp.backend.models.openai.unreachable import error_from_connection
from chatapp.backend.models.transport.certificates import trusting
from chatapp.cli.finding import Finding
from chatapp.config.settings import Settings
from chatapp.providers.connection import Upstream

EXPIRES_SOON_DAYS = 14


async def examine_way(address: SplitResult, upstream: Upstream, settings: Settings) -> tuple[list[Finding], bool]:
    """Return what is on the way, and whether it leads there."""
    try:
        proxy = proxy_of(upstream)
    except ValueError:
        return [Finding("proxy", "fail", "it is none that can be used", "Set HTTPS_PROXY to an http:// proxy.")], False
    through = urlsplit(proxy) if proxy else None
    target = through or address
    host, port = target.hostname or "", target.port or (443 if target.scheme == "https" else 80)
    way = Finding("proxy", "ok", f"{host}:{port}" if through else "none is on the way")
    is_secure = address.scheme == "https" and through is None
    try:
        context = await asyncio.to_thread(trusting, upstream.ca_file) if is_secure else None
    except OSError as error:  # that of a file that is no certificate is one, too
        said = f"the authorities to trust cannot be read: {_why(error)}"
        fix = "Check SSL_CERT_FILE and REQUESTS_CA_BUNDLE."
        return [Finding("certificate", "fail", said, upstream.in_its_settings(fix)), way], False
    try:
        async with asyncio.timeout(upstream.timeouts.over(settings).connect_timeout):
            _, writer = await asyncio.open_connection(host, port, ssl=context)
    except ssl.SSLCertVerificationError as error:
        said = f"{host} shows one that is not trusted: {error.verify_message}"
        fix = "Name the authority that signed it in SSL_CERT_FILE, or correct the name in the address."
        fix = upstream.in_its_settings(fix)
        return [Finding("address", "ok", f"{host}:{port}"), Finding("certificate", "fail", said, fix), way], False
    except OSError as error:  # a TimeoutError is one, and what getaddrinfo raises
        fix = f"Start the server, or check {'the proxy' if through else upstream.address_setting}."
        if isinstance(error, ssl.SSLError):
            fix = upstream.in_its_settings(error_from_connection(error).hint or fix)
        return [Finding("address", "fail", f"{host}:{port} cannot be reached: {_why(error)}", fix), way], False
    certificate = writer.get_extra_info("peercert")
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return [Finding("address", "ok", f"{host}:{port} is open"), _certificate(certificate, address), way], True


def _why(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, ssl.SSLError):  # its number is no error number of the system
        return f"it does not speak TLS as it should ({error.reason or 'no reason given'})"
    if error.errno and error.errno > 0:  # the resolver's are negative
        return os.strerror(error.errno)
    return error.strerror or type(error).__name__


def _certificate(shown: Mapping[str, Any] | None, address: SplitResult) -> Finding:
    if address.scheme != "https":
        return Finding("certificate", "ok", "none, as the address is http")
    if not shown:
        return Finding("certificate", "ok", "checked behind the proxy, with the question")
    days = int((ssl.cert_time_to_seconds(str(shown["notAfter"])) - time.time()) // 86400)
    if days < EXPIRES_SOON_DAYS:
        return Finding("certificate", "warn", f"trusted, but only for {days} more days", "Have it renewed.")
    return Finding("certificate", "ok", f"trusted, for {days} more days")
