"""What nobody should send: refused with a 4xx in the one shape, small, and without a word of what was sent."""

import gzip
import json
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from support.running_backend import RunningBackend
from support.stub_model import StubModel

pytestmark = pytest.mark.faults

SENTINEL = "s3ntinel"
JSON = "application/json"

both = pytest.mark.parametrize("path", ["/query", "/query/stream"])


@dataclass
class Reply:
    """A response as it came over the socket."""

    status: int
    headers: dict[str, str]
    body: bytes


def send(backend: RunningBackend, *parts: bytes) -> Reply:
    """Send bytes as they are, and read one response."""
    with socket.create_connection(("127.0.0.1", backend.port), timeout=10) as connection:
        for part in parts:
            connection.sendall(part)
        head, _, body = _read_all(connection).partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return Reply(int(first.split()[1]), headers, body)


def _read_all(connection: socket.socket) -> bytes:
    data = b""
    while part := connection.recv(65536):
        data += part
        head, _, body = data.partition(b"\r\n\r\n")
        length = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        if length and len(body) >= int(length[0].split(b":")[1]):
            break
    return data


def request(path: str, body: bytes, *headers: str, method: str = "POST", length: int | None = None) -> bytes:
    """Return the bytes of a request."""
    size = len(body) if length is None else length
    head = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Content-Length: {size}", *headers, "", ""]
    return "\r\n".join(head).encode() + body


def post(backend: RunningBackend, path: str, body: bytes, content_type: str = JSON) -> requests.Response:
    return requests.post(backend.url + path, data=body, headers={"Content-Type": content_type}, timeout=10)


def assert_refused(response: requests.Response | Reply, *statuses: int) -> None:
    """Check the shape of every error."""
    is_reply = isinstance(response, Reply)
    status = response.status if is_reply else response.status_code
    content = response.body if is_reply else response.content
    assert status in statuses, content
    assert len(content) < 4096
    body = json.loads(content)
    assert set(body) - {"hint", "retry_after"} == {"detail", "code", "request_id"}
    assert response.headers["x-request-id"] == body["request_id"]
    assert SENTINEL not in content.decode()
    assert "Traceback" not in content.decode()
    assert "Value error, " not in content.decode()


def assert_no_http(reply: Reply) -> None:
    """Check what the server says to something that never becomes a request."""
    assert 400 <= reply.status < 500
    assert SENTINEL not in reply.body.decode()
    assert len(reply.body) < 4096


def prompt(value: Any = SENTINEL, **fields: Any) -> bytes:
    return json.dumps({"prompt": value, **fields}).encode()


NOT_JSON = {
    "nothing": b"",
    "a word": SENTINEL.encode(),
    "half an object": b'{"prompt": "' + SENTINEL.encode(),
    "two objects": prompt() * 2,
    "single quotes": f"{{'prompt': '{SENTINEL}'}}".encode(),
    "a comment": b"// hi\n" + prompt(),
    "NaN": b'{"prompt": "s3ntinel", "temperature": NaN}',
    "Infinity": b'{"prompt": "s3ntinel", "temperature": Infinity}',
    "minus Infinity": b'{"prompt": "s3ntinel", "temperature": -Infinity}',
    "1e400": b'{"prompt": "s3ntinel", "temperature": 1e400}',
    "a lone surrogate": b'{"prompt": "s3ntinel \\ud800"}',
    "halves in wrong order": b'{"prompt": "s3ntinel \\ude00\\ud83d"}',
    "a lone surrogate in a name": b'{"prompt": "s3ntinel", "\\ud800": 1}',
    "invalid UTF-8": b'{"prompt": "s3ntinel \xff"}',
    "a surrogate in UTF-8": b'{"prompt": "s3ntinel \xed\xa0\x80"}',
    "UTF-16": prompt().decode().encode("utf-16"),
    "UTF-16 without a mark": prompt().decode().encode("utf-16-le"),
    "UTF-32": prompt().decode().encode("utf-32"),
    "a byte order mark": b"\xef\xbb\xbf" + prompt(),
    "Latin-1": '{"prompt": "s3ntinel é"}'.encode("latin-1"),
    "a raw newline": b'{"prompt": "s3ntinel\n"}',
    "a raw NUL": b'{"prompt": "s3ntinel\0"}',
    "a NUL behind it": prompt() + b"\0",
    "nested 2,000 deep": b'{"prompt": "s3ntinel", "messages": ' + b"[" * 2000 + b"]" * 2000 + b"}",
    "nested 100,000 deep": b'{"prompt": ' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"}",
    "an integer of 5,000 digits": b'{"prompt": "s3ntinel", "seed": ' + b"9" * 5000 + b"}",
    "a float of 5,000 digits": b'{"prompt": "s3ntinel", "temperature": 3.' + b"9" * 5000 + b"}",
}

INVALID = {
    "null": b"null",
    "a list": b'["s3ntinel"]',
    "a string": b'"s3ntinel"',
    "a number": b"1",
    "no prompt": b"{}",
    "a prompt of null": prompt(None),
    "a prompt of another type": prompt(5),
    "a prompt in a list": prompt([SENTINEL]),
    "an empty prompt": prompt(""),
    "a blank prompt": prompt(" \t\r\n\u3000\u2028"),
    "a prompt that nobody sees": prompt("\u200b \ufeff\u2060\n"),
    "NUL in the prompt": prompt(f"{SENTINEL}\0"),
    "a prompt too long": prompt("s3ntinel" * 20_000),
    "an unknown field": prompt(colour=SENTINEL),
    "an unknown field with a long name": prompt(**{"é" * 50_000 + SENTINEL: 1}),
    "a thousand unknown fields": prompt(**{f"field{number}": SENTINEL for number in range(1000)}),
    "fields in capitals": prompt(Prompt=SENTINEL),
    "temperature too high": prompt(temperature=2.1),
    "temperature below zero": prompt(temperature=-0.1),
    "temperature as text": prompt(temperature=SENTINEL),
    "temperature in quotes": prompt(temperature="1"),
    "temperature as a boolean": prompt(temperature=True),
    "top_p too high": prompt(top_p=1.5),
    "no tokens": prompt(max_tokens=0),
    "half a token": prompt(max_tokens=1.5),
    "seed too large": prompt(seed=2**64),
    "too many stops": prompt(stop=["a"] * 5),
    "NUL in a stop": prompt(stop="\0"),
    "an empty stop": prompt(stop=""),
    "an empty stop among others": prompt(stop=["END", ""]),
    "a model of nothing": prompt(model=""),
    "a blank model": prompt(model=" \t"),
    "NUL in the model": prompt(model=f"{SENTINEL}\0"),
    "a model too long": prompt(model=SENTINEL * 100),
    "system of another type": prompt(system={"a": SENTINEL}),
    "messages of another type": prompt(messages=SENTINEL),
    "a message without content": prompt(messages=[{"role": "user"}]),
    "a role unknown": prompt(messages=[{"role": SENTINEL, "content": "a"}]),
    "a message with more": prompt(messages=[{"role": "user", "content": "a", "timestamp": SENTINEL}]),
    "messages and a conversation": prompt(messages=[], conversation_id="a"),
    "a conversation that is a path": prompt(conversation_id="../s3ntinel"),
}


@both
@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON.keys())
def test_what_is_not_json_is_refused(path: str, body: bytes, shared: RunningBackend) -> None:
    assert_refused(post(shared, path, body), 422)


@both
@pytest.mark.parametrize("body", INVALID.values(), ids=INVALID.keys())
def test_what_breaks_a_rule_is_refused(path: str, body: bytes, shared: RunningBackend) -> None:
    response = post(shared, path, body)
    assert_refused(response, 422)
    assert response.json()["code"] == "invalid_request"
    assert all(set(fault) == {"type", "loc", "msg"} for fault in response.json()["detail"])


def test_the_last_of_two_keys_counts(shared: RunningBackend, model: StubModel) -> None:
    assert post(shared, "/query", b'{"prompt": "first", "prompt": "second"}').status_code == 200
    assert model.calls[-1].body["messages"][0]["content"] == "second"


@both
@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""])
def test_another_content_type_is_refused(path: str, content_type: str, shared: RunningBackend) -> None:
    refused = post(shared, path, prompt(), content_type)
    assert_refused(refused, 415)
    assert "Content-Type: application/json" in refused.json()["hint"]


@pytest.mark.parametrize("coding", ["gzip", "GZIP", "identity, gzip", "br"])
def test_a_compressed_body_is_refused_as_what_it_is(coding: str, shared: RunningBackend) -> None:
    headers = {"Content-Type": JSON, "Content-Encoding": coding}
    refused = requests.post(f"{shared.url}/query", data=gzip.compress(prompt()), headers=headers, timeout=10)
    assert_refused(refused, 415)
    assert refused.json()["detail"] == "The body must not be compressed."


@pytest.mark.parametrize(
    "content_type", [JSON, "application/json; charset=utf-8", "APPLICATION/JSON", "application/vnd.chat+json"]
)
def test_json_is_json_however_it_is_called(content_type: str, shared: RunningBackend) -> None:
    assert post(shared, "/query", prompt(), content_type).status_code == 200


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "HEAD"])
@both
def test_another_method_is_refused(path: str, method: str, shared: RunningBackend) -> None:
    response = requests.request(method, shared.url + path, timeout=5)
    assert response.status_code == 405
    assert response.headers["Allow"] == "POST"
    if method != "HEAD":
        assert_refused(response, 405)


@pytest.mark.parametrize(
    ("path", "allowed"), [("/health", "GET, HEAD"), ("/ready", "GET, HEAD"), ("/conversations", "GET, POST")]
)
def test_a_method_that_is_refused_is_told_of_all_that_the_path_takes(
    path: str, allowed: str, shared: RunningBackend
) -> None:
    response = requests.put(shared.url + path, timeout=5)
    assert (response.status_code, response.headers["Allow"]) == (405, allowed)


@pytest.mark.parametrize(
    "path",
    [
        "/s3ntinel",
        "/query/",
        "/QUERY",
        "//query",
        "/query/../s3ntinel",
        "/%2e%2e/s3ntinel",
        "/query%00s3ntinel",
        "/query%ff",
        "/" + "s3ntinel" * 1000,
    ],
)
def test_an_unknown_path_is_refused(path: str, shared: RunningBackend) -> None:
    assert_refused(send(shared, request(path, prompt(), f"Content-Type: {JSON}")), 404)


def test_no_redirect_is_built_from_the_host_header(shared: RunningBackend) -> None:
    reply = send(shared, request("/health/", b"", method="GET"))
    assert "location" not in reply.headers
    assert_refused(reply, 404)


@both
def test_a_body_that_says_it_is_too_large_is_refused_at_once(path: str, shared: RunningBackend) -> None:
    reply = send(shared, request(path, b"", f"Content-Type: {JSON}", length=2_000_000))
    assert_refused(reply, 413)
    assert json.loads(reply.body)["code"] == "body_too_large"


@both
def test_a_chunked_body_that_is_too_large_is_refused(path: str, shared: RunningBackend) -> None:
    chunks = (b" " * 100_000 for _ in range(20))
    response = requests.post(shared.url + path, data=chunks, headers={"Content-Type": JSON}, timeout=10)
    assert_refused(response, 413)
    assert response.json()["code"] == "body_too_large"


def test_a_body_up_to_the_limit_is_read(run_backend: Callable[..., RunningBackend]) -> None:
    backend = run_backend(max_body_bytes=100)
    assert post(backend, "/query", prompt("a").ljust(100)).status_code == 200
    assert_refused(post(backend, "/query", prompt("a").ljust(101)), 413)


def test_a_prompt_up_to_the_limit_is_asked(run_backend: Callable[..., RunningBackend]) -> None:
    backend = run_backend(max_prompt_chars=5)
    assert post(backend, "/query", prompt("😀" * 5)).status_code == 200
    assert_refused(post(backend, "/query", prompt("😀" * 6)), 422)


def test_a_body_shorter_than_it_said_asks_nobody(shared: RunningBackend, model: StubModel) -> None:
    before = model.hits
    with socket.create_connection(("127.0.0.1", shared.port), timeout=5) as connection:
        connection.sendall(request("/query", prompt(), f"Content-Type: {JSON}", length=len(prompt()) + 10))
        connection.shutdown(socket.SHUT_WR)
        connection.recv(65536)
    shared.client.health()
    assert model.hits == before


def test_a_body_longer_than_it_said_is_refused(shared: RunningBackend) -> None:
    assert_no_http(send(shared, request("/query", prompt(), f"Content-Type: {JSON}", length=10)))


@pytest.mark.parametrize("length", ["-1", "abc", "1e3", "1, 2", "9" * 400])
def test_a_length_that_is_no_number_is_refused(length: str, shared: RunningBackend) -> None:
    head = f"POST /query HTTP/1.1\r\nHost: localhost\r\nContent-Type: {JSON}\r\nContent-Length: {length}\r\n\r\n"
    assert_no_http(send(shared, head.encode() + prompt()))


@pytest.mark.parametrize(
    "data",
    [
        b"s3ntinel\r\n\r\n",
        b"GET /health HTTP/9.9\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: localhost\r\ns3ntinel\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    ],
    ids=["a word", "a version", "a header", "TLS"],
)
def test_what_is_not_http_is_refused(data: bytes, shared: RunningBackend) -> None:
    assert_no_http(send(shared, data))


@pytest.mark.parametrize("header", ["Idempotency-Key", "Authorization", "X-API-Key", "Origin", "Cookie", "Accept"])
def test_headers_that_are_no_text_do_no_harm(header: str, shared: RunningBackend) -> None:
    data = request("/query", prompt(), f"Content-Type: {JSON}", f"{header}: HERE")
    assert send(shared, data.replace(b"HERE", b"\xff\xfe\x80")).status in {200, 403, 422}


def test_the_backend_lives_on(shared: RunningBackend) -> None:
    assert shared.client.ask("Why?").answer == "Hello from the stub."


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"prompt": "hi",}', "It is not JSON: trailing comma at line 1 column 17"),
        (b"{'prompt': 'hi'}", "It is not JSON: key must be a string at line 1 column 2"),
        (b'{"prompt": "h', "It is not JSON: EOF while parsing a string at line 1 column 13"),
    ],
)
def test_what_is_no_json_is_told_why_and_where(shared: RunningBackend, body: bytes, said: str) -> None:
    (fault,) = post(shared, "/query", body).json()["detail"]
    assert (fault["loc"], fault["msg"]) == (["body"], said)


@pytest.mark.parametrize("body", [prompt(model="a" * 300), prompt(model=""), prompt(stop=[""])])
def test_a_length_is_told_in_characters(shared: RunningBackend, body: bytes) -> None:
    assert " character" in post(shared, "/query", body).text
