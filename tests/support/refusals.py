"""Refusals as vendors word them, and what they mean."""

import json
from typing import Any

OPENAI = "This model's maximum context length is 4097 tokens. However, your messages resulted in 7575 tokens."
TOO_LONG: dict[str, tuple[int, Any, int | None, int | None]] = {
    "OpenAI": (400, OPENAI, 4097, 7575),
    "OpenAI, with the answer": (
        400,
        "This model's maximum context length is 4097 tokens, however you requested 6539 tokens (6283 in your prompt; "
        "256 for the completion). Please reduce your prompt; or completion length.",
        4097,
        6283,
    ),
    "vLLM": (
        400,
        "This model's maximum context length is 16384 tokens. However, you requested 19591 tokens (9591 in the "
        "messages, 10000 in the completion). Please reduce the length of the messages or completion.",
        16384,
        9591,
    ),
    "Anthropic": (400, "prompt is too long: 208310 tokens > 200000 maximum", 200000, 208310),
    "Anthropic, with the answer": (
        400,
        "input length and `max_tokens` exceed context limit: 199211 + 20000 > 200000, decrease input length",
        200000,
        199211,
    ),
    "Fireworks": (400, "The prompt is too long: 140000, model maximum context length: 131071", 131071, 140000),
    "xAI": (
        400,
        {
            "code": "invalid-argument",
            "error": "This model's maximum prompt length is 131072 but the request contains 537812 tokens.",
        },
        131072,
        537812,
    ),
    "Bedrock": (400, {"message": "Input is too long for requested model."}, None, None),
    "Moonshot": (
        400,
        "Invalid request: Your request exceeded model token limit: 262144 (requested: 291351)",
        262144,
        291351,
    ),
    "Moonshot, in bytes": (400, "total message size 10176584 exceeds limit 2097152", None, None),
    "GLM": (400, "Prompt exceeds max length", None, None),
    "GLM, too": (400, "tokens in request more than max tokens allowed", None, None),
    "Poolside": (
        400,
        "Input length 131393 exceeds the maximum allowed input length of 131040 tokens.",
        131040,
        131393,
    ),
    "GitHub": (
        413,
        {
            "error": {
                "code": "tokens_limit_reached",
                "message": "Request body too large for x model. Max size: 8000 tokens.",
            }
        },
        8000,
        None,
    ),
    "Copilot": (400, "prompt token count of 150000 exceeds the limit of 128000", 128000, 150000),
    "Together": (
        422,
        "`inputs` tokens + `max_new_tokens` must be <= 4097. Given: 4177 `inputs` tokens and 512 `max_new_tokens`",
        4097,
        4177,
    ),
    "Qwen": (
        400,
        {"code": "InvalidParameter", "message": "Range of input length should be [1, 129024]"},
        129024,
        None,
    ),
    "Groq, a minute": (
        413,
        {
            "error": {
                "message": "Request too large for model `x` on tokens per minute (TPM): Limit 6000, Requested 7500, "
                "please reduce your message size and try again.",
                "code": "rate_limit_exceeded",
            }
        },
        6000,
        7500,
    ),
    "Cerebras": (
        400,
        "Please reduce the length of the messages or completion. Current length is 42328 while limit is 40000",
        40000,
        42328,
    ),
    "mistral.rs": (
        500,
        {"message": "Prompt sequence length is greater than 8192, perhaps consider using `truncate_sequence`?"},
        8192,
        None,
    ),
    "Mistral": (
        400,
        "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length",
        32768,
        40000,
    ),
    "Gemini": (
        400,
        [
            {
                "error": {
                    "code": 400,
                    "message": "The input token count (1196265) exceeds the maximum number of tokens "
                    "allowed (1048575).",
                    "status": "INVALID_ARGUMENT",
                }
            }
        ],
        1048575,
        1196265,
    ),
    "llama.cpp": (
        400,
        {
            "error": {
                "code": 400,
                "message": "the request exceeds the available context size. try increasing it",
                "type": "exceed_context_size_error",
                "n_prompt_tokens": 6031,
                "n_ctx": 2048,
            }
        },
        2048,
        6031,
    ),
    "LM Studio": (
        400,
        {
            "error": "Trying to keep the first 111490 tokens when context the overflows. However, the model is loaded "
            "with context length of only 32768 tokens, which is not enough."
        },
        32768,
        111490,
    ),
    "LM Studio, too": (
        400,
        {
            "error": "The number of tokens to keep from the initial prompt is greater than the context length "
            "(n_keep: 13055>= n_ctx: 4096)."
        },
        4096,
        13055,
    ),
    "MiniMax": (400, "invalid params, context window exceeds limit (2013)", None, None),
    "MiniMax, too": (200, {"base_resp": {"status_code": 1039, "status_msg": "token limit"}}, None, None),
    "SGLang": (
        400,
        {
            "object": "error",
            "message": "The input (61709 tokens) is longer than the model's context length (40960 tokens).",
        },
        40960,
        61709,
    ),
    "SGLang, too": (
        400,
        "Input length (160062 tokens) exceeds the maximum allowed length (59862 tokens). Use a shorter input.",
        59862,
        160062,
    ),
    "SiliconFlow": (
        400,
        {
            "code": 20015,
            "message": "length of prompt_tokens (57535) must be less than max_seq_len (32768).",
            "data": None,
        },
        32768,
        57535,
    ),
    "llama-cpp-python": (500, "Requested tokens (2525) exceed context window of 2048", 2048, 2525),
    "passed on by OpenRouter": (
        400,
        {
            "error": {
                "message": "Provider returned error",
                "metadata": {"raw": json.dumps({"error": {"message": OPENAI}})},
            }
        },
        4097,
        7575,
    ),
    "a vendor of tomorrow": (400, "Your conversation is larger than the 4k token window of this model", None, None),
}
"""Status, body, and the window and the length of the prompt that it states."""

PARAMETERS: dict[str, tuple[int, Any, str, int | None]] = {
    "Groq": (
        400,
        "`max_tokens` must be less than or equal to `16384`, the maximum value for `max_tokens` is less than the "
        "`context_window` for this model",
        "max_tokens",
        16384,
    ),
    "OpenAI": (
        400,
        "max_tokens is too large: 100000. This model supports at most 16384 completion tokens.",
        "max_tokens",
        16384,
    ),
    "vLLM": (
        400,
        "'max_tokens' or 'max_completion_tokens' is too large: 20000. This model's maximum context length is 8192 "
        "tokens and your request has 10 input tokens (20000 > 8192 - 10).",
        "max_tokens",
        8192,
    ),
    "Anthropic": (
        400,
        "max_tokens: 100000 > 8192, which is the maximum allowed number of output tokens for claude",
        "max_tokens",
        8192,
    ),
    "DeepSeek": (
        400,
        "Invalid max_tokens value, the valid range of max_tokens is [1, 8192]",
        "max_tokens",
        8192,
    ),
    "Qwen": (400, "Range of max_tokens should be [1, 8192]", "max_tokens", 8192),
    "newer OpenAI": (
        400,
        {
            "error": {
                "message": "Unsupported parameter: 'max_tokens' is not supported with this model. Use "
                "'max_completion_tokens' instead.",
                "param": "max_tokens",
                "code": "unsupported_parameter",
            }
        },
        "max_tokens",
        None,
    ),
    "without param": (
        400,
        "Unsupported parameter: 'max_tokens' is not supported. Use 'max_completion_tokens' instead.",
        "max_tokens",
        None,
    ),
    "a value": (
        400,
        "Unsupported value: 'temperature' does not support 0.2 with this model. Only the default (1) is supported.",
        "temperature",
        None,
    ),
    "extra": (400, "Extra inputs are not permitted, field: 'stream_options'", "stream_options", None),
    "Mistral": (
        422,
        {
            "detail": [
                {"type": "extra_forbidden", "loc": ["body", "stream_options"], "msg": "Extra inputs are not permitted"}
            ]
        },
        "stream_options",
        None,
    ),
    "vLLM, an extra": (
        400,
        "[{'type': 'extra_forbidden', 'loc': ('body', 'stream_options'), 'msg': 'Extra inputs are not permitted'}]",
        "stream_options",
        None,
    ),
    "Google": (
        400,
        'Invalid JSON payload received. Unknown name "seed": Cannot find field.',
        "seed",
        None,
    ),
    "an unknown one": (
        400,
        {
            "error": {
                "message": "Unknown parameter.",
                "param": "stream_options.include_usage",
                "code": "unknown_parameter",
            }
        },
        "stream_options",
        None,
    ),
    "Claude": (400, "`temperature` is deprecated for this model.", "temperature", None),
    "the system first, Qwen in vLLM (llm_wiki#45)": (
        400,
        {"error": {"message": "System message must be at the beginning.", "type": "BadRequestError", "code": 400}},
        "system_first",
        None,
    ),
    "the system first, with status 404 (forgecode#3128)": (
        404,
        {"error": "System message must be at the beginning."},
        "system_first",
        None,
    ),
    "the system first, Qwen in llama.cpp (llama.cpp#20733)": (
        400,
        "Unable to generate parser for this template. Automatic parser generation failed: While executing "
        "CallExpression at line 85, column 32 in source: Error: Jinja Exception: System message must be at the "
        "beginning.",
        "system_first",
        None,
    ),
    "the system first, Mistral (swarmauri-sdk#162)": (
        400,
        {"object": "error", "message": "Unexpected role 'system' after role 'assistant'", "type": "x"},
        "system_first",
        None,
    ),
    "the system elsewhere, Anthropic (cursor-claude-connector#3)": (
        400,
        'messages: Unexpected role "system". The Messages API accepts a top-level `system` parameter, not "system" as '
        "an input message role.",
        "system",
        None,
    ),
    "roles, Perplexity (api-discussion#265)": (
        400,
        "After the (optional) system message(s), user and assistant roles should be alternating.",
        "roles",
        None,
    ),
    "the last, llama.cpp (llama.cpp#20861)": (
        400,
        "Assistant response prefill is incompatible with enable_thinking.",
        "last_role",
        None,
    ),
    "thoughts, Cerebras (kilocode#10375)": (
        400,
        {
            "message": "messages.2.assistant.reasoning_content: property 'messages.2.assistant.reasoning_content' is "
            "unsupported",
            "param": "validation_error",
            "code": "wrong_api_format",
        },
        "thoughts",
        None,
    ),
    "thoughts, Groq (Kai#265, gptel#774)": (
        400,
        "'messages.2' : for 'role:assistant' the following must be satisfied[('messages.2' : property 'reasoning' is "
        "unsupported, did you mean 'role'?)]",
        "thoughts",
        None,
    ),
    "prompt_cache_key, Cerebras (zed#36215)": (
        422,
        {
            "message": "body.prompt_cache_key: property 'body.prompt_cache_key' is unsupported",
            "param": "validation_error",
            "code": "wrong_api_format",
        },
        "prompt_cache_key",
        None,
    ),
    "signatures, Google (openclaude#76)": (
        400,
        [
            {
                "error": {
                    "code": 400,
                    "message": "Function call is missing a thought_signature in functionCall parts. This is required "
                    "for tools to work correctly.",
                    "status": "INVALID_ARGUMENT",
                }
            }
        ],
        "thought_signature",
        None,
    ),
    "Volcengine": (
        400,
        {
            "error": {
                "code": "InvalidParameter",
                "message": "The parameter `max_tokens` specified in the request are not valid: integer above maximum "
                "value, expected a value <= 16384, but got 32000 instead.",
            }
        },
        "max_tokens",
        16384,
    ),
    "LiteLLM": (
        400,
        "litellm.UnsupportedParamsError: openai does not support parameters: ['reasoning_effort'], for model=gpt-4o.",
        "reasoning_effort",
        None,
    ),
    "temperature, Kimi (odysseus#3959)": (
        400,
        "invalid temperature: only 1 is allowed for this model",
        "temperature",
        None,
    ),
    "store, Groq (chatbot#21)": (400, "property 'store' is unsupported, did you mean 'stop'?", "store", None),
    "store, Cerebras (openclaude#740)": (422, "body.store: property 'body.store' is unsupported", "store", None),
    "parallel_tool_calls, Cerebras (agno#4508)": (
        400,
        {
            "message": "parallel_tool_calls=False is not supported by this model.",
            "param": "parallel_tool_calls",
            "code": "wrong_api_format",
        },
        "parallel_tool_calls",
        None,
    ),
    "too few tokens, GPT-5 (goclaw#245)": (
        400,
        "Could not finish the message because max_tokens or model output limit was reached. Please try again with "
        "higher max_tokens.",
        "max_tokens",
        None,
    ),
    "tools, vLLM": (
        400,
        '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set',
        "tools",
        None,
    ),
    "presence_penalty, xAI (NativeTavern#83)": (
        400,
        {"code": "invalid-argument", "error": "Model grok-4.6 does not support parameter presencePenalty."},
        "presence_penalty",
        None,
    ),
    "streaming, Amazon (LibreChat#8877)": (400, {"message": "The model is unsupported for streaming."}, "stream", None),
    "pictures, Cloudflare (opencode.school#174)": (
        400,
        "AiError: Bad input: Error: oneOf at '/' not met, Type mismatch of '/messages/0/content', 'array' not in "
        "'string'",
        "images",
        None,
    ),
    "Claude, thinking": (400, "`temperature` may only be set to 1 when thinking is enabled.", "temperature", None),
    "Claude, two of a kind": (
        400,
        "`temperature` and `top_p` cannot both be specified for this model. Please use only one.",
        "temperature",
        None,
    ),
    "OpenAI, unverified": (
        400,
        {
            "error": {
                "message": "Your organization must be verified to stream this model.",
                "param": "stream",
                "code": "unsupported_value",
            }
        },
        "stream",
        None,
    ),
    "DeepSeek's thoughts": (
        400,
        "The `reasoning_content` in the thinking mode must be passed back to the API.",
        "reasoning_content",
        None,
    ),
    "no such role": (
        400,
        "Failed to deserialize the JSON body: messages[0].role: unknown variant `system`, expected one of `user`",
        "system",
        None,
    ),
    "roles": (
        400,
        {"object": "error", "message": "Conversation roles must alternate user/assistant/user/assistant/..."},
        "roles",
        None,
    ),
    "no system": (500, "System role not supported", "system", None),
    "pictures, OpenRouter": (404, "No endpoints found that support image input", "images", None),
    "pictures, Ollama": (400, "this model does not support image input (ref: x)", "images", None),
    "pictures, llama.cpp": (500, "image input is not supported - hint: you may need the mmproj", "images", None),
    "pictures, vLLM": (400, "m1 is not a multimodal model", "images", None),
    "pictures, DeepSeek": (400, "messages[0]: unknown variant `image_url`, expected `text`", "images", None),
    "pictures, OpenAI": (400, "Invalid content type. image_url is only supported by certain models.", "images", None),
    "pictures, Ollama's engine": (500, "this model is missing data required for image input", "images", None),
    "pictures, LM Studio": (400, "Model does not support images. Please use a model that does.", "images", None),
    "pictures, vLLM's limit": (400, "At most 0 image(s) may be provided in one prompt.", "images", None),
    "pictures, Groq": (400, "messages[0].content must be a string", "images", None),
    "pictures, Mistral": (400, "Image input is not enabled for this model", "images", None),
    "sound, llama.cpp": (500, "audio input is not supported - hint: you may need the mmproj", "audio", None),
    "so many pictures": (400, "Model 'kimi-k2.6' supports at most 1 image per prompt.", "image_count", None),
    "tools": (400, "registry.ollama.ai/library/x does not support tools", "tools", None),
    "the developer, DeepSeek": (
        400,
        "Failed to deserialize the JSON body into the target type: messages[0].role: unknown variant `developer`, "
        "expected one of `system`, `user`, `assistant`, `tool` at line 1 column 60",
        "developer",
        None,
    ),
    "the developer, DeepSeek, too (chatgpt-md#189)": (
        400,
        "Input tag 'developer' found using 'role' does not match any of the expected tags: 'system', 'user'",
        "developer",
        None,
    ),
    "the developer, Kilo (oh-my-pi#843)": (
        400,
        "developer is not one of ['system', 'assistant', 'user', 'tool', 'function'] - 'messages.[6].role'",
        "developer",
        None,
    ),
    "the developer, Qwen's template (ogx#6069, halogen-server#3)": (400, "Unexpected message role.", "developer", None),
    "the developer, GLM (PI-Desktop#30)": (400, "[1214] Incorrect role information", "developer", None),
    "the developer, pydantic": (
        422,
        {
            "detail": [
                {"loc": ["body", "messages", 0, "role"], "msg": "Input should be 'system', 'user' or 'assistant'"}
            ]
        },
        "developer",
        None,
    ),
    "the system, MiniMax (CodexPlusPlus#267)": (
        400,
        "invalid params, chat content has invalid message role: system (2013)",
        "system",
        None,
    ),
    "the system twice, MiniMax (MiniMax-M2#51, LobsterAI#123)": (
        400,
        "invalid params, invalid chat setting (2013)",
        "system_first",
        None,
    ),
    "nothing said, Kimi (OpenCowork#10)": (
        400,
        "Invalid request: the message at position 72 with role 'assistant' must not be empty",
        "blanks",
        None,
    ),
    "nothing said, Claude (nanobot#949, opencode#31259)": (
        400,
        "messages: text content blocks must contain non-whitespace text",
        "blanks",
        None,
    ),
    "nothing said, Mistral (solbrowse#16)": (
        400,
        {"object": "error", "message": "Assistant message must have either content or tool_calls, but not none."},
        "blanks",
        None,
    ),
    "behind a tool, Mistral (zed#31736, avante.nvim#2562, hermes-agent#20154)": (
        400,
        {
            "object": "error",
            "message": "Unexpected role 'user' after role 'tool'",
            "type": "invalid_request_message_order",
            "code": "3230",
        },
        "after_tool",
        None,
    ),
    "several, NVIDIA (kilocode#9652, garak#748)": (
        422,
        {"error": "body -> presence_penalty\n  Extra inputs are not permitted (type=extra_forbidden)\nbody -> seed\n"},
        "presence_penalty",
        None,
    ),
    "a client's own, NVIDIA (openclaude#1950)": (
        400,
        "Validation: Unsupported parameter(s): `tool_stream`",
        "tool_stream",
        None,
    ),
    "a client's own, OpenAI, older": (
        400,
        "Unrecognized request argument supplied: tool_stream",
        "tool_stream",
        None,
    ),
    "inside another, Cohere (openrouter-examples#71)": (
        422,
        {"message": "unknown field: parameter 'strict' is not a valid field. For proper usage, please refer to x"},
        "strict",
        None,
    ),
    "one letter, Cohere (ai_clients_dart#26)": (
        422,
        {"message": "unprocessable entity: n is not supported"},
        "n",
        None,
    ),
    "stream_options, Databricks (opencode#31156, continue#12936)": (
        400,
        {"error_code": "BAD_REQUEST", "message": 'Bad request: json: unknown field "stream_options"'},
        "stream_options",
        None,
    ),
    "the last": (400, "Expected last role User or Tool for serving but got assistant", "last_role", None),
}
"""Status, body, and the parameter that is refused with the limit that it states."""

EFFORTS: dict[str, tuple[int, Any, bool]] = {
    "Ollama (ollama#17103)": (
        400,
        'invalid reasoning value: \'xhigh\' (must be "high", "medium", "low", "max", or "none")',
        True,
    ),
    "Ollama, its own field": (400, 'think value "xhigh" is not supported for this model', True),
    "Ollama, no thoughts": (400, '"llama3.2" does not support thinking', False),
    "OpenAI (openclaude#1638)": (
        400,
        {
            "error": {
                "message": "Unsupported parameter: 'reasoning_effort'. In the Responses API, this parameter has moved.",
                "param": None,
                "code": "unsupported_parameter",
            }
        },
        False,
    ),
    "OpenAI, a value": (
        400,
        {
            "error": {
                "message": "Unsupported value: 'reasoning_effort' does not support 'xhigh' with this model. Supported "
                "values are: 'low', 'medium', and 'high'.",
                "param": "reasoning_effort",
                "code": "unsupported_value",
            }
        },
        True,
    ),
    "OpenAI, older (mellea#270)": (400, "Unrecognized request argument supplied: reasoning_effort", False),
    "9router (9router#3389)": (400, "Unsupported parameter: reasoning_effort (request id: 2026)", False),
    "xAI (hermes-agent#23088)": (
        400,
        {
            "code": "Client specified an invalid argument",
            "error": "Model grok-4 does not support parameter reasoningEffort.",
        },
        False,
    ),
    "Groq (pi#1745)": (400, "`reasoning_effort` must be one of `none` or `default`", True),
    "Groq, no thoughts (aider#3572)": (
        400,
        "property 'reasoning_effort' is unsupported, did you mean 'reasoning_format'?",
        False,
    ),
    "SGLang (CLIProxyAPI#1572)": (
        400,
        {
            "object": "error",
            "message": "1 validation error: {'type': 'literal_error', 'loc': ('body', 'reasoning_effort'), 'msg': "
            "\"Input should be 'low', 'medium' or 'high'\", 'input': 'xhigh'}",
            "type": "Bad Request",
            "code": 400,
        },
        True,
    ),
    "Kimi (CLIProxyAPI#1307)": (
        400,
        {
            "detail": 'Invalid request: {"detail":{"error":{"message":"1 validation error for reasoning_effort: '
            "expected one of 'low', 'medium' or 'high', received 'xhigh'\"}}}"
        },
        True,
    ),
    "DeepInfra (hermes-agent#111875)": (
        422,
        {"detail": [{"loc": ["body", "reasoning_effort"], "msg": "Input should be 'none', 'low' or 'high'"}]},
        True,
    ),
    "DeepSeek": (
        400,
        "Failed to deserialize the JSON body: reasoning_effort: unknown variant `xhigh`, expected one of `low`, `high`",
        True,
    ),
    "Volcengine (Roo-Code#11001)": (
        400,
        "Invalid combination of reasoning_effort and thinking type: x + disabled",
        True,
    ),
    "OpenRouter (rakazo#114)": (
        400,
        {"error": {"message": "Reasoning is mandatory for this endpoint and cannot be disabled.", "code": 400}},
        True,
    ),
    "Google (pydantic-ai#1967)": (
        400,
        [
            {
                "error": {
                    "code": 400,
                    "message": "Unable to submit request because Thinking can't be disabled for this model.",
                    "status": "INVALID_ARGUMENT",
                }
            }
        ],
        True,
    ),
    "Google, a budget (Roo-Code#4399)": (400, "The thinking budget (52428) is invalid.", True),
    "Google, 2.5 Pro (EnviousWispr#1769)": (400, "Budget 0 is invalid. This model only works in thinking mode.", True),
}
"""Status, body of a refusal of `reasoning_effort`, and whether another value may be taken."""
