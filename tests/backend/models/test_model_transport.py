"""The straight way to a model server over sockets: connections that are used again, given up, and not to be had."""

import asyncio
import gc
import ssl
import weakref
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from httpx2 import URL, Headers, create_ssl_context

from chatapp.backend.models.openai.stream import OpenAIStream
from chatapp.backend.models.transport import direct
from chatapp.backend.models.transport.direct import DirectTransport
from chatapp.backend.models.transport.response import HELD_BYTES, DirectResponse
from chatapp.errors import ContextLengthExceededError
from support import scripts
from support.running_backend import RunningBackend
from support.stub_model import StubModel
from support.turn_steps import wait_for

SIZED = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 12\r\n\r\nHello, world"


def _loop_factories() -> list[Any]:
    with suppress(ImportError):  # it is not everywhere
        import uvloop  # noqa: PLC0415

        return [asyncio.new_event_loop, uvloop.new_event_loop]
    return [asyncio.new_event_loop]


Visit = Callable[[DirectTransport], Coroutine[Any, Any, None]]
Run = Callable[[Coroutine[Any, Any, None]], None]


@pytest.fixture(params=_loop_factories(), ids=lambda factory: factory.__module__.partition(".")[0])
def run(request: pytest.FixtureRequest) -> Run:
    """A function that runs a coroutine on each of the event loops that a backend may have."""

    def run(coroutine: Coroutine[Any, Any, None]) -> None:
        with asyncio.Runner(loop_factory=request.param) as runner:
            runner.run(asyncio.wait_for(coroutine, 20))

    return run


async def body_of(response: DirectResponse) -> bytes:
    body = b""
    while part := await response.read():
        body += part
    await response.release()
    return body


async def with_transport(url: str, visit: Visit, *, tls: ssl.SSLContext | None = None) -> None:
    address = URL(f"{url}/chat/completions")
    transport = DirectTransport(address, Headers(), tls=tls or create_ssl_context(), connect_timeout_s=5)
    await visit(transport)
    await transport.close()


def test_a_connection_is_kept_for_the_next_question(stub: StubModel, run: Run) -> None:
    async def visit(transport: DirectTransport) -> None:
        together = [await transport.post(b"{}", {}) for _ in range(2)]
        for response in together:
            await body_of(response)
        await body_of(await transport.post(b"{}", {}))
        assert stub.open_connections == 2

    run(with_transport(stub.url, visit))
    assert stub.wait_until_idle()


def test_a_connection_is_kept_although_the_end_comes_after_the_last_word(stub: StubModel, run: Run) -> None:
    async def ends_late(exchange: Any) -> None:
        await exchange.start_stream()
        await exchange.write(scripts.event(scripts.delta(content="word", finish="stop")) + b"data: [DONE]\n\n")
        await asyncio.sleep(0.05)
        await exchange.end_stream()

    async def visit(transport: DirectTransport) -> None:
        for _ in range(3):
            stream = await OpenAIStream.open(await transport.post(b"{}", {}), max_event_bytes=1000)
            assert (await stream.next_batch()).is_last
            await stream.close()
            async with asyncio.timeout(5):
                while not transport._idle:  # noqa: ASYNC110 - nobody else tells
                    await asyncio.sleep(0.01)
        assert stub.open_connections == 1

    stub.default = ends_late
    run(with_transport(stub.url, visit))


def test_a_connection_whose_end_does_not_come_is_given_up(
    stub: StubModel, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(direct, "ENDING_S", 0.05)
    stub.default = scripts.answer("word", b"data: [DONE]\n\n", scripts.silence)

    async def visit(transport: DirectTransport) -> None:
        response = await transport.post(b'{"stream": true}', {})
        await response.read()
        await response.release(is_over=True)
        assert await asyncio.to_thread(stub.calls[0].wait_until_left, timeout_s=5)

    run(with_transport(stub.url, visit))


def test_an_answer_that_is_not_read_to_its_end_gives_its_connection_up(stub: StubModel, run: Run) -> None:
    stub.default = scripts.answer("word", scripts.silence)

    async def visit(transport: DirectTransport) -> None:
        response = await transport.post(b'{"stream": true}', {})
        await response.read()
        await response.release()
        assert await asyncio.to_thread(stub.calls[0].wait_until_left, timeout_s=5)

    run(with_transport(stub.url, visit))


def test_no_more_is_taken_than_is_read_and_the_next_question_is_answered(stub: StubModel, run: Run) -> None:
    size = 8 * HELD_BYTES
    page = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size

    async def much(exchange: Any) -> None:
        await exchange.send(page + b"x" * size)

    async def visit(transport: DirectTransport) -> None:
        unread = await transport.post(b"{}", {})
        await asyncio.sleep(0.2)
        assert len(await unread.read()) < size
        while await unread.read():
            pass
        await unread.release()
        assert await body_of(await transport.post(b"{}", {}))
        assert stub.open_connections == 1

    stub.next(much)
    run(with_transport(stub.url, visit))


@pytest.mark.parametrize("end", [b"Connection: close\r\n", b""], ids=["announced", "by surprise"])
def test_a_connection_that_the_server_closes_is_not_used_again(end: bytes, stub: StubModel, run: Run) -> None:
    stub.default = scripts.raw(SIZED.replace(b"Content-Type", end + b"Content-Type"))

    async def visit(transport: DirectTransport) -> None:
        for _ in range(2):
            assert await body_of(await transport.post(b"{}", {})) == b"Hello, world"
            async with asyncio.timeout(5):
                while any(kept.is_open() for kept in transport._idle):  # noqa: ASYNC110 - nobody else tells
                    await asyncio.sleep(0.01)

    run(with_transport(stub.url, visit))
    assert stub.hits == 2


def test_a_connection_that_nobody_uses_is_closed_after_a_while(
    stub: StubModel, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(direct, "IDLE_S", 0.05)

    async def visit(transport: DirectTransport) -> None:
        await body_of(await transport.post(b"{}", {}))
        assert await asyncio.to_thread(stub.wait_until_idle)

    run(with_transport(stub.url, visit))


def test_at_the_end_all_connections_are_closed(stub: StubModel, run: Run) -> None:
    stub.default = scripts.answer("word", b"data: [DONE]\n\n", scripts.silence)

    async def visit(transport: DirectTransport) -> None:
        ending, reading = [await transport.post(b'{"stream": true}', {}) for _ in range(2)]
        await ending.release(is_over=True)
        await reading.read()

    run(with_transport(stub.url, visit))
    assert stub.wait_until_idle()


def test_a_question_that_is_still_being_sent_keeps_no_other_waiting(stub: StubModel, run: Run) -> None:
    refused: list[asyncio.StreamWriter] = []

    async def refuse_early(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        refused.append(writer)
        writer.write(SIZED.replace(b"200 OK", b"413 No"))

    async def go() -> None:
        async with await asyncio.start_server(refuse_early, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]

            async def visit(transport: DirectTransport) -> None:
                response = await transport.post(b"x" * 30_000_000, {})
                await body_of(response)
                assert await asyncio.wait_for(body_of(await transport.post(b"{}", {})), 2)

            await with_transport(f"http://127.0.0.1:{port}/v1", visit)
            for writer in refused:
                writer.transport.abort()
            await asyncio.sleep(0.05)

    run(go())


def test_a_response_that_was_read_needs_no_garbage_collector(stub: StubModel, run: Run) -> None:
    async def visit(transport: DirectTransport) -> None:
        response = await transport.post(b"{}", {})
        await body_of(response)
        seen = weakref.ref(response)
        del response
        assert seen() is None

    gc.disable()
    try:
        run(with_transport(stub.url, visit))
    finally:
        gc.enable()


def test_who_stops_waiting_for_an_answer_hangs_up(stub: StubModel, run: Run) -> None:
    stub.default = scripts.silence

    async def visit(transport: DirectTransport) -> None:
        asking = asyncio.create_task(transport.post(b"{}", {}))
        await asyncio.to_thread(wait_for, lambda: stub.calls)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert await asyncio.to_thread(stub.calls[0].wait_until_left, timeout_s=5)

    run(with_transport(stub.url, visit))


def test_of_several_addresses_one_may_be_dead(stub: StubModel, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def both(transport: DirectTransport) -> Any:
        loop, port = asyncio.get_running_loop(), URL(stub.url).port
        dead = await loop.getaddrinfo("192.0.2.1", port, type=1)  # RFC 5737: nobody is there
        return [*dead, *await loop.getaddrinfo("127.0.0.1", port, type=1)]

    async def visit(transport: DirectTransport) -> None:
        assert await body_of(await transport.post(b"{}", {}))

    monkeypatch.setattr(direct, "NEXT_ADDRESS_AFTER_S", 0.05)
    monkeypatch.setattr(DirectTransport, "_addresses", both)
    run(with_transport("http://models.invalid/v1", visit))


def test_a_name_that_no_name_server_could_know_is_no_connection(run: Run) -> None:
    async def visit(transport: DirectTransport) -> None:
        with pytest.raises(OSError, match="cannot be reached"):
            await transport.post(b"{}", {})

    run(with_transport("http://models..invalid/v1", visit))


@pytest.mark.parametrize(
    ("host", "is_trusted"),
    [("localhost", True), ("localhost.", True), ("localhost.", False)],
    ids=["here", "elsewhere", "not trusted"],
)
def test_a_server_with_https_has_to_be_the_one_it_says(
    host: str, is_trusted: bool, certificate: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(certificate)
    trusting = ssl.create_default_context(cafile=certificate if is_trusted else None)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(SIZED)
        await writer.drain()
        writer.close()

    async def visit(transport: DirectTransport) -> None:
        if is_trusted:
            assert await body_of(await transport.post(b"{}", {})) == b"Hello, world"
        else:
            with pytest.raises(ssl.SSLCertVerificationError):
                await transport.post(b"{}", {})

    async def go() -> None:
        async with await asyncio.start_server(answer, "127.0.0.1", 0, ssl=serving) as server:
            port = server.sockets[0].getsockname()[1]
            addresses = await asyncio.get_running_loop().getaddrinfo("127.0.0.1", port, type=1)
            monkeypatch.setattr(DirectTransport, "_addresses", lambda _: asyncio.sleep(0, addresses))
            await with_transport(f"https://{host}:{port}/v1", visit, tls=trusting)

    run(go())


def test_headers_of_the_user_s_own_come_once(
    run_backend: Callable[..., RunningBackend], stub: StubModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "host: inner\nauthorization: Basic b3V0\naccept: text/html\nx-team: a")
    run_backend().client.ask("Hi")

    assert stub.calls[0].head.lower().count("\nhost:") == 1
    assert {name: stub.calls[0].headers[name] for name in ("host", "x-team")} == {"host": "inner", "x-team": "a"}
    assert stub.calls[0].headers["authorization"].startswith("Bearer ")
    assert stub.calls[0].headers["accept"] == "text/event-stream"


def test_a_header_that_would_be_two_is_the_user_s_to_mend(
    run_backend: Callable[..., RunningBackend], stub: StubModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org\r\nX-Injected: yes")
    response = run_backend().client.ready().model

    assert not response.ok
    assert "OPENAI_" in response.hint
    assert stub.requests == []


def test_a_connection_that_ends_behind_an_empty_stream_does_not_hide_why_it_is_empty(
    backend: RunningBackend, stub: StubModel
) -> None:
    empty = scripts.answer(role=False, finish=None, usage=False, done=False)
    stub.next(empty, scripts.hang_up, scripts.status(400, "maximum context length", code="context_length_exceeded"))

    with pytest.raises(ContextLengthExceededError):
        backend.client.ask("Hi")

    assert [call.body["stream"] for call in stub.calls] == [True, False, False]
