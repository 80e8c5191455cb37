"""What `chatapp doctor` asks the model server: the list of its models and two tiny questions."""

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from chatapp.backend.models.attempts import Attempts
from chatapp.backend.models.openai.dialect import Dialect
from chatapp.backend.models.openai.http_clients import proxy_of
from chatapp.backend.models.openai.listed import ListedModels
from chatapp.backend.models.openai.model import OpenAIModel
from chatapp.backend.models.openai.server import ModelServer, NothingThereError
from chatapp.backend.models.openai.stream import OpenAIStream
from chatapp.backend.models.openai.windows import Windows
from chatapp.cli.doctor_way import examine_way
from chatapp.cli.finding import Finding
from chatapp.config.settings import Settings
from chatapp.errors import (
    ChatappError,
    UpstreamAuthError,
    UpstreamModelNotFoundError,
    UpstreamTimeoutError,
    UpstreamUnavailableError,
)
from chatapp.hosts import api_urls, other_api_url
from chatapp.protocol.events import ToolCallDelta
from chatapp.providers.connection import Upstream

QUESTION = "Count from 1 to 9."
STOP = "5"
BEHIND_STOP = "6789"
MAX_TOKENS = 48
ANSWER_S = 30.0
AT_ONCE_S = 0.02
LONG_S = 0.3
"""An answer that was waited for this long, and came within `AT_ONCE_S`, was held back by somebody."""
CLOCK_S = 60
MOST_NAMES = 5


@dataclass
class Heard:
    """What came of one question."""

    text: str = ""
    has_usage: bool = False
    first_s: float = 0.0
    last_s: float = 0.0
    headers: Mapping[str, str] = field(default_factory=dict)


async def examine_model(upstream: Upstream, settings: Settings) -> list[Finding]:
    """Return what was found; what cannot be asked any more is left out."""
    address = urlsplit(upstream.base_url)
    findings, is_there = await examine_way(address, upstream, settings)
    if not is_there:
        return findings
    try:
        server = await ModelServer.connect(upstream, settings)
    except ChatappError as error:
        return [*findings, _failed("address", error, upstream)]
    try:
        return [*findings, *await _examine(server, upstream, settings)]
    except NothingThereError as nothing:
        return [*findings, *await _examine_elsewhere(nothing, upstream, settings)]
    finally:
        await server.close()


async def examine_others(upstreams: Sequence[Upstream], settings: Settings) -> list[Finding]:
    """Return what was found of connections that are not asked by default: whether each lists its models."""
    return list(await asyncio.gather(*(_examine_other(upstream, settings) for upstream in upstreams)))


async def _examine_other(upstream: Upstream, settings: Settings) -> Finding:
    model = OpenAIModel(upstream, settings)
    try:
        note = await model.probe()
    except ChatappError as error:
        return _failed(upstream.name, error, upstream)._replace(verdict="warn")
    finally:
        await model.close()
    said = f"{len(model.offered())} that can chat ({upstream.provider})"
    return Finding(upstream.name, "warn" if note else "ok", said, note)


async def _examine_elsewhere(nothing: NothingThereError, upstream: Upstream, settings: Settings) -> list[Finding]:
    """Return what was found at another address of the server, where there is nothing at the named one."""
    named = other_api_url(upstream.base_url)
    for url in api_urls(upstream.base_url):
        other = replace(upstream, base_url=url)
        with suppress(NothingThereError, ChatappError):
            server = await ModelServer.connect(other, settings)
            try:
                findings = await _examine(server, other, settings)
            finally:
                await server.close()
            too = ", where chatapp looks for it too" if url == named else ""
            fix = f"Set {upstream.address_setting} to {url}."
            return [Finding("address", "warn" if too else "fail", f"the API is at {url}{too}", fix), *findings]
    nothing.error.hint = f"Check BASE_URL: there is none at {' or '.join(api_urls(upstream.base_url))} either."
    return [_failed("answer", nothing.error, upstream)]


async def _examine(server: ModelServer, upstream: Upstream, settings: Settings) -> list[Finding]:
    listed, findings = ListedModels(), []
    try:
        listed = await server.models(asked_for=upstream.model)
    except UpstreamAuthError as error:
        return [_failed("key", error, upstream)]
    except ChatappError as error:
        findings.append(_failed("listing", error, upstream)._replace(verdict="warn"))
    else:
        findings.append(_listing(listed))
    named = upstream.model
    model = named if upstream.is_model_named or not listed.names else listed.names[0]
    dialect = Dialect(upstream.without)
    body = _body(model)
    try:
        heard = await _ask(server, dialect, body, settings)
    except UpstreamAuthError as error:
        return [_failed("key", error, upstream), *findings]
    except UpstreamModelNotFoundError as error:
        return [*findings, _failed("model", _with_names(error, listed), upstream)]
    except ChatappError as error:
        return [*findings, _failed("answer", error, upstream)]
    findings = [Finding("key", "ok", "accepted" if upstream.keys else "none is asked for"), *findings]
    findings += [Finding("model", "ok", f"{model} answers"), *_answer(heard, upstream)]
    findings.append(await _stop(server, dialect, body, settings))
    findings.append(await _window(model, listed, upstream, settings))
    findings += [*_refused(dialect, body), *_clock(heard.headers)]
    return findings


def _failed(name: str, error: ChatappError, upstream: Upstream) -> Finding:
    hint = upstream.in_its_settings(error.hint) if error.hint else None
    return Finding(name, "fail", _said(error), hint)


def _said(error: ChatappError) -> str:
    """Return what is wrong, without what all errors of models begin with: here nothing else is talked of."""
    return error.detail.removeprefix("LLM processing failed: ").rstrip(".")


def _with_names(error: UpstreamModelNotFoundError, listed: ListedModels) -> UpstreamModelNotFoundError:
    """Return the error with what the server lists, where that is not said better."""
    if listed.names and not error.keeps_hint:
        others = ", …" if len(listed.names) > MOST_NAMES else ""
        error.hint = f"Set MODEL_NAME to one it lists: {', '.join(listed.names[:MOST_NAMES])}{others}."
    return error


def _listing(listed: ListedModels) -> Finding:
    if listed.note or not listed.names:
        said = (listed.note or "the server lists no model that can chat").rstrip(".")
        return Finding("listing", "warn", said, "Name the model in MODEL_NAME.")
    return Finding("listing", "ok", f"{len(listed.names)} that can chat")


def _body(model: str) -> dict[str, Any]:
    return {
        "model": model,
        "messages": [{"role": "user", "content": QUESTION}],
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_tokens": MAX_TOKENS,
        "temperature": 0,
    }


async def _ask(server: ModelServer, dialect: Dialect, body: dict[str, Any], settings: Settings) -> Heard:
    """Return what was heard.

    Raises:
        UpstreamTimeoutError: it is not over in time.
    """
    try:
        async with asyncio.timeout(ANSWER_S):
            began = time.perf_counter()
            response = await server.ask(body, dialect, Attempts())
            heard = Heard(headers=response.headers)
            stream = await OpenAIStream.open(response, max_event_bytes=settings.max_event_bytes)
            try:
                await _hear(stream, heard, began)
            finally:
                await stream.close()
    except TimeoutError:
        raise UpstreamTimeoutError(f"no answer within {ANSWER_S:.0f} seconds.", hint="Is the model loading?") from None
    return heard


async def _hear(stream: OpenAIStream, heard: Heard, began: float) -> None:
    is_over = False
    while not is_over:
        batch = await stream.next_batch()
        pieces = batch.deltas()
        if said := "".join(piece.text for piece in pieces if not isinstance(piece, ToolCallDelta)):
            heard.last_s = time.perf_counter() - began
            heard.first_s = heard.first_s or heard.last_s
            heard.text += said
        heard.has_usage = heard.has_usage or batch.usage is not None
        if batch.failure:
            raise batch.failure
        is_over = batch.is_last


def _answer(heard: Heard, upstream: Upstream) -> Iterator[Finding]:
    if not heard.text:
        yield Finding("answer", "warn", "it is empty", "Ask for another model in MODEL_NAME.")
    else:
        yield Finding("answer", "ok", f"first words after {heard.first_s:.2f} s, all after {heard.last_s:.2f} s")
        if heard.first_s < LONG_S or heard.last_s - heard.first_s > AT_ONCE_S:
            is_quick = heard.last_s < LONG_S
            yield Finding("stream", "ok", "too quick to tell pieces apart" if is_quick else "in pieces")
        else:
            fix = "Turn buffering off in the proxy before the server (nginx: `proxy_buffering off`)."
            if proxy_of(upstream):
                fix = "Except the model server in NO_PROXY, or turn the filters off in the proxy on the way."
                fix = upstream.in_its_settings(fix)
            yield Finding("stream", "warn", f"all at once, after {heard.first_s:.2f} s", fix)
    if heard.has_usage:
        yield Finding("usage", "ok", "tokens are counted")
    else:
        yield Finding("usage", "warn", "the server sends no token counts", "Answers do not show any.")


async def _stop(server: ModelServer, dialect: Dialect, body: dict[str, Any], settings: Settings) -> Finding:
    body = {**body, "stop": [STOP]}
    try:
        try:
            heard = await _ask(server, dialect, body, settings)
        except UpstreamUnavailableError:  # llama.cpp hangs up behind a stream, having said that it would not
            heard = await _ask(server, dialect, body, settings)
    except NothingThereError as nothing:
        return Finding("stop", "warn", _said(nothing.error), nothing.error.hint)
    except ChatappError as error:
        return Finding("stop", "warn", _said(error), error.hint)
    if STOP in heard.text:
        return Finding("stop", "warn", "the server goes on behind it", "chatapp cuts answers there itself.")
    if any(later in heard.text for later in BEHIND_STOP):  # mlx-lm
        return Finding("stop", "warn", "the server leaves it out and goes on", "Answers do not end at `stop`.")
    return Finding("stop", "ok", "nothing came behind it")


async def _window(model: str, listed: ListedModels, upstream: Upstream, settings: Settings) -> Finding:
    windows = Windows(upstream.base_url)
    windows.listed = listed
    tokens = settings.context_tokens or windows.told(model) or await windows.known(model)
    if tokens:
        return Finding("window", "ok", f"{tokens} tokens")
    fix = upstream.in_its_settings("Set CONTEXT_TOKENS.")
    return Finding("window", "warn", "nobody tells how much the model can read", fix)


def _refused(dialect: Dialect, body: dict[str, Any]) -> Iterator[Finding]:
    asked = {**body, "stop": [STOP]}
    sent = dialect.worded(asked)
    gone = [name for name in asked if name not in sent]
    said = f"not taken: {', '.join(gone)}; asked without" if gone else "none is refused"
    yield Finding("parameters", "warn" if gone else "ok", said)


def _clock(headers: Mapping[str, str]) -> Iterator[Finding]:
    """Return how the clocks compare, where the server tells the time."""
    with suppress(ValueError, TypeError, OverflowError):
        apart_s = abs(time.time() - parsedate_to_datetime(headers.get("date", "")).timestamp())
        if apart_s > CLOCK_S:
            fix = "Set this machine's clock, or the server's."
            yield Finding("clock", "warn", f"{apart_s:.0f} s apart from the server's", fix)
        else:
            yield Finding("clock", "ok", "as the server's")
