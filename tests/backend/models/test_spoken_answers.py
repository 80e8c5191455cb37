"""Answers as servers are said to speak them in public reports, byte for byte, and what becomes of them."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from chatapp.backend.models.openai.stream import OpenAIStream
from chatapp.errors import UpstreamError
from chatapp.protocol.events import Reasoning, Text, ToolCallDelta

DONE = b"data: [DONE]\n\n"
USAGE = {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12}


@dataclass
class Heard:
    """What an answer has come to. `calls` are names and arguments by their numbers, `failure` is an error's code.

    `detail` is what the error says, for who asks: two answers that fail are the same whatever it is.
    """

    text: str = ""
    thought: str = ""
    finish_reason: str | None = None
    calls: dict[int, list[str]] = field(default_factory=dict)
    failure: str | None = None
    notices: list[str] = field(default_factory=list)
    detail: str = field(default="", compare=False)


class Body:
    """A response that is all there."""

    status = 200

    def __init__(self, data: bytes, kind: str) -> None:
        self.headers = {"content-type": kind}
        self._data = data

    async def read(self) -> bytes:
        data, self._data = self._data, b""
        return data

    async def release(self, *, is_over: bool = False) -> None:
        """Do nothing."""


def heard(data: bytes, kind: str = "text/event-stream") -> Heard:
    return asyncio.run(_heard(Body(data, kind)))


async def _heard(body: Body) -> Heard:
    result = Heard()
    try:
        stream = await OpenAIStream.open(body, max_event_bytes=100_000)
    except UpstreamError as error:
        return Heard(failure=error.code)
    is_over = False
    while not is_over:
        batch = await stream.next_batch()
        for piece in batch.deltas():
            if isinstance(piece, ToolCallDelta):
                call = result.calls.setdefault(piece.index, ["", ""])
                call[0] += piece.name
                call[1] += piece.arguments
            elif isinstance(piece, Text):
                result.text += piece.text
            elif isinstance(piece, Reasoning):
                result.thought += piece.text
        result.notices += [notice.code for notice in batch.notices]
        result.finish_reason = batch.finish_reason or result.finish_reason
        result.failure = batch.failure.code if batch.failure else None
        result.detail = batch.failure.detail if batch.failure else ""
        is_over = batch.is_last or batch.failure is not None
    return result


def sse(*chunks: Any, done: bool = True) -> bytes:
    """Return a stream of chunks: bytes as they are, all else as JSON."""
    events = [
        chunk if isinstance(chunk, bytes) else b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in chunks
    ]
    return b"".join(events) + (DONE if done else b"")


def said(text: str | None = None, *, finish: Any = None, **fields: Any) -> dict[str, Any]:
    delta = fields if text is None else {"content": text, **fields}
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def called(arguments: str, *, name: str | None = None, **fields: Any) -> dict[str, Any]:
    return said(tool_calls=[{"function": {"name": name, "arguments": arguments}, **fields}])


STOP = said(finish="stop")
FILTERED = [{"prompt_index": 0, "content_filter_results": {"hate": {"filtered": False, "severity": "safe"}}}]
AZURE = {"choices": [], "created": 0, "id": "", "model": "", "object": "", "prompt_filter_results": FILTERED}
TWO = {0: ["f", '{"a":1}'], 1: ["f", '{"a":2}']}

ANSWERS: dict[str, tuple[bytes, Heard]] = {
    "Azure: a first chunk of filters alone (meilisearch#6341, grafana-llm-app#790)": (
        sse(AZURE, said("", role="assistant"), said("Hi"), STOP),
        Heard("Hi", finish_reason="stop"),
    ),
    "Azure: filtered on the way, as a gateway words it (argo-proxy#91)": (
        sse(
            said("Hel"),
            {
                "error": {
                    "message": "Error code: 400 - {'error': {'message': 'The response was filtered due to the "
                    "prompt triggering Azure OpenAI's content management policy.'}}"
                }
            },
        ),
        Heard("Hel", failure="upstream_bad_response"),
    ),
    "Azure: filters behind the end": (
        sse(
            said("Hi"),
            STOP,
            {"choices": [{"index": 0, "content_filter_offsets": {"check_offset": 4}, "finish_reason": None}]},
        ),
        Heard("Hi", finish_reason="stop"),
    ),
    "Azure: CRLF (OrcaRouter-Lite#98, cc-switch#1787)": (
        sse(said("Hi"), STOP).replace(b"\n", b"\r\n"),
        Heard("Hi", finish_reason="stop"),
    ),
    "CR alone (pentect#1438)": (sse(said("Hi"), STOP).replace(b"\n", b"\r"), Heard("Hi", finish_reason="stop")),
    "data without a blank (inference-perf#781)": (
        sse(said("Hi"), STOP).replace(b"data: ", b"data:"),
        Heard("Hi", finish_reason="stop"),
    ),
    "Groq: why it stopped early beside the end": (
        sse(said("Hel"), {**STOP, "x_groq": {"id": "req_1", "error": "over capacity"}}),
        Heard("Hel", failure="upstream_unavailable"),
    ),
    "Groq: a call that is no call (litellm#40566)": (
        sse(
            said("Hel"),
            b'event: error\ndata: {"error":{"message":"Tool call validation failed","type":"invalid_request_error",'
            b'"code":"tool_use_failed","failed_generation":"x"}}\n\n',
        ),
        Heard("Hel", failure="upstream_unavailable"),
    ),
    "NeMo Guardrails 0.24.1: no reason, but two chunks without a word": (
        sse(said(""), said("Hi"), said(" there"), said(""), said("")),
        Heard("Hi there"),
    ),
    "NeMo Guardrails 0.24.1: chunks without a word in the middle": (
        sse(said(""), said("Hi"), said(""), said(""), said(" t")),
        Heard("Hi t", failure="incomplete"),
    ),
    "NeMo Guardrails 0.24.1: a failure in the answer": (
        sse(said("Hi"), {"error": {"message": "Connection error.", "type": "generation_error", "code": "500"}}),
        Heard("Hi", failure="upstream_unavailable"),
    ),
    "LitServe 0.2.19: a failure without its blank line": (
        sse(said("Hi", role="assistant", name=None, tool_call_id=None), done=False)
        + b'data: {"error": {"message": "No.", "type": "internal", "code": "internal_error"}}',
        Heard("Hi", failure="upstream_unavailable"),
    ),
    "jupyter-server-proxy 4.6.0: a cut, with words of its own behind it": (
        sse(said("Hi"), done=False) + b"Connection closed",
        Heard("Hi", failure="incomplete"),
    ),
    "Ollama, LightLLM: no reason, but a count at the end (pydantic-ai#2996, oh-my-pi#9433)": (
        sse(said("Hi"), said(""), {"choices": [], "usage": USAGE}),
        Heard("Hi"),
    ),
    "llama-cpp-python: no reason and no count": (sse(said("Hi"), said("")), Heard("Hi", failure="incomplete")),
    "a count with each word and a cut": (
        sse({**said("Hi"), "usage": USAGE}, done=False),
        Heard("Hi", failure="incomplete"),
    ),
    "Google: the reason by its own name (llmcord#84)": (
        sse(said("Hi"), {"choices": [{"index": 0, "delta": {}, "finish_reason": None, "finishReason": "stop"}]}),
        Heard("Hi", finish_reason="stop"),
    ),
    "Google: filters by their own names (Vibe-Trading#308)": (
        sse(said("Hi"), said(finish="SPII")),
        Heard("Hi", finish_reason="content_filter"),
    ),
    "Google: a reason with its cause": (
        sse(said("Hi"), said(finish="content_filter: RECITATION")),
        Heard("Hi", finish_reason="content_filter"),
    ),
    "Google: a call that is none (any-llm#1202)": (
        sse(said(""), said(finish="MALFORMED_FUNCTION_CALL")),
        Heard(failure="upstream_unavailable"),
    ),
    "Google: calls without an index (openai-python#2806, dayu-agent#45)": (
        sse(called('{"a":1}', name="f", id="1"), called('{"a":2}', name="f", id="2"), said(finish="tool_calls")),
        Heard(calls=TWO, finish_reason="tool_calls"),
    ),
    "gcli2api: each call has the index 0 and no id (gcli2api#406)": (
        sse(called('{"a":1}', name="f", index=0), called('{"a":2}', name="f", index=0), said(finish="tool_calls")),
        Heard(calls=TWO, finish_reason="tool_calls"),
    ),
    "DeepInfra: no arguments yet, and none at the end (open-webui#27195, new-api#3326)": (
        sse(
            called("", name="f", index=0, id="1", function={"name": "f", "arguments": None}),
            called('{"a":1}', index=0),
            called("", index=0, function={"arguments": None}),
            said(finish="tool_calls"),
        ),
        Heard(calls={0: ["f", '{"a":1}']}, finish_reason="tool_calls"),
    ),
    "MiniMax: arguments that are an object (oh-my-pi#1779)": (
        sse(
            called("", index=0, id="1", function={"name": "f", "arguments": {"a": "'%s\\n' ok"}}),
            said(finish="tool_calls"),
        ),
        Heard(calls={0: ["f", json.dumps({"a": "'%s\\n' ok"})]}, finish_reason="tool_calls"),
    ),
    "Databricks: thought and text in one list (appkit#559)": (
        sse(
            said(
                content=[
                    {"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}]},
                    {"type": "text", "text": "Hi"},
                ]
            ),
            STOP,
        ),
        Heard("Hi", "hm", finish_reason="stop"),
    ),
    "llama.cpp: no content but thoughts (cline#12132)": (
        sse(said(role="assistant"), said(reasoning_content="hm"), said("Hi"), STOP),
        Heard("Hi", "hm", finish_reason="stop"),
    ),
    "a gateway: too often, with status 200 (meclaw#75)": (
        json.dumps({"error": {"message": "Rate limit exceeded: free-models-per-day", "code": 429}}).encode(),
        Heard(failure="upstream_rate_limited"),
    ),
    "9router: nothing but null choices (9router#2727)": (
        json.dumps({"id": None, "choices": None, "object": None}).encode(),
        Heard(failure="upstream_bad_response"),
    ),
    "Cloudflare, Zen: null in each further piece of a call (effect#8333, opencode#43328)": (
        sse(
            called("", name="f", index=0, id="1", type="function"),
            called("{}", index=0, id=None, type=None),
            said(finish="tool_calls", role=None),
        ),
        Heard(calls={0: ["f", "{}"]}, finish_reason="tool_calls"),
    ),
    "a name with each piece of one call": (
        sse(called('{"a"', name="f", index=0), called(":1}", name="f", index=0), said(finish="tool_calls")),
        Heard(calls={0: ["f", '{"a":1}']}, finish_reason="tool_calls"),
    ),
    "Ollama: each call has the index 0 (LibreChat-agents#260, ollama#15457)": (
        sse(
            called('{"a"', name="f", index=0, id="1"),
            called(":1}", index=0),
            called('{"a":2}', name="f", index=0, id="2"),
            said(finish="tool_calls"),
        ),
        Heard(calls=TWO, finish_reason="tool_calls"),
    ),
    "Copilot: the text in one choice, the call in the next": (
        json.dumps(
            {
                "choices": [
                    {"message": {"role": "assistant", "content": "Look:"}, "finish_reason": "tool_calls"},
                    {
                        "message": {
                            "role": "assistant",
                            "tool_calls": [{"id": "1", "function": {"name": "f", "arguments": "{}"}}],
                        },
                        "finish_reason": "tool_calls",
                    },
                ]
            }
        ).encode(),
        Heard("Look:", calls={0: ["f", "{}"]}, finish_reason="tool_calls"),
    ),
    "OpenAI: a tool that takes any text (openai-node#2023)": (
        sse(
            said(tool_calls=[{"index": 0, "id": "1", "type": "custom", "custom": {"name": "f", "input": "ec"}}]),
            said(tool_calls=[{"index": 0, "custom": {"input": "ho"}}]),
            said(finish="tool_calls"),
        ),
        Heard(calls={0: ["f", "echo"]}, finish_reason="tool_calls"),
    ),
    "OpenAI: a function as it was called at first": (
        sse(
            said(function_call={"name": "f", "arguments": ""}),
            said(function_call={"arguments": "{}"}),
            said(finish="function_call"),
        ),
        Heard(calls={0: ["f", "{}"]}, finish_reason="function_call"),
    ),
    "two answers to choose from": (
        sse({"choices": [{"index": n, "delta": {"content": text}} for n, text in enumerate("ab")]}, STOP),
        Heard("a", finish_reason="stop"),
    ),
    "Copilot: thoughts by its own name": (
        sse(said("", reasoning_text="hm"), said("Hi"), STOP),
        Heard("Hi", "hm", finish_reason="stop"),
    ),
    "Ollama: thoughts by its own name": (
        sse(said("", thinking="hm"), said("Hi"), STOP),
        Heard("Hi", "hm", finish_reason="stop"),
    ),
    "Databricks: thoughts in a summary (bifrost#6958)": (
        sse(
            said(content=[{"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm", "signature": ""}]}]),
            said(content=[{"type": "text", "text": "Hi"}]),
            STOP,
        ),
        Heard("Hi", "hm", finish_reason="stop"),
    ),
    "Perplexity: thoughts step by step": (
        sse(
            said(reasoning_steps=[{"thought": "hm", "type": "web_search", "web_search": {"search_keywords": ["a"]}}]),
            {"object": "chat.reasoning.done", "choices": [{"delta": {"reasoning_steps": []}, "finish_reason": None}]},
            said("Hi"),
            STOP,
        ),
        Heard("Hi", "hm", finish_reason="stop"),
    ),
    "Bedrock: an empty thought (haystack#3990)": (
        sse(said("", reasoning_content=""), said("Hi"), STOP),
        Heard("Hi", finish_reason="stop"),
    ),
    "Mistral: a reference between (vercel-ai#4747)": (
        sse(said("Hi"), said(content=[{"type": "reference", "reference_ids": ["0"]}]), said("!"), STOP),
        Heard("Hi!", finish_reason="stop"),
    ),
    "DeepSeek: lines to keep the connection (langchaingo#942)": (
        sse(b": keep-alive\n\n", said("Hi"), b": keep-alive\n", STOP),
        Heard("Hi", finish_reason="stop"),
    ),
    "a comment in data (routstr-core#543)": (
        sse(b"data: : OPENROUTER PROCESSING\n\n", said("Hi"), STOP),
        Heard("Hi", finish_reason="stop"),
    ),
    "words to keep the connection": (
        sse(b"data: ping\n\n", said("Hi"), b"data: [HEARTBEAT]\n\n", b"data: keep-alive\n\n", b"data: null\n\n", STOP),
        Heard("Hi", finish_reason="stop"),
    ),
    "the field's name twice (openclaw#97474)": (
        sse(said("Hi"), STOP).replace(b"data: ", b"data: data: "),
        Heard("Hi", finish_reason="stop"),
    ),
    "lines with one end (eventsource-parser#31)": (
        sse(said("H"), said("i"), STOP).replace(b"\n\n", b"\n") + b"\n",
        Heard("Hi", finish_reason="stop"),
    ),
    "a field of another kind alone (openai-python#2721)": (
        sse(b"retry: 3000\n\n", b"id: 1\nevent: note\n\n", said("Hi"), STOP),
        Heard("Hi", finish_reason="stop"),
    ),
    "Azure: a refusal beside an empty text (openai-agents-js#1686)": (
        json.dumps({"choices": [{"message": {"content": "", "refusal": "No."}, "finish_reason": "stop"}]}).encode(),
        Heard("No.", finish_reason="stop"),
    ),
    "Azure: filtered before the first word (openai-agents-python#4159)": (
        json.dumps({"choices": [{"message": {"content": ""}, "finish_reason": "content_filter"}]}).encode(),
        Heard(finish_reason="content_filter"),
    ),
    "FastFlowLM: thoughts in the text of a whole answer (FastFlowLM#739)": (
        json.dumps({"choices": [{"message": {"content": "<think>\nhm\n</think>\n\n11"}}]}).encode(),
        Heard("11", "hm\n"),
    ),
    "GLM: the end of thoughts alone (vllm-mlx#725)": (
        sse(said("hm"), said("</think>"), said("\n11"), STOP),
        Heard("11", "hm", finish_reason="stop"),
    ),
    "objects to keep the connection (OmniRoute#8744)": (
        sse(
            b'event: ping\ndata: {"type":"ping"}\n\n',
            b"event: ping\ndata: {}\n\n",
            {"type": "heartbeat"},
            {},
            said("Hi"),
            STOP,
        ),
        Heard("Hi", finish_reason="stop"),
    ),
    "Fireworks: no choices (Portkey#1627)": (
        sse({"usage": USAGE}, said("Hi"), STOP, {"usage": USAGE}),
        Heard("Hi", finish_reason="stop"),
    ),
    "a last chunk without a delta (vscode-unify#29)": (
        sse(said("Hi"), {"choices": [{"index": 0, "finish_reason": "stop"}]}),
        Heard("Hi", finish_reason="stop"),
    ),
    "counts and the end in one (CLIProxyAPI#796)": (
        sse(said("Hi"), {**STOP, "usage": USAGE}),
        Heard("Hi", finish_reason="stop"),
    ),
    "OpenRouter: blank lines before JSON (CLIProxyAPI#2690)": (
        b"\n" * 3000 + json.dumps({"choices": [{"message": {"content": "Hi"}, "finish_reason": "stop"}]}).encode(),
        Heard("Hi", finish_reason="stop"),
    ),
    "OpenRouter: nothing but a picture (LibreChat#9514, chatwise#1366)": (
        sse(said("", images=[{"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBO"}}]), STOP),
        Heard(finish_reason="stop", notices=["media_left_out"]),
    ),
    "OpenAI: sound, and what it says": (
        sse(said(audio={"id": "a", "transcript": "Hi"}), said(audio={"data": "UklG"}), STOP),
        Heard("Hi", finish_reason="stop", notices=["media_left_out"]),
    ),
    "OpenRouter: a failure beside no choices (OmniRoute#8210)": (
        sse(
            {"choices": [], "error": {"code": 502, "message": "Worker local total request limit reached (33/32)"}},
            done=False,
        ),
        Heard(failure="upstream_unavailable"),
    ),
    "Rapid-MLX 0.16.10: the window is full": (
        sse(
            said("Hel"),
            b"event: chat.completion.error\n",
            {
                "error": {
                    "message": "The prompt contains 4 tokens and generation used 508 tokens, reaching this model's "
                    "512-token context limit. Start a new session or compact the conversation, or use a model with a "
                    "larger context window.",
                    "code": "context_length_exceeded",
                }
            },
        ),
        Heard("Hel", finish_reason="length"),
    ),
    "Hermes Agent 0.19.0: why it is cut, beside the end": (
        sse(
            said("Hel"),
            {
                **said(finish="length"),
                "error": {"message": "Response remained truncated after 4 continuation attempts"},
                "hermes": {"completed": False, "partial": True, "error_code": "output_truncated"},
            },
        ),
        Heard("Hel", finish_reason="length"),
    ),
    "OpenRouter: too long, once it has begun (jp#978)": (
        sse({"choices": [], "error": {"code": 400, "message": "prompt is too long: 1284668 tokens > 1000000 maximum"}}),
        Heard(failure="context_length_exceeded"),
    ),
    "LM Studio: a failure with its words twice (goai#110)": (
        sse(said("Hel"), {"error": {"message": "Compute error."}, "message": "Compute error."}),
        Heard("Hel", failure="upstream_unavailable"),
    ),
    "vLLM: details and [DONE] (fms-guardrails#436)": (
        sse(b'event: error\ndata: {"code":400,"details":"Requested sample logprobs of 21"}\n\n'),
        Heard(failure="upstream_unavailable"),
    ),
    "OpenAI: busy once it has begun (LibreChat-agents#429)": (
        sse({"error": {"type": "service_unavailable_error", "code": "server_is_overloaded", "message": "Try later."}}),
        Heard(failure="upstream_unavailable"),
    ),
    "Cloudflare: no success (cloudflare-docs#15116)": (
        json.dumps(
            {"result": None, "success": False, "errors": [{"code": 7009, "message": "Upstream service unavailable"}]}
        ).encode(),
        Heard(failure="upstream_unavailable"),
    ),
    "SiliconFlow: busy": (
        sse({"code": 50508, "message": "System is too busy now. Please try again later.", "data": None}),
        Heard(failure="upstream_unavailable"),
    ),
    "MiniMax: a failure beside the end": (
        sse(said("Hel"), {**STOP, "base_resp": {"status_code": 1027, "status_msg": "output sensitive"}}),
        Heard("Hel", failure="upstream_unavailable"),
    ),
    "MiniMax: a role without a letter, and counts of its own (MiniMax-M2.5#2)": (
        sse({**said("Hi", role=""), "usage": {"total_tokens": 0, "total_characters": 0}}, STOP),
        Heard("Hi", finish_reason="stop"),
    ),
    "litellm: an event of another API behind the end (litellm#34382)": (
        sse(said("Hi"), STOP, {"type": "response.completed", "response": {"status": "completed", "error": None}}),
        Heard("Hi", finish_reason="stop"),
    ),
    "FastChat: a text that is a failure (FastChat#1515)": (
        sse(said("Hel"), {"text": "**NETWORK ERROR DUE TO HIGH TRAFFIC.**", "error_code": 50001}),
        Heard("Hel", failure="upstream_unavailable"),
    ),
    "TGI: too long, in a stream (text-generation-inference#2668)": (
        sse(
            {
                "error": {
                    "message": "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: "
                    "5000 `inputs` tokens and 100 `max_new_tokens`",
                    "http_status_code": 422,
                }
            },
            done=False,
        ),
        Heard(failure="context_length_exceeded"),
    ),
    "MiniMax: none": (
        sse(said("Hi"), {**STOP, "base_resp": {"status_code": 0, "status_msg": ""}}),
        Heard("Hi", finish_reason="stop"),
    ),
    "Cohere: an end of its own (any-llm#1301)": (
        sse(said("Hi"), said(finish="MAX_TOKENS")),
        Heard("Hi", finish_reason="length"),
    ),
    "Cohere: a failure for a reason": (
        sse(said("Hel"), said(finish="ERROR_TOXIC")),
        Heard("Hel", failure="upstream_unavailable"),
    ),
    "lm-proxy 3.3.2: why, beside a choice that failed": (
        sse(
            said(role="assistant"),
            said(finish="error")
            | {
                "error": {
                    "message": "{'message': \"Error code: 400 - {'message': 'This model's "
                    "maximum context length is 4096 tokens.'}\"}",
                    "type": "dict",
                }
            },
            said(finish="error"),
        ),
        Heard(failure="context_length_exceeded"),
    ),
    "KoboldCpp: a failure for a reason (koboldcpp#2481)": (
        json.dumps({"choices": [{"message": {"content": ""}, "finish_reason": "error"}]}).encode(),
        Heard(failure="upstream_unavailable"),
    ),
    "SGLang: an abort with its cause": (
        sse(said("Hel"), said(finish={"type": "abort", "message": "Aborted by the scheduler"})),
        Heard("Hel", failure="upstream_unavailable"),
    ),
    "litellm: an answer without choices (litellm#40864)": (
        json.dumps({"choices": [], "usage": {"completion_tokens": 0}}).encode(),
        Heard(failure="upstream_bad_response"),
    ),
    "litellm: a stop without a word (openclaw#91403, mike#379)": (
        sse(said("", role="assistant"), STOP),
        Heard(finish_reason="stop", failure="incomplete"),
    ),
    "a body without a byte (pi#2537)": (b"", Heard(failure="incomplete")),
    "Cohere: [DONE] alone (one-hub#319)": (sse(), Heard(failure="incomplete")),
}


@pytest.mark.parametrize(("data", "expected"), ANSWERS.values(), ids=ANSWERS.keys())
def test_an_answer_is_taken_as_it_is_meant(data: bytes, expected: Heard) -> None:
    assert heard(data) == expected
