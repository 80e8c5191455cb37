"""Uvicorn's protocol for HTTP, with our answer to bytes that are no request: there is no application to ask yet."""

import json
import uuid
from typing import TYPE_CHECKING

from uvicorn.protocols.http.h11_impl import H11Protocol

from chatapp.errors import RequestError

if TYPE_CHECKING:
    _Protocol = H11Protocol
else:
    try:
        from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol as _Protocol
    except ImportError:
        _Protocol = H11Protocol


class JsonErrorProtocol(_Protocol):
    """Gives what cannot be read as HTTP the shape of every other error."""

    def send_400_response(self, msg: str) -> None:
        """Refuse it, and hang up."""
        request_id = uuid.uuid4().hex
        body = json.dumps(RequestError("The request cannot be read as HTTP.").as_dict(request_id)).encode()
        head = (
            "HTTP/1.1 400 Bad Request\r\n"
            "content-type: application/json\r\n"
            f"content-length: {len(body)}\r\n"
            f"x-request-id: {request_id}\r\n"
            "connection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()
