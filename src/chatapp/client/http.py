"""HTTP requests to one backend, every failure as its class."""

import errno
import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from http.client import HTTPException, IncompleteRead
from ssl import SSLCertVerificationError
from typing import Any
from urllib.parse import quote, urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.exceptions import ProtocolError, ReadTimeoutError

from chatapp.client.cancellation import POOL_CLASSES
from chatapp.client.stream import AnswerStream, cut_off, timed_out
from chatapp.errors import (
    BackendProtocolError,
    BackendUnreachableError,
    ChatappError,
    InvalidRequestError,
    SettingsError,
    UnauthorizedError,
)
from chatapp.hosts import LOOPBACK_NAMES, http_url
from chatapp.protocol.reading import Resource, read, read_page
from chatapp.protocol.received_errors import error_from_dict
from chatapp.protocol.resources import Item, ResultPage

CONNECT_TIMEOUT_S = 5.0
_CHUNK_BYTES = 64 * 1024
Json = Mapping[str, Any]
"""A JSON object."""

_NO_PROXY = {"http": "", "https": ""}


class _Adapter(HTTPAdapter):
    """Connections whose requests a `chatapp.client.cancellation.Call` can end."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = POOL_CLASSES


class HttpSession:
    """Pooled connections to the backend at `base_url`.

    `timeout_s` is how long to wait for the next byte, `connect_timeout_s` the most of it that connecting may take.
    """

    def __init__(
        self,
        base_url: str,
        *,
        timeout_s: float = 30.0,
        api_key: str | None = None,
        connect_timeout_s: float = CONNECT_TIMEOUT_S,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.base_url = _checked_url(base_url)
        self.timeout_s = timeout_s
        self._timeouts = (min(connect_timeout_s, timeout_s), timeout_s)
        self._session = requests.Session()
        self._session.mount(self.base_url, _Adapter(pool_maxsize=64))
        self._session.headers["Accept"] = "application/json"
        self._session.headers.update(headers or {})
        if api_key:
            self._session.auth = _BearerKey(api_key)
        self._proxies = _NO_PROXY if urlsplit(base_url).hostname in LOOPBACK_NAMES else None

    def close(self) -> None:
        """Close the pooled connections."""
        self._session.close()

    def events(
        self, method: str, path: str, body: Json | None = None, *, headers: Mapping[str, str] | None = None
    ) -> AnswerStream:
        """Return the events of the answer, which is to be nothing else: jupyter-server-proxy 4.6.0 holds all others.

        Raises:
            ChatappError: it is a refusal, or something else.
        """
        headers = {**(headers or {}), "Accept": "text/event-stream"}
        response = self.send(method, path, body, headers=headers, stream=True)
        if response.status_code != requests.codes.ok:
            self.checked(response, body_of(response))
        if not response.headers.get("Content-Type", "").startswith("text/event-stream"):
            response.close()
            raise self.foreign("did not answer with an event stream")
        return AnswerStream(response, url=self.base_url, timeout_s=self.timeout_s)

    def read(self, kind: type[Resource], method: str, path: str, body: Json | None = None, **options: Any) -> Resource:
        """Return the JSON object of the answer as a `kind`.

        Raises:
            ChatappError: there is none, or it says something else.
        """
        return self.as_resource(partial(read, kind), self.json(method, path, body, **options))

    def read_page(self, kind: type[Item], path: str, params: Json) -> ResultPage[Item]:
        """Return the answer as a page of `kind`."""
        return self.as_resource(partial(read_page, kind), self.json("GET", path, params=params))

    def as_resource(self, reader: Callable[[Json], Resource], body: Json) -> Resource:
        """Return what `reader` makes of `body`.

        Raises:
            BackendProtocolError: `reader` can make nothing of it, so it is not from a backend of ours.
        """
        try:
            return reader(body)
        except ValueError as error:
            raise self.foreign("answered with something else than a backend does") from error

    def json(self, method: str, path: str, body: Json | None = None, **options: Any) -> Json:
        """Return the JSON object of the answer; of one without content, an empty one."""
        response = self.send(method, path, body, **options)
        if response.status_code == requests.codes.no_content:
            return {}
        return self.checked(response, body_of(response))

    def send(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        *,
        params: Json | None = None,
        content: Any = None,
        headers: Mapping[str, str] | None = None,
        stream: bool = False,
        timeout_s: float | None = None,
    ) -> requests.Response:
        """Return the response, whatever its status. `timeout_s`: for one that takes longer than all others.

        Raises:
            ChatappError: there is none; as the class that says why.
        """
        try:
            return self._session.request(
                method,
                self.base_url + path,
                json=body,
                data=content,
                params=params,
                headers=headers,
                stream=stream,
                timeout=(self._timeouts[0], timeout_s) if timeout_s else self._timeouts,
                proxies=self._proxies,
                allow_redirects=False,
            )
        except requests.exceptions.InvalidJSONError as error:
            raise InvalidRequestError("The request holds a number that JSON cannot hold.") from error
        except requests.RequestException as error:
            if unread := _fault_of_a_file(error):
                raise SettingsError(f"{getattr(content, 'name', 'The file')} cannot be read ({unread}).") from error
            raise self._error_from(error) from error
        except OSError as error:  # from `requests` itself, which looks for the file before it connects
            raise SettingsError("REQUESTS_CA_BUNDLE must be a file of certificates.") from error

    def _error_from(self, error: requests.RequestException) -> ChatappError:
        """Tell apart what `requests` raises as the same class: only the cause knows what happened."""
        cause = error.args[0] if error.args else None
        if isinstance(error, requests.ReadTimeout) or isinstance(cause, ReadTimeoutError):
            return timed_out(self.base_url, self.timeout_s)
        if isinstance(cause, ProtocolError) and not _is_no_http(cause):
            return cut_off(self.base_url, has_begun=error.response is not None)
        if isinstance(error, requests.exceptions.SSLError):
            refused = _refused_certificate(cause)
            return self._untrusted(refused) if refused else self.foreign("does not speak HTTPS")
        if isinstance(error, requests.ConnectionError) and not isinstance(cause, ProtocolError):
            return unreachable(self.base_url)
        return self.foreign("cannot be asked")

    def file(self, path: str, *, params: Json | None = None) -> bytes:
        """Return the file at `path`.

        Raises:
            ChatappError: there is none.
        """
        return self._granted(self.send("GET", path, params=params)).content

    def pieces(self, path: str, *, params: Json | None = None) -> Iterator[bytes]:
        """Return the file at `path` as it comes in.

        Raises:
            ChatappError: there is none, or it ends in the middle; by each piece too.
        """
        return self._pieces_of(self._granted(self.send("GET", path, params=params, stream=True)))

    def _granted(self, response: requests.Response) -> requests.Response:
        if not response.ok:
            self.checked(response, body_of(response))
        return response

    def _pieces_of(self, response: requests.Response) -> Iterator[bytes]:
        try:
            with response:
                yield from response.iter_content(_CHUNK_BYTES)
        except requests.RequestException as error:
            raise self._error_from(error) from error

    def checked(self, response: requests.Response, body: Json) -> Json:
        """Return `body` if the status is 2xx, raise the error it describes otherwise."""
        if response.ok and body:
            return body
        error = error_from_dict(body)
        if isinstance(error, UnauthorizedError) and self._session.auth is not None:
            error = UnauthorizedError("The backend does not know this API key.", hint="Check BACKEND_API_KEY.")
        raise error or self.foreign(f"answered with status {response.status_code}, but not as a backend does")

    def _untrusted(self, refused: SSLCertVerificationError) -> BackendProtocolError:
        what, hint = _CERTIFICATE_FAULTS.get(refused.verify_code, _UNTRUSTED)
        return BackendProtocolError(f"The certificate of {self.base_url} {what}.", hint=hint)

    def foreign(self, what: str) -> BackendProtocolError:
        """Return the error for a server that is no backend of ours, or a broken one."""
        return BackendProtocolError(
            f"The server at {self.base_url} {what}.", hint="Check that BACKEND_URL is the address of a chatapp backend."
        )


def _checked_url(url: str) -> str:
    try:
        return http_url(url)
    except ValueError as error:
        shown = "has a value that cannot be used" if "@" in url else f"is {url!r}"  # as in http://user:password@host
        raise SettingsError(f"BACKEND_URL {shown}: it must be {error}.") from None


class _BearerKey(AuthBase):
    """Signs requests. Without an auth object `requests` would put a login from `.netrc` in the key's place."""

    def __init__(self, key: str) -> None:
        if not (key.isascii() and key.isprintable()):
            raise SettingsError("BACKEND_API_KEY holds a character that cannot be sent.")
        self._key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._key}"
        return request


_UNTRUSTED = ("is not trusted", "Set REQUESTS_CA_BUNDLE to its file.")
_OTHER_NAME = ("is for another name", "Set BACKEND_URL to an address that the certificate names.")
_CERTIFICATE_FAULTS = {10: ("has expired", "Renew it."), 62: _OTHER_NAME, 64: _OTHER_NAME}
"""OpenSSL's X509_V_ERR_* → what that means, and what to do."""


def _refused_certificate(error: object) -> SSLCertVerificationError | None:
    """Return why OpenSSL refused the certificate, from what `requests` has for an SSLError; None if it was no TLS."""
    reason = getattr(error, "reason", error)
    return next((cause for cause in getattr(reason, "args", ()) if isinstance(cause, SSLCertVerificationError)), None)


def _is_no_http(error: ProtocolError) -> bool:
    """Return whether the server spoke, but not HTTP. A connection that broke is an OSError, also in disguise."""
    return isinstance(error.args[-1], HTTPException) and not isinstance(error.args[-1], OSError | IncompleteRead)


def _fault_of_a_file(error: requests.RequestException) -> str | None:
    """Return what the system says of a file that could not be read while it was sent; None where a connection broke."""
    cause = error.args[0].args[-1] if error.args and isinstance(error.args[0], ProtocolError) else None
    return cause.strerror if isinstance(cause, OSError) and cause.errno in {errno.EIO, errno.ESTALE} else None


def body_of(response: requests.Response) -> Json:
    """Return the JSON object of a response, empty if it holds none."""
    try:
        body = response.json()
    except (requests.RequestException, json.JSONDecodeError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def unreachable(url: str) -> BackendUnreachableError:
    """Return the error for an address at which no backend answers."""
    return BackendUnreachableError(f"Cannot connect to backend at {url}.", hint="Start it with: chatapp serve")


def path_of(*parts: str) -> str:
    """Return the path of the resource that `parts` name; an id among them is one part, whatever is in it."""
    return "".join(f"/{quote(part, safe='', errors='surrogatepass')}" for part in parts)
