"""Why there is no connection to a model server: deadlines, certificates, proxies, or nobody there."""

import errno
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

from chatapp.errors import UpstreamError, UpstreamTimeoutError, UpstreamUnavailableError

_EXPIRED, _NOT_YET = 10, 9
_OTHER_NAME = {62, 63, 64}
"""What OpenSSL calls X509_V_ERR_CERT_HAS_EXPIRED, _NOT_YET_VALID, and _HOSTNAME, _EMAIL and _IP_ADDRESS_MISMATCH."""

_NO_TLS = {"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG"}


_DISAGREEMENTS = ("PROTOCOL_VERSION", "UNSUPPORTED_PROTOCOL", "HANDSHAKE_FAILURE", "NO_SHARED_CIPHER", "KEY_TOO_SMALL")


def error_from_connection(error: BaseException, *, proxy: str | None = None) -> UpstreamError:
    """Return the error for a connection that could not be made, or broke. `proxy` is on the way."""
    causes = list(_causes(error))
    if proxy is not None and (through := _error_of_proxy(causes, proxy)):
        return through
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _lasting(_error_of_certificate(cause))
        if isinstance(cause, ssl.SSLError) and getattr(cause, "reason", None) in _NO_TLS:
            return _lasting(
                UpstreamUnavailableError(
                    "the model server does not speak TLS on this port.", hint="Try http:// in BASE_URL."
                )
            )
        if isinstance(cause, ssl.SSLError) and (alert := _error_of_alert(getattr(cause, "reason", None) or "")):
            return _lasting(alert)
    if any(isinstance(cause, TimeoutError) for cause in causes):
        return UpstreamTimeoutError("the model server cannot be reached in time.", hint="Check BASE_URL.")
    return UpstreamUnavailableError(
        "the model server cannot be reached.",
        hint="Check that it runs and that BASE_URL is its address, or ask again in a moment if it has just started.",
    )


def is_out_of_descriptors(error: BaseException) -> bool:
    """Return whether there is no connection because this process can open no more files."""
    return any(isinstance(cause, OSError) and cause.errno in {errno.EMFILE, errno.ENFILE} for cause in _causes(error))


def is_about_tls(error: BaseException) -> bool:
    """Return whether somebody was there, and TLS failed."""
    return any(isinstance(cause, ssl.SSLError) for cause in _causes(error))


def _lasting(error: UpstreamUnavailableError) -> UpstreamUnavailableError:
    error.is_lasting = True
    return error


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Return the error and what led to it, outermost first: the packages wrap what sockets raise."""
    seen: set[int] = set()
    following: BaseException | None = error
    while following is not None and id(following) not in seen:
        seen.add(id(following))
        yield following
        following = following.__cause__ or following.__context__


def _error_of_certificate(error: ssl.SSLCertVerificationError) -> UpstreamUnavailableError:
    number = getattr(error, "verify_code", 0)
    if number in _OTHER_NAME:
        return UpstreamUnavailableError(
            "the model server's certificate is for another name.",
            hint="Use in BASE_URL the name that the certificate was made for.",
        )
    if number in {_EXPIRED, _NOT_YET}:
        when = "has expired" if number == _EXPIRED else "is not valid yet"
        return UpstreamUnavailableError(
            f"the model server's certificate {when}.", hint="Renew it, or check this machine's clock."
        )
    return UpstreamUnavailableError(
        "the model server's certificate is not trusted here.",
        hint="Let SSL_CERT_FILE (or REQUESTS_CA_BUNDLE) name a file with the certificate of who signed it.",
    )


def _error_of_alert(reason: str) -> UpstreamUnavailableError | None:
    """Return what the server has against us, by the name that OpenSSL gives to it; None for what may pass."""
    if "CERTIFICATE_REQUIRED" in reason:
        return UpstreamUnavailableError(
            "the model server wants to see a certificate of ours, and chatapp shows none.",
            hint="Ask who runs it for an address where a key is enough.",
        )
    if any(name in reason for name in _DISAGREEMENTS):
        return UpstreamUnavailableError(
            f"the model server refuses the TLS that this machine offers ({reason}).",
            hint="Ask who runs it which versions it takes, and whether it wants to see a certificate.",
        )
    return None


def _error_of_proxy(causes: list[BaseException], proxy: str) -> UpstreamUnavailableError | None:
    """Return what the proxy did wrong, or None if it is not the proxy's fault."""
    import httpx2  # noqa: PLC0415

    name = _shown(proxy)
    for cause in causes:
        if isinstance(cause, httpx2.ProxyError):
            if str(cause).startswith("407"):
                what, hint = "wants a user and a password", "Write them into its address: http://user:password@host."
            else:
                what, hint = "does not let us through", "Except the model server in NO_PROXY, or ask who runs it."
            return _lasting(UpstreamUnavailableError(f"the proxy {name} {what}.", hint=hint))
        if isinstance(cause, httpx2.ConnectError | httpx2.ConnectTimeout) and not is_about_tls(causes[0]):
            return UpstreamUnavailableError(
                f"the proxy {name} cannot be reached.",
                hint="Check HTTPS_PROXY, HTTP_PROXY and ALL_PROXY, or except the model server in NO_PROXY.",
            )
    return None


def _shown(proxy: str) -> str:
    """Return the proxy's address without user and password."""
    parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    return f"{parts.hostname or 'of the environment'}{f':{parts.port}' if parts.port else ''}"
