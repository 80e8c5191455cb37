"""How each vendor words that a conversation is longer than its model can read."""

import re
from typing import Any, NamedTuple

from chatapp.backend.models.openai.said import ErrorWords
from chatapp.errors import ContextLengthExceededError, UpstreamError


class _Wording(NamedTuple):
    """`phrase` is enough to recognise it. The numbers stand behind `window` and `sent`; the first one found counts."""

    phrase: str
    window: tuple[str, ...] = ()
    sent: tuple[str, ...] = ()


_WORDINGS = (
    # OpenAI, Azure, OpenRouter, DeepSeek, vLLM: smol-ai/developer#7, evalstate/fast-agent#621, vllm-project/vllm#20409
    _Wording(
        "maximum context length",
        ("maximum context length is ", "maximum context length: ", "maximum context length of ", "for model with "),
        (
            "resulted in ",
            "requested about ",
            "you requested ",
            "request has ",
            "contains at least ",
            "prompt is too long: ",
            "prompt contains ",
        ),
    ),
    # vLLM since 0.11, and of models that encode too
    _Wording("model's context length is only ", ("context length is only ",), ("you passed ",)),
    _Wording("longer than the maximum model length", ("maximum model length of ",), ("prompt (length ",)),
    # OpenAI's GPT-5
    _Wording("exceed the configured limit of", ("configured limit of ",), ("resulted in ",)),
    # OpenAI's Responses, as gateways pass it on: openxjarvis/pi-mono-python, utils/overflow.py
    _Wording("exceeds the context window"),
    _Wording("context length exceeded"),
    # Anthropic: anomalyco/opencode#35920; Fireworks says "model maximum context length: 131071" behind it
    _Wording("prompt is too long", ("tokens > ", "maximum context length: "), ("prompt is too long: ",)),
    _Wording("exceed context limit", (" > ",), ("context limit: ",)),
    # xAI: earendil-works/pi#4943
    _Wording("maximum prompt length is ", ("maximum prompt length is ",), ("request contains ",)),
    # Amazon Bedrock: anomalyco/opencode#35920
    _Wording("input is too long for requested model"),
    _Wording("too many input tokens"),
    # Moonshot: jin-bo/agentao#88
    _Wording("exceeded model token limit", ("token limit: ",), ("requested: ",)),
    # Moonshot's coding plan, in bytes: MoonshotAI/kimi-code#476
    _Wording("total message size "),
    # Zhipu's GLM: anomalyco/opencode#27519
    _Wording("prompt exceeds max length"),
    _Wording("tokens in request more than max tokens allowed"),
    # Poolside: earendil-works/pi#4943
    _Wording("maximum allowed input length", ("input length of ",), ("input length ",)),
    # GitHub Models: anomalyco/opencode#27519
    _Wording("request body too large for", ("max size: ",)),
    # GitHub Copilot: openxjarvis/pi-mono-python, utils/overflow.py
    _Wording("prompt token count of ", ("exceeds the limit of ",), ("prompt token count of ",)),
    # Together and Hugging Face's text-generation-inference: huggingface's router, validation.rs
    _Wording("tokens + `max_new_tokens` must be", ("must be <= ",), ("given: ",)),
    _Wording("tokens + max_new_tokens must be", ("must be <= ",), ("given: ", "got ")),
    _Wording("`inputs` must have less than ", ("must have less than ",), ("given: ",)),
    # Alibaba's Qwen: QwenLM/qwen-code#98
    _Wording("range of input length should be", ("[1, ", "[1,")),
    # Groq and OpenAI, whose limit per minute is smaller than the question: waiting does not help
    _Wording("request too large for ", ("limit ",), ("requested ",)),
    # Cerebras: cline/cline#5140; Groq: "Please reduce the length of the messages or completion."
    _Wording("reduce the length of the messages", ("while limit is ",), ("current length is ",)),
    # mistral.rs 0.9.5
    _Wording("prompt sequence length is greater than", ("greater than ",)),
    # Google's Gemini: openxjarvis/pi-mono-python, utils/overflow.py
    _Wording(
        "exceeds the maximum number of tokens allowed", ("tokens allowed (", "tokens allowed "), ("token count (",)
    ),
    # llama.cpp, which names n_ctx and n_prompt_tokens too
    _Wording("exceeds the available context size", ("context size (",), ("request (",)),
    # mlx-vlm 0.7.10, which tries first to summarise what was said before
    _Wording("original context preserved"),
    _Wording("compaction summary request"),
    _Wording("available context budget"),
    _Wording("but max_kv_size is ", ("max_kv_size is ",), ("request needs ",)),
    # LM Studio: lmstudio-ai/lmstudio-bug-tracker#546, Gitlawb/openclaude#353
    _Wording("when context the overflows", ("context length of only ",), ("keep the first ",)),
    _Wording("when context overflows", ("context length of only ",), ("keep the first ",)),
    _Wording("greater than the context length", ("n_ctx: ",), ("n_keep: ",)),
    # MiniMax; the number behind it is no window: MiniMax-AI/MiniMax-M2#119, NousResearch/hermes-agent#14743
    _Wording("context window exceeds limit"),
    # SGLang: QwenLM/Qwen3#1321, sgl-project/sglang#4048
    _Wording("longer than the model's context length", ("context length (",), ("the input (",)),
    _Wording("exceeds the maximum allowed length", ("allowed length (",), ("input length (",)),
    # SiliconFlow: langgenius/dify#19394; TabbyAPI
    _Wording("max_seq_len", ("max_seq_len (", "max_seq_len "), ("prompt_tokens (", "prompt length ")),
    # Ollama
    _Wording("input length exceeds the context length"),
    # llama-cpp-python and ctransformers
    _Wording("exceed context window of ", ("context window of ",), ("requested tokens (",)),
    # Cohere; Amazon's "too many tokens, please wait" is about time
    _Wording("too many tokens:", ("cannot exceed ",), ("received ",)),
    # Google's Vertex AI, and the size of what is sent
    _Wording("but model only supports up to", ("supports up to ",), ("token count is ",)),
    _Wording("request payload size exceeds"),
    # Cloudflare's Workers AI
    _Wording("model context window limit", ("window limit (",), ("output tokens (",)),
    # IBM's watsonx
    _Wording("cannot exceed the total tokens limit", ("total tokens limit ",), ("input tokens ",)),
    # Amazon Bedrock, in letters
    _Wording("expected maxlength:"),
    # TensorRT-LLM
    _Wording("exceed max_num_tokens", ("max_num_tokens (",), ("prompt length (",)),
    _Wording("exceeds maximum input length", ("maximum input length (",), ("prompt length (",)),
    # MLC-LLM
    _Wording("than the model input length limit", ("length limit ",), ("prompt has ",)),
    # llama.cpp, where a question is longer than a batch
    _Wording("is too large to process. increase", (), ("input (",)),
    # Hugging Face's tokenizers, vLLM's older servers
    _Wording("specified maximum sequence length", (" > ",), ("for this model (",)),
    _Wording("maximum model length is ", ("maximum model length is ",), ("but got ",)),
    _Wording("exceeds max_model_len", ("max_model_len of ", "max_model_len "), ("prompt length of ", "length ")),
    # Snowflake's Cortex, iFlytek
    _Wording("max tokens of ", ("max tokens of ",)),
    _Wording("token count exceeds the limit"),
    # LMDeploy, Baseten
    _Wording("session_len", ("session_len ",), ("input token length ",)),
    _Wording("max_input_len", ("max_input_len (",), ("input length (",)),
    _Wording("token limit exceeded"),
    # Zhipu, Tencent and others in China: too long, twice; longest length, twice; length of the context
    _Wording("超长"),
    _Wording("最大长度"),
    _Wording("上下文长度"),
    _Wording("过长"),
    _Wording("总长度不能超过"),
    # Volcengine
    _Wording("exceed max message tokens"),
    _Wording("exceeds the maximum length", ("maximum length ",), ("input length ",)),
    # Baidu's ERNIE
    _Wording("prompt tokens too long"),
    _Wording("max input characters"),
    _Wording("输入长度"),
    # llama.cpp, where the answer has filled the window; StepFun
    _Wording("context shift is disabled"),
    _Wording("token length exceed"),
    _Wording("conversation is too long"),
    _Wording("conversation too long"),
)
"""Phrases in lower case; the first that is found counts. The source is a public report, or the server that was run."""

_CODES = (
    "context_length_exceeded",
    "exceed_context_size_error",
    "tokens_limit_reached",
    "contextwindowexceedederror",
    "context_window_exceeded",
    "model_context_window_exceeded",
    "prompt_too_long",
    "request_too_large",
    "1039",  # MiniMax, "token limit": MiniMax-AI/MiniMax-01#15
    "1261",  # Zhipu, "Prompt exceeds max length"
)

_SUBJECTS = ("context", "prompt", "input", "conversation", "messages", "request")
_UNITS = ("token", "context", "length", "window")
_EXCESS = (
    "exceed", "too long", "too large", "too big", "longer than", "greater than", "larger than", "more than",
    "over the limit", "beyond the limit", "does not fit", "doesn't fit", "reduce the length", "overflow",
    "maximum context of", "max is",
)  # fmt: skip

_MOST_BYTES_OF_A_TOKEN = 6
"""English prose has 4.5."""

_LONG_BYTES = 8000
"""What may be more than a small window."""
_IF_LONG = (
    "Ask again; if this chat is long, start a new one: it may be more than the model can read.",
    "Ask again later; if this chat is long, start a new one: it may be more than the model can read.",
    "Check BASE_URL and the parameters; if this chat is long, start a new one: it may be more than the model can read.",
)
"""What to do about failures that a server does not explain, where much was sent; before the semicolon: where little."""

_NUMBER = re.compile(r"\d{1,9}")
_PLAUSIBLE = range(16, 100_000_001)


def too_long_in(said: ErrorWords) -> ContextLengthExceededError | None:
    """Return the error if a code or one of the known wordings says that the conversation is too long."""
    wording = next((row for row in _WORDINGS if row.phrase in said.words), None)
    if wording is None and not said.has_code(*_CODES):
        return None
    return _error(said, wording or _Wording(""))


def probably_too_long_in(said: ErrorWords) -> ContextLengthExceededError | None:
    """Return the error if the words can hardly mean anything else, for vendors whose wording nobody has collected."""
    if said.says(*_SUBJECTS) and said.says(*_UNITS) and said.says(*_EXCESS):
        return _error(said, _Wording(""))
    return None


def surely_too_long(messages: list[dict[str, Any]], window: int | None) -> ContextLengthExceededError | None:
    """Return the error for messages whose text no tokenizer makes fit into `window`.

    It is for servers that say no word of it: Xinference 4.1.0.
    """
    if window is None or sum(map(_text_bytes, messages)) < window * _MOST_BYTES_OF_A_TOKEN:
        return None
    error = _error(ErrorWords(), _Wording(""))
    error.window = window
    return error


def perhaps_too_long(messages: list[dict[str, Any]], error: UpstreamError) -> UpstreamError:
    """Return `error`, which its server does not explain, with what else may be wrong where much was sent.

    Some say no word of it: NVIDIA's Dynamo answers with a bare 500.
    """
    if sum(map(_text_bytes, messages)) >= _LONG_BYTES:
        error.hint = next((hint for hint in _IF_LONG if f"{hint.partition(';')[0]}." == error.hint), error.hint)
    return error


def _text_bytes(message: dict[str, Any]) -> int:
    content = message.get("content")
    parts = content if isinstance(content, list) else [{"text": content}]
    texts = [part.get("text") for part in parts if isinstance(part, dict)]
    return sum(len(text.encode(errors="replace")) for text in texts if isinstance(text, str))


def number_behind(words: str, phrases: tuple[str, ...]) -> int | None:
    """Return the number right behind the first of `phrases` that has one, or None."""
    for phrase in phrases:
        at = words.find(phrase)
        found = _NUMBER.match(words[at + len(phrase) :].lstrip("`'\"* ")) if at >= 0 else None
        if found and int(found[0]) in _PLAUSIBLE:
            return int(found[0])
    return None


def _error(said: ErrorWords, wording: _Wording) -> ContextLengthExceededError:
    error = ContextLengthExceededError(
        "the conversation is longer than the model can read.", hint="Start a new chat or shorten the question."
    )
    error.window = said.numbers.get("n_ctx") or number_behind(said.words, wording.window)
    error.prompt_tokens = (
        said.numbers.get("n_prompt_tokens")
        or number_before(said.words, " in the messages")
        or number_before(said.words, " in your prompt")
        or number_before(said.words, " tokens from the input messages")
        or number_behind(said.words, wording.sent)
    )
    return error


def number_before(words: str, phrase: str) -> int | None:
    """Return the number right before the last `phrase`: "4250 in the messages"."""
    beginning = words.split(phrase)[-2:-1]  # which is quick for any text, as searching from the right is not
    digits = _digits_at_end(beginning[0])[:9] if beginning else ""
    return int(digits) if digits and int(digits) in _PLAUSIBLE else None


def _digits_at_end(text: str) -> str:
    return text[len(text.rstrip("0123456789")) :]
