"""A model server before it is saved: whether it answers, and takes the key."""

from http import HTTPStatus

import requests

from chatapp.hosts import url_parts

TIMEOUT_S = 5.0
_NO_KEY = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}


def server_fault(base_url: str, api_key: str | None) -> str | None:
    """Return in a sentence why a model server cannot be asked, None where its list of models can be read."""
    parts = url_parts(base_url)
    where = parts.netloc if parts and parts.scheme in {"http", "https"} else ""
    if not where:
        return None  # whoever saves it says so
    headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
    try:
        with requests.get(
            f"{base_url.rstrip('/')}/models", headers=headers, timeout=TIMEOUT_S, allow_redirects=False, stream=True
        ) as answer:
            return _fault_of(answer, where)
    except requests.exceptions.SSLError:
        return f"The certificate of {where} is not one that this machine trusts."
    except requests.exceptions.Timeout:
        return f"Nothing came from {where} within {TIMEOUT_S:g} seconds."
    except (requests.RequestException, ValueError):
        return f"No server can be reached at {where}."


def _fault_of(answer: requests.Response, where: str) -> str | None:
    if answer.status_code in _NO_KEY:
        return f"The server at {where} does not take this key (status {answer.status_code})."
    is_listing = answer.ok and "json" in answer.headers.get("Content-Type", "")
    if not is_listing:
        return f"No list of models is there (status {answer.status_code}); most addresses end in /v1."
    return None
