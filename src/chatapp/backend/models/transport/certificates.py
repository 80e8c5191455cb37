"""Whose certificates a model server may have."""

import ssl
from pathlib import Path

import httpx2

from chatapp.config import environment


def trusting(ca_file: Path | None = None) -> ssl.SSLContext:
    """Return the context for connections, which trusts `ca_file` alone where there is one.

    Else SSL_CERT_FILE and SSL_CERT_DIR count, else what `requests` heeds, else the usual.

    The page and the command line are clients by `requests`; one variable is enough for all of chatapp.

    Raises:
        OSError: there is no such file.
    """
    if ca_file is not None:
        return ssl.create_default_context(cafile=str(ca_file))
    own = environment.value("REQUESTS_CA_BUNDLE") or environment.value("CURL_CA_BUNDLE")
    if own is None or environment.is_set("SSL_CERT_FILE") or environment.is_set("SSL_CERT_DIR"):
        return httpx2.create_ssl_context()
    path = Path(own)
    return ssl.create_default_context(
        cafile=None if path.is_dir() else own,
        capath=own if path.is_dir() else None,
    )
