"""What vendors and gateways say where they refuse, each in its own words, and what it means."""

import json
import time
from typing import Any

import pytest

from chatapp.backend.models.openai.dialect import Dialect
from chatapp.backend.models.openai.errors import error_from_body, error_from_response
from chatapp.errors import (
    ContextLengthExceededError,
    UpstreamAuthError,
    UpstreamError,
    UpstreamModelNotFoundError,
    UpstreamParameterRefusedError,
    UpstreamQuotaError,
    UpstreamRateLimitedError,
    UpstreamUnavailableError,
)

IN_A_STREAM = 0
"""Where others have a status: an error that comes instead of a chunk has none."""

_MLX_VLM = "mlx-vlm 0.7.10, server/compaction.py"
TOO_LONG: dict[str, tuple[int, Any, int | None, int | None]] = {
    f"{_MLX_VLM}: nothing to summarise": (
        400,
        {"detail": "Protected conversation exceeds the available context budget."},
        None,
        None,
    ),
    f"{_MLX_VLM}: a message alone": (
        400,
        {
            "detail": "A conversation exchange cannot fit in a compaction summary request; reduce the message or tool "
            "result size. Original context preserved."
        },
        None,
        None,
    ),
    f"{_MLX_VLM}: no room for a summary": (
        400,
        {"detail": "Compaction summary request needs more context headroom."},
        None,
        None,
    ),
    f"{_MLX_VLM}: a summary that is cut": (
        502,
        {"detail": "Compaction summary hit its output limit; original context preserved."},
        None,
        None,
    ),
    "mlx-vlm 0.7.10, server/generation.py": (
        400,
        {"detail": "Request needs 2300 context tokens (2044 prompt + 256 max generation), but MAX_KV_SIZE is 2048."},
        2048,
        2300,
    ),
    "OpenAI's GPT-5": (
        400,
        "Input tokens exceed the configured limit of 272000 tokens. Your messages resulted in 300000 tokens. Please "
        "reduce the length of the messages.",
        272000,
        300000,
    ),
    "Vertex AI": (
        400,
        "Unable to submit request because the input token count is 40000 but model only supports up to 32768.",
        32768,
        40000,
    ),
    "Cloudflare": (
        400,
        {
            "errors": [
                {
                    "message": "AiError: The estimated number of input and maximum output tokens (27000) exceeded this "
                    "model context window limit (24000).",
                    "code": 5021,
                }
            ]
        },
        24000,
        27000,
    ),
    "watsonx": (
        400,
        {
            "errors": [
                {
                    "code": "invalid_input_argument",
                    "message": "number of input tokens 4200 cannot exceed the total tokens limit 4096",
                }
            ]
        },
        4096,
        4200,
    ),
    "Bedrock, in letters": (
        400,
        "Malformed input request: expected maxLength: 100000, actual: 123456, please reformat your input",
        None,
        None,
    ),
    "TensorRT-LLM": (400, "Prompt length (5000) exceeds maximum input length (4096).", 4096, 5000),
    "MLC-LLM": (400, "Prompt has 5000 tokens in total, larger than the model input length limit 4096.", 4096, 5000),
    "NIM": (
        400,
        "Requested token count exceeds the model's maximum context length of 131072 tokens. You requested a total of "
        "140000 tokens: 135000 tokens from the input messages and 5000 tokens for the completion.",
        131072,
        135000,
    ),
    "Cohere": (
        400,
        {"message": "too many tokens: total number of tokens in the prompt cannot exceed 4081 - received 4300."},
        4081,
        4300,
    ),
    "llama.cpp, a batch": (
        500,
        "input (9000 tokens) is too large to process. increase the physical batch size (current batch size: 512)",
        None,
        9000,
    ),
    "Google, in bytes": (400, "The request payload size exceeds the limit: 20971520 bytes.", None, None),
    "iFlytek": (400, {"header": {"code": 10907, "message": "Token count exceeds the limit"}}, None, None),
    "in Chinese": (400, "输入内容超过模型最大长度限制", None, None),
    "llama.cpp, at the end of its window": (500, "context shift is disabled", None, None),
    "a gateway": (400, "The conversation is too long, please start a new one.", None, None),
    "vLLM 0.12": (
        400,
        {
            "error": {
                "message": "You passed 9001 input tokens and requested 0 output tokens. However, the model's context "
                "length is only 8192 tokens, resulting in a maximum input length of 8192 tokens. Please reduce the "
                "length of the input prompt. (parameter=input_tokens, value=9001)",
                "param": "input_tokens",
            }
        },
        8192,
        9001,
    ),
    "vLLM, of a decoder": (
        400,
        "The decoder prompt (length 9000) is longer than the maximum model length of 8192.",
        8192,
        9000,
    ),
    "Volcengine, by length": (400, "Input length 140000 exceeds the maximum length 131072.", 131072, 140000),
    "Volcengine": (400, "Total tokens of image and text exceed max message tokens.", None, None),
    "LMDeploy": (400, {"object": "error", "message": "input token length 9000 >= session_len 8192"}, 8192, 9000),
    "Baseten": (400, {"error": "Input length (9000) > max_input_len (8192)"}, 8192, 9000),
    "Aphrodite": (400, {"message": "Maximum model length is 8192 tokens but got 9000"}, 8192, 9000),
    "Databricks, of another's": (
        400,
        {"external_model_message": {"message": "prompt is too long: 210000 tokens > 200000 maximum"}},
        200000,
        210000,
    ),
    "Hyperbolic": (400, {"object": "error", "message": "Token limit exceeded"}, None, None),
    "Tencent": (400, {"error": {"message": "messages 内容总长度不能超过 28000 token"}}, None, None),
    "in Chinese, too": (400, "输入内容过长，请缩短后重试", None, None),  # noqa: RUF001 - as it is sent
}
TOO_OFTEN: dict[str, tuple[int, Any, int | None]] = {
    "Bedrock": (429, {"__type": "ThrottlingException", "message": "Too many tokens, please wait."}, None),
    "Moonshot": (429, "request reached organization max RPM: 3, please try again after 1 seconds", 1),
    "Azure": (
        429,
        "Requests have exceeded token rate limit of your S0 pricing tier. Please retry after 20 seconds.",
        20,
    ),
    "GitHub": (429, {"error": {"code": "RateLimitReached", "message": "Please wait 36000 seconds before."}}, 36000),
    "Baidu, in a stream": (IN_A_STREAM, {"error_code": 18, "error_msg": "Open api qps request limit reached"}, None),
    "in a stream": (IN_A_STREAM, {"error": {"message": "Rate limit reached for requests"}}, None),
    "with a status of failures": (503, {"message": "Rate limit exceeded, retry in 3s"}, 3),
    "with a status of refusals": (403, {"message": "API rate limit exceeded for 192.0.2.4."}, None),
    "as a bad request": (400, {"error": "Too many requests. Try again in 5 minutes."}, 300),
    "litellm": (500, "litellm.RateLimitError: RateLimitError: OpenAIException - slow down", None),
    "Google, in a stream": (IN_A_STREAM, "You have exceeded your requests per minute quota", None),
    "a gateway of many": (IN_A_STREAM, "concurrency limit reached", None),
    "SiliconFlow": (403, {"code": 50603, "message": "Request was rejected due to rate limiting. Details:RPM"}, None),
    "Zhipu, in a stream": (IN_A_STREAM, {"error": {"code": "1305", "message": "当前API请求过多"}}, None),
    "Zhipu, until some day": (
        429,
        {
            "error": {
                "code": "1308",
                "message": "Usage limit reached for 5 hour. Your limit will reset at 2999-10-20 12:00",
            }
        },
        86400,
    ),
    "Tencent": (
        IN_A_STREAM,
        {"Response": {"Error": {"Code": "LimitExceeded", "Message": "Rate limit exceeded"}, "RequestId": "1"}},
        None,
    ),
}
EMPTY: dict[str, tuple[int, Any]] = {
    "Cloudflare": (429, {"errors": [{"message": "AiError: you have used up your daily free allocation of neurons"}]}),
    "xAI": (403, {"code": "no permission", "error": "Your newly created team doesn't have any credits yet."}),
    "Novita": (403, {"code": 403, "reason": "NOT_ENOUGH_BALANCE", "message": "not enough balance"}),
    "Qwen": (403, {"error": {"code": "AllocationQuota.FreeTierOnly", "message": "No."}}),
    "Vercel": (400, {"error": {"message": "Insufficient funds.", "type": "insufficient_funds"}}),
    "one-api": (403, {"error": {"message": "该令牌额度已用尽", "type": "new_api_error", "code": ""}}),
    "Hugging Face": (403, "You have exceeded your monthly included credits for Inference Providers."),
    "Alibaba, in words": (403, "Access denied, please make sure your account is in good standing."),
    "a reseller": (403, "Your account does not have enough balance, please recharge"),
    "Fireworks": (412, {"error": {"message": "Account is suspended. Please check your billing"}}),
    "Volcengine": (429, {"error": {"code": "SetLimitExceeded", "message": "The model service has been paused."}}),
    "Weights & Biases": (403, {"error": {"message": "The team does not have inference credits"}}),
    "a reseller, in a stream": (IN_A_STREAM, "Payment Required"),
    "Cohere, for this month": (
        429,
        {"message": "You are using a Trial key, which is limited to 1000 API calls / month."},
    ),
    "Google, nothing for nothing": (
        429,
        [
            {
                "error": {
                    "code": 429,
                    "message": "You exceeded your current quota.\n* Quota exceeded for metric: "
                    "generate_content_free_tier_requests, limit: 0, model: gemini-2.5-pro\nPlease retry in 34.07s.",
                    "status": "RESOURCE_EXHAUSTED",
                    "details": [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34s"}],
                }
            }
        ],
    ),
    "Databricks": (
        403,
        {"error_code": "PERMISSION_DENIED", "message": "PERMISSION_DENIED: Disabled due to a rate limit set to 0."},
    ),
    "@musistudio/llms 1.0.53, of another's": (
        429,
        'Error from provider(x,m1: 429): {"error": {"message": "No.", "code": "insufficient_quota"}}Error: at a.js',
    ),
    "watsonx": (403, {"errors": [{"code": "token_quota_reached", "message": "No."}], "status_code": 403}),
    "a reseller, of a trial": (403, {"error": {"message": "Your trial has ended. Please subscribe to continue."}}),
    "Zhipu, of a plan": (429, {"error": {"code": "1309", "message": "您的GLM Coding Plan套餐已到期"}}),
    "Zhipu, for some hours": (429, {"error": {"code": "1308", "message": "已达到 5 小时的使用上限。"}}),
    "Google, prepaid": (
        429,
        {"error": {"message": "Your prepayment credits are depleted.", "status": "RESOURCE_EXHAUSTED"}},
    ),
    "Google, capped": (
        429,
        {"error": {"message": "Your project has exceeded its monthly spending cap.", "status": "RESOURCE_EXHAUSTED"}},
    ),
    "Google Cloud": (403, "This API method requires billing to be enabled."),
    "OpenCode's Zen": (401, {"error": {"type": "CreditsError", "message": "No payment method."}}),
    "SiliconFlow": (403, {"code": 30011, "message": "Paid models can only be invoked using paid balance."}),
    "Vercel, without a card": (403, "AI Gateway requires a valid credit card on file to service requests."),
}
KEY: dict[str, tuple[int, Any]] = {
    "in a stream": (IN_A_STREAM, {"error": {"message": "Incorrect API key provided"}}),
    "a word in a stream": (IN_A_STREAM, {"error": {"message": "Unauthorized"}}),
    "as a failure": (500, "litellm.AuthenticationError: AuthenticationError: OpenAIException - No."),
    "as nothing there": (404, "Invalid API key"),
    "FastAPI": (422, {"detail": [{"type": "missing", "loc": ["header", "authorization"], "msg": "Field required"}]}),
    "one-api": (400, {"error": {"message": "无效的令牌", "type": "new_api_error"}}),
    "Google, of an old one": (500, "API key expired. Please renew the API key."),
    "Volcengine, in a stream": (IN_A_STREAM, "The API key doesn't exist. Verify and try again"),
    "Qwen, in a stream": (IN_A_STREAM, "Invalid API-key provided."),
    "FastAPI, in a stream": (IN_A_STREAM, {"detail": "Not authenticated"}),
    "a gateway, in a stream": (IN_A_STREAM, {"error": "Missing or invalid Authorization header"}),
}
MODERATION: dict[str, tuple[int, Any]] = {
    "Anthropic": (400, "Output blocked by content filtering policy"),
    "xAI": (403, {"code": "no permission", "error": "Content violates usage guidelines. Failed check: SAFETY"}),
    "StepFun": (451, {"error": {"message": "It is blocked.", "type": "censorship_blocked"}}),
    "Volcengine": (400, {"error": {"code": "SensitiveContentDetected", "message": "No."}}),
    "Volcengine, too": (400, "The request failed because the input text may contain sensitive information."),
    "MiniMax": (IN_A_STREAM, {"base_resp": {"status_code": 1026, "status_msg": "input new_sensitive"}}),
    "litellm": (500, "litellm.ContentPolicyViolationError: AzureException - The response was filtered"),
    "Cloudflare": (424, {"error": [{"code": 2016, "message": "Prompt blocked due to security configurations"}]}),
    "Portkey": (
        446,
        {"error": {"message": "The guardrail checks failed.", "type": "hooks_failed"}, "hook_results": {}},
    ),
    "litellm, of a guardrail": (400, "Violated guardrail policy"),
    "Google, through a gateway": (400, "Prompt was blocked due to PROHIBITED_CONTENT"),
    "Helicone": (400, {"success": False, "error": {"code": "PROMPT_THREAT_DETECTED", "message": "Prompt threat."}}),
}
MODEL: dict[str, tuple[int, Any]] = {
    "mlx-vlm 0.7.10, without a network": (
        400,
        {
            "detail": "Failed to load model: Cannot find an appropriate cached snapshot folder for the specified "
            "revision on the local disk and outgoing traffic has been disabled."
        },
    ),
    "mlx-vlm 0.7.10": (
        400,
        {
            "detail": "Failed to load model: 404 Client Error. (Request ID: Root=1)\n\nRepository Not Found for url: "
            "https://huggingface.test/api/models/x/revision/main."
        },
    ),
    "Together": (400, "Unable to access non-serverless model m1. Please create and start a new dedicated endpoint"),
    "Zhipu": (400, {"error": {"code": "1211", "message": "模型不存在，请检查模型代码。"}}),  # noqa: RUF001 - as it is sent
    "LM Studio": (400, {"error": 'Invalid model identifier "m1". Please specify a valid downloaded model'}),
    "llama-swap": (400, {"error": "could not find suitable inference handler for m1"}),
    "one-api": (503, {"error": {"message": "当前分组 default 下对于模型 m1 无可用渠道", "type": "one_api_error"}}),
    "in a stream": (IN_A_STREAM, {"error": {"message": "The model `m1` does not exist"}}),
    "GitHub": (400, {"error": {"code": "unavailable_model", "message": "Unavailable model: m1"}}),
    "nanobot-ai 0.3.5": (400, "Only configured model 'm2' is available"),
    "not loaded": (400, {"detail": "Model 'm1' is not loaded"}),
    "FastAPI": (422, {"detail": [{"loc": ["body", "model"], "msg": "Input should be 'a' or 'b'", "input": "m1"}]}),
    "no name": (400, {"error": {"message": "you must provide a model parameter", "param": "model"}}),
    "gone": (400, "model m1 has been deprecated, learn more"),
    "Bedrock, by another API": (400, "The provided model identifier is invalid."),
    "a gateway": (400, "Invalid model: m1"),
    "litellm, of a key": (
        401,
        {
            "error": {
                "message": "key not allowed to access model. Tried to access m1",
                "type": "key_model_access_denied",
                "param": "model",
                "code": "401",
            }
        },
    ),
    "SiliconFlow": (403, {"code": 30003, "message": "Model disabled.", "data": None}),
    "TabbyAPI": (503, {"detail": {"error": {"message": "No models are currently loaded."}}}),
    "llama.cpp, of many models": (400, "model is not loaded"),
    "litellm, no vendor": (400, "litellm.BadRequestError: LLM Provider NOT provided. You passed model=m1"),
    "Bifrost": (400, {"is_bifrost_error": True, "error": {"message": "no keys found that support model: m1"}}),
    "Bifrost, no vendor": (400, {"error": {"message": "model should be in provider/model format"}}),
    "OpenClaw 2026.9.6": (400, {"error": {"message": "Invalid `model`. Use `openclaw` or `openclaw/<agentId>`."}}),
    "CLIProxyAPI": (400, "unknown provider for model m1"),
    "a gateway, not deployed": (400, "The model 'm1' is not deployed"),
    "Azure": (400, "The chatCompletion operation does not work with the specified model, m1."),
    "Copilot": (400, 'model "m1" is not accessible via the /chat/completions endpoint'),
    "Foundry Local": (400, "No OpenAIService provider found for modelName:m1"),
    "gone for good": (410, "This has been retired"),
    "Volcengine": (404, {"error": {"code": "ModelNotOpen", "message": "You have not activated the model m1."}}),
    "Bedrock, a form": (404, {"message": "Model use case details have not been submitted for this account."}),
    "Jan": (400, {"message": "Model has not been loaded, please load model into cortex."}),
    "vLLM, of a base model": (
        400,
        {
            "error": {
                "message": "As of transformers v4.44, default chat template is no longer "
                "allowed, so you must provide a chat template",
                "code": 400,
            }
        },
    ),
}


def refused(status: int, body: Any, headers: dict[str, str] | None = None) -> UpstreamError:
    sent = {"error": {"message": body}} if isinstance(body, str) else body
    if status == IN_A_STREAM:
        return error_from_body(sent)
    return error_from_response(status, headers or {}, json.dumps(sent).encode(), "m1")


@pytest.mark.parametrize(("status", "body", "window", "sent"), TOO_LONG.values(), ids=TOO_LONG.keys())
def test_a_conversation_that_is_too_long_is_called_so(
    status: int, body: Any, window: int | None, sent: int | None
) -> None:
    error = refused(status, body)

    assert isinstance(error, ContextLengthExceededError)
    assert (error.window, error.prompt_tokens) == (window, sent)


@pytest.mark.parametrize(("status", "body", "seconds"), TOO_OFTEN.values(), ids=TOO_OFTEN.keys())
def test_a_question_that_comes_too_soon_is_called_so(status: int, body: Any, seconds: int | None) -> None:
    error = refused(status, body)

    assert type(error) is UpstreamRateLimitedError
    assert error.retry_after == seconds


@pytest.mark.parametrize(("status", "body"), EMPTY.values(), ids=EMPTY.keys())
def test_an_account_without_money_is_called_so(status: int, body: Any) -> None:
    assert type(refused(status, body)) is UpstreamQuotaError


@pytest.mark.parametrize(("status", "body"), KEY.values(), ids=KEY.keys())
def test_a_key_that_is_not_accepted_is_called_so(status: int, body: Any) -> None:
    error = refused(status, body)

    assert type(error) is UpstreamAuthError
    assert "does not accept the API key" in error.detail


@pytest.mark.parametrize(("status", "body"), MODERATION.values(), ids=MODERATION.keys())
def test_what_a_moderation_refuses_is_called_so(status: int, body: Any) -> None:
    assert "moderation refuses the question" in refused(status, body).detail


@pytest.mark.parametrize(("status", "body"), MODEL.values(), ids=MODEL.keys())
def test_a_model_that_is_not_there_is_called_so(status: int, body: Any) -> None:
    assert type(refused(status, body)) is UpstreamModelNotFoundError


def test_a_server_that_is_too_old_for_its_model_is_said_to_be() -> None:
    error = refused(500, {"error": "error loading model: unknown model architecture: 'qwen9'"})  # Ollama, LM Studio

    assert type(error) is UpstreamModelNotFoundError
    assert "cannot load this model" in error.detail


def test_a_parameter_of_a_model_that_is_there_is_not_taken_for_a_model() -> None:
    error = refused(400, "Parameter `foo_bar` is not supported by the model m1.")

    assert type(error) is not UpstreamModelNotFoundError


@pytest.mark.parametrize(
    ("headers", "words", "seconds"),
    [
        ({"retry-after": "2 seconds"}, "", 2),
        ({"retry-after": "1m30s"}, "", 90),
        ({"retry-after": "PT30S"}, "", 30),
        ({"retry-after": "2020-01-01T00:00:00Z"}, "", 0),
        ({"retry-after": "Sun, 06 Nov 1994 08:49:37 GMT"}, "", 0),
        ({"retry-after": "1s" * 5000}, "", 20),
        ({"ratelimit-reset": "30"}, "", 30),
        ({"ratelimit": '"default";r=0;t=30'}, "", 30),
        ({"ratelimit": "limit=100, remaining=0, reset=30"}, "", 30),
        ({"ratelimit": "limit=100"}, "", None),
        ({"x-ratelimit-reset-after": "12.5"}, "", 13),
        ({"x-ratelimit-reset": "30"}, "in 4s or so, or try again in 5s", 5),
        ({"x-ratelimit-remaining-requests": "5", "x-ratelimit-reset-requests": "1s"}, "", None),
        ({"x-ratelimit-remaining-requests-day": "0", "x-ratelimit-reset-requests-day": "33011.38"}, "", 33012),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "6m0s"}, "", 360),
        ({}, "Please try again in about 20 seconds.", 20),
        ({}, "Please try again in 1 minute and 30 seconds.", 90),
        ({}, "Please wait for 15 seconds.", 15),
        ({}, "You can retry your request in 6 hours", 21600),
        ({}, "Please retry your request after 00:01:30", 90),
        ({}, "retry_delay { seconds: 34 }", 34),
        ({}, "Quota will reset at 2999-01-01T00:00:00Z", 86400),
    ],
)
def test_how_long_to_wait_is_read_wherever_it_stands(headers: dict[str, str], words: str, seconds: int | None) -> None:
    assert refused(429, f"Rate limit. {words}", headers).retry_after == seconds


@pytest.mark.parametrize(
    ("body", "seconds"),
    [
        ({"error": {"message": "No.", "retryAfter": 5}}, 5),
        ({"message": "No.", "retry_after_ms": 1500}, 2),
        ({"error": {"code": 429, "resets_in_seconds": 3600, "message": "No."}}, 3600),
    ],
)
def test_how_long_to_wait_may_be_a_field(body: Any, seconds: int) -> None:
    assert refused(429, body).retry_after == seconds


@pytest.mark.parametrize(
    ("seconds", "hint"),
    [
        (60, "Wait a moment"),
        (61, "in 2 minutes"),
        (5400, "in 90 minutes"),
        (25923, "in 8 hours"),
        (518400, "in a day or more"),
    ],
)
def test_who_has_to_wait_for_long_is_told_how_long(seconds: int, hint: str) -> None:
    assert hint in str(refused(429, "No.", {"retry-after": str(seconds)}).hint)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("Tokens per day limit exceeded - too many tokens processed.", id="Cerebras"),
        pytest.param("Rate limit exceeded: free-models-per-day. Add 10 credits to unlock more.", id="OpenRouter"),
        pytest.param({"error_code": 17, "error_msg": "Open api daily request limit reached"}, id="Baidu"),
        pytest.param(
            {
                "error": {
                    "message": "You exceeded your current quota, limit: 20. Please retry in 12s.",
                    "status": "RESOURCE_EXHAUSTED",
                    "details": [
                        {"violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]},
                        {"retryDelay": "12s"},
                    ],
                }
            },
            id="Google, who names seconds",
        ),
    ],
)
def test_a_limit_of_the_day_is_not_said_to_be_one_of_a_moment(body: Any) -> None:
    error = refused(429, body)
    assert ("tomorrow" in str(error.hint), error.retry_after) == (True, None), "which would be shown in its place"


def test_a_limit_of_the_day_may_have_room_again_in_a_moment() -> None:
    groqs = "Rate limit reached for model `m1` on tokens per day (TPD): Limit 100000. Please try again in 14.4s."
    assert refused(429, groqs).hint == "Wait a moment and ask again."


def test_how_long_to_wait_may_be_a_moment() -> None:
    moment = int(time.time()) + 60

    assert refused(429, "No.", {"x-ratelimit-reset": str(moment)}).retry_after in range(57, 62)
    milliseconds = {"error": {"code": 429, "metadata": {"headers": {"X-RateLimit-Reset": f"{moment}000"}}}}
    assert refused(429, milliseconds).retry_after in range(57, 62)


def test_a_proxy_that_wants_a_password_for_a_plain_address_is_named() -> None:
    assert "a proxy on the way wants a user and a password" in refused(407, "No.").detail


REFUSED: dict[str, tuple[int, Any, str]] = {
    "max_tokens, Cohere": (400, "max tokens must be less than or equal to 4096 for this model", "max_tokens"),
    "max_tokens, beyond the window": (
        400,
        "This model's maximum context length is 8192 tokens. However, you requested 100020 tokens (20 in the messages, "
        "100000 in the completion). Please reduce the length of the messages or completion.",
        "max_tokens",
    ),
    "max_tokens, SGLang": (
        400,
        "Requested token count exceeds the model's maximum context length of 8192 tokens. You requested a total of "
        "100020 tokens: 20 tokens from the input messages and 100000 tokens for the completion.",
        "max_tokens",
    ),
    "max_tokens, OpenRouter": (
        400,
        "This endpoint's maximum context length is 8192 tokens. However, you requested about 100020 tokens (20 of text "
        "input, 100000 in the output).",
        "max_tokens",
    ),
    "max_tokens, TGI": (
        422,
        "`inputs` tokens + `max_new_tokens` must be <= 4097. Given: 20 `inputs` tokens and 9000 `max_new_tokens`",
        "max_tokens",
    ),
    "temperature, LangGraph OpenAI Serve 0.31.0": (
        400,
        {
            "error": {
                "code": None,
                "message": "temperature: Extra inputs are not permitted",
                "param": "temperature",
                "type": "invalid_request_error",
                "misalignment": None,
            }
        },
        "temperature",
    ),
    "penalties, Google": (400, "Penalty is not enabled for models/gemini-2.5-pro", "penalties"),
    "max_tokens, Bedrock": (400, "The maximum tokens you requested exceeds the model limit of 4096.", "max_tokens"),
    "max_tokens, over a limit": (400, "max_tokens limit exceeded: 100000 > 8192", "max_tokens"),
    "max_tokens, Vertex AI": (
        400,
        "Unable to submit request because it has a maxOutputTokens value of 100000 but the supported range is from 1",
        "max_output_tokens",
    ),
    "max_tokens, no longer": (400, "'max_tokens' is no longer supported; use 'max_completion_tokens'", "max_tokens"),
    "temperature, Zhipu": (400, "temperature参数非法。请检查文档。", "temperature"),
    "stop, xAI": (400, "Argument not supported on this model: stop", "stop"),
    "system, Llama's template": (500, "Only user and assistant roles are supported!", "system"),
    "system, Bedrock": (400, "This model doesn't support system messages.", "system"),
    "system, Google": (400, "Please use a valid role: user, model.", "system"),
    "roles, Google": (400, "Please ensure that multiturn requests alternate between user and model.", "roles"),
    "roles, Bedrock": (400, "A conversation must start with a user message.", "roles"),
    "last role, Google": (400, "Please ensure that multiturn requests end with a user role.", "last_role"),
    "last role": (400, "The last message must be from the user", "last_role"),
    "alone, nanobot-ai 0.3.5": (400, "Only a single user message is supported", "alone"),
    "system first": (400, "System messages are only allowed at the beginning", "system_first"),
    "last role, DeepSeek": (
        400,
        "The last message of deepseek-reasoner must be a user message, or an assistant message with prefix mode on",
        "last_role",
    ),
    "roles, DeepSeek": (
        400,
        "The first message (except the system message) of deepseek-reasoner must be a user message, but an assistant "
        "message detected.",
        "roles",
    ),
    "tools, DeepSeek": (400, "deepseek-reasoner does not support Function Calling", "tools"),
    "tools, OpenRouter": (404, "No endpoints found that support the provided 'tool_choice' value.", "tools"),
    "temperature, Anthropic": (400, "temperature: range: 0..1", "temperature"),
    "seed": (400, "seed must be a positive integer", "seed"),
    "logprobs, Google": (400, "Logprobs is not enabled for models/m1", "logprobs"),
    "a schema, DeepSeek": (400, "This response_format type is unavailable now", "response_format"),
    "stop, grok-4": (400, {"code": "invalid-argument", "error": "Model m1 does not support parameter stop."}, "stop"),
    "JSON, OpenAI": (
        400,
        {
            "error": {
                "message": "'messages' must contain the word 'json' in some form, to use 'response_format' of type "
                "'json_object'.",
                "param": "messages",
            }
        },
        "response_format",
    ),
    "a picture, Anthropic": (
        400,
        "messages.0.content.0.image.source.base64: image exceeds 5 MB maximum: 6000000 bytes > 5242880 bytes",
        "image_form",
    ),
    "a picture, Google": (400, "Unable to process input image.", "image_form"),
    "a picture, OpenAI": (
        400,
        "You uploaded an unsupported image. Please make sure your image has of one the following formats",
        "image_form",
    ),
    "a picture, Qwen": (400, "The image length and width do not meet the model restrictions.", "image_form"),
    "a picture, Mistral": (
        400,
        {
            "object": "error",
            "message": "Image, 'data:image/...', could not be loaded as a valid image.",
            "code": "3310",
        },
        "image_form",
    ),
    "a picture, Google's kinds": (400, "Unsupported MIME type: image/tiff", "image_form"),
    "a tool, Google": (
        400,
        'Invalid JSON payload received. Unknown name "$schema" at '
        "'tools[0].function_declarations[0].parameters': Cannot find field.",
        "tool_schema",
    ),
    "a schema, llama.cpp": (400, "JSON schema conversion failed:\nUnrecognized schema: {}", "json_schema"),
    "a schema, llama.cpp in xllamacpp 2026.10.11549": (
        400,
        "Unable to generate parser for this template. Automatic parser generation failed: JSON schema error at #: "
        "unrecognized type foo",
        "json_schema",
    ),
    "a schema, vLLM": (
        400,
        "The provided JSON schema contains features not supported by xgrammar.",
        "json_schema",
    ),
    "a schema, vLLM with llguidance": (500, 'Grammar error: Unimplemented keys: ["propertyNames"]', "json_schema"),
    "a schema, SGLang": (400, "Invalid grammar request with cache hit: key=('json', '{}')", "json_schema"),
    "a schema, Ollama": (500, {"error": "invalid JSON schema in format"}, "json_schema"),
    "tool_choice, Rapid-MLX 0.16.10": (
        422,
        'tool_choice="required" with stream=true requires either a streaming tool-call parser (--tool-call-parser) or '
        "a channel-routed model (harmony / Gemma 4) so the server has a path to emit structured tool_calls.",
        "tool_choice",
    ),
    "pictures, Rapid-MLX 0.16.10": (
        400,
        {
            "error": {
                "message": "Model 'm1' is serving text-only; image input is unsupported. This checkpoint has no vision "
                "tower. Serve a vision-capable model for image input.",
                "code": "image_input_unsupported",
                "param": "messages.content",
            }
        },
        "images",
    ),
    "a tool, Anthropic": (400, "tools.0.custom.input_schema.type: Field required", "tool_schema"),
    "results, Bedrock": (
        400,
        {"message": "The number of toolResult blocks at messages.2.content exceeds the number of toolUse blocks"},
        "tool_results",
    ),
    "results, Moonshot": (400, "Invalid request: tool_call_id  is not found", "tool_results"),
    "a picture, llama.cpp": (400, "Failed to load image or audio file", "image_form"),
    "results, OpenAI": (
        400,
        {
            "error": {
                "message": "An assistant message with 'tool_calls' must be followed by tool messages responding",
                "param": "messages.[3].role",
            }
        },
        "tool_results",
    ),
    "results, Anthropic": (
        400,
        "messages.2: `tool_use` ids were found without `tool_result` blocks immediately after: toolu_01.",
        "tool_results",
    ),
    "results, Mistral": (400, "Not the same number of function calls and responses", "tool_results"),
    "ids, Mistral (opencode#1680)": (
        400,
        "Tool call id was call_1 but must be a-z, A-Z, 0-9, with a length of 9.",
        "call_ids",
    ),
    "ids, Mistral's template (mlx-lm#1375)": (
        404,
        "Tool call IDs should be alphanumeric strings with length 9!",
        "call_ids",
    ),
    "ids, OpenAI": (
        400,
        {
            "error": {
                "message": "Invalid 'messages[2].tool_calls[0].id': string too long. Expected a string with maximum "
                "length 40, but got a string with length 52 instead.",
                "param": "messages[2].tool_calls[0].id",
                "code": "string_above_max_length",
            }
        },
        "call_ids",
    ),
    "ids, Anthropic": (
        400,
        "messages.1.content.0.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'",
        "call_ids",
    ),
    "system first, one": (400, "Conversation can only have one system message", "system_first"),
}


@pytest.mark.parametrize(("status", "body", "parameter"), REFUSED.values(), ids=REFUSED.keys())
def test_a_form_that_is_not_taken_is_known_by_its_words(status: int, body: Any, parameter: str) -> None:
    error = refused(status, body)

    assert isinstance(error, UpstreamParameterRefusedError)
    assert error.parameter == parameter


NO_STREAM_OPTIONS: dict[str, Any] = {
    "Zod": {"success": False, "error": {"issues": [{"code": "unrecognized_keys", "keys": ["stream_options"]}]}},
    "ASP.NET": {"title": "One or more errors.", "errors": {"stream_options": ["It is not valid."]}},
    "Express": {"errors": [{"msg": "Invalid value", "path": "stream_options"}]},
    "Django": {"stream_options": ["This field is not allowed."]},
    "a parameter": {"error": {"message": "Bad request", "param": "stream_options"}},
    "words": {"error": {"message": "stream_options: cannot be used"}},
    "what is in it": {"error": {"message": "include_usage is not supported"}},
    "in camels": {"error": {"message": "Invalid field: streamOptions"}},
    "a condition": {"error": {"message": "'stream_options' parameter is only allowed when 'stream' is enabled"}},
}


@pytest.mark.parametrize("body", NO_STREAM_OPTIONS.values(), ids=NO_STREAM_OPTIONS.keys())
def test_a_server_that_blames_stream_options_is_asked_without(body: Any) -> None:
    dialect, asked = Dialect(), {"model": "m1", "stream": True, "stream_options": {}, "messages": []}
    said = json.dumps(body).encode()

    error = refused(400, body)
    assert isinstance(error, UpstreamParameterRefusedError)
    dialect.learn(str(error.parameter), said, asked)

    assert "stream_options" not in dialect.worded(asked)


def test_a_server_that_repeats_the_question_does_not_blame_what_is_in_it() -> None:
    asked = json.dumps({"model": "m1", "stream_options": {"include_usage": True}})

    assert not isinstance(refused(400, f"No. You asked {asked}"), UpstreamParameterRefusedError)


@pytest.mark.parametrize("status", [405, 501])
def test_a_web_server_without_a_chat_is_told_as_one(status: int) -> None:
    assert f"has no chat at this address (status {status})" in refused(status, "No.").detail


OVERLOADED: dict[str, tuple[int, Any]] = {
    "Mistral": (429, {"message": "Service tier capacity exceeded for this model.", "code": "3505"}),
    "Cerebras": (429, {"message": "We're experiencing high traffic right now!", "code": "queue_exceeded"}),
    "Moonshot": (429, {"error": {"message": "Try again later", "type": "engine_overloaded_error"}}),
    "Cloudflare": (429, {"errors": [{"message": "AiError: Capacity temporarily exceeded", "code": 3040}]}),
    "Volcengine": (429, {"error": {"code": "ServerOverloaded", "message": "No. It is due to server overload."}}),
    "TGI": (429, {"error": "Model is overloaded", "error_type": "overloaded"}),
    "Chutes": (429, {"detail": "Infrastructure is at maximum capacity, try again later"}),
    "Zhipu": (429, {"error": {"code": "1312", "message": "该模型当前访问量过大"}}),
    "one-api": (429, {"error": {"message": "当前分组上游负载已饱和", "type": "new_api_error"}}),
    "SGLang": (503, {"object": "error", "message": "The request queue is full."}),
    "Google": (503, "This model is currently experiencing high demand."),
    "DeepInfra": (429, "Model busy, retry later"),
    "Dynamo": (503, {"message": "Service temporarily unavailable: All workers are busy, please retry later"}),
}


@pytest.mark.parametrize(("status", "body"), OVERLOADED.values(), ids=OVERLOADED.keys())
def test_a_server_that_has_too_much_to_do_does_not_blame_who_asked_once(status: int, body: Any) -> None:
    error = refused(status, body)

    assert "overloaded" in error.detail
    assert isinstance(error, UpstreamRateLimitedError) == (status == 429)


STARTING: dict[str, tuple[int, Any]] = {
    "Fireworks": (503, {"error": {"message": "Scaled to zero and is scaling up.", "code": "DEPLOYMENT_SCALING_UP"}}),
    "Hugging Face": (400, {"error": "Bad Request: Invalid state: Endpoint is scaledToZero"}),
    "Chutes": (503, {"detail": "No instances available (yet) for chute_id='abc'"}),
    "TGI": (503, {"error": "Model is not ready", "error_type": "unhealthy"}),
    "vLLM": (503, {"error": "Engine is sleeping"}),
    "Modal": (503, {"detail": "container is starting"}),
    "llama-swap": (503, {"error": "Model swap in progress"}),
}


@pytest.mark.parametrize(("status", "body"), STARTING.values(), ids=STARTING.keys())
def test_a_server_that_starts_is_said_to_load(status: int, body: Any) -> None:
    assert "still loading its model" in refused(status, body).detail


FAILED: dict[str, tuple[int, Any, str]] = {
    "NVIDIA": (400, {"status": 400, "detail": "Function id '1b12': DEGRADED function cannot be invoked"}, "a failure"),
    "litellm": (400, "You passed in model=m1. There are no healthy deployments for this model.", "a failure"),
    "LM Studio (lmstudio-bug-tracker#2240)": (
        500,
        "[metal::malloc] Attempting to allocate 48736917632 bytes which is greater than the maximum allowed buffer "
        "size of 30150672384 bytes.",
        "not enough memory",
    ),
    "MLX (mlx-openai-server#188)": (500, "[metal::malloc] Resource limit (499000) exceeded.", "not enough memory"),
    "Ollama (continue#11223)": (
        500,
        {"error": "llama runner process has terminated: error loading model: unable to allocate CUDA_Host buffer"},
        "not enough memory",
    ),
    "Ollama, of a file": (
        500,
        {"error": "llama runner process has terminated: error loading model: missing tensor 'output'"},
        "reports a failure (status 500)",
    ),
    "Groq, a call": (400, {"error": {"message": "Failed to call.", "code": "tool_use_failed"}}, "cannot read"),
    "llama.cpp in xllamacpp 2026.10.11549": (
        500,
        "The model produced output that does not match the expected peg-native format",
        "cannot read",
    ),
    "Groq, JSON": (400, {"error": {"message": "Failed.", "code": "json_validate_failed"}}, "cannot read"),
}


@pytest.mark.parametrize(("status", "body", "says"), FAILED.values(), ids=FAILED.keys())
def test_a_failure_that_is_no_fault_of_the_question_is_called_so(status: int, body: Any, says: str) -> None:
    error = refused(status, body)

    assert isinstance(error, UpstreamUnavailableError)
    assert says in error.detail


NO_PLACE: dict[str, tuple[int, Any]] = {
    "LM Studio, with status 200 (lmstudio-bug-tracker#618)": (
        IN_A_STREAM,
        {"error": "Unexpected endpoint or method. (POST /chat/completions)"},
    ),
    "Cloudflare": (400, {"errors": [{"code": 7003, "message": "Could not route to /client/v4/accounts/x/ai/v1/chat"}]}),
}


@pytest.mark.parametrize(("status", "body"), NO_PLACE.values(), ids=NO_PLACE.keys())
def test_a_server_without_a_chat_at_an_address_is_known_by_its_words(status: int, body: Any) -> None:
    assert "has no chat at this address" in refused(status, body).detail


IDS = ["call_PTLP8xhu3uwZk4l3nlnrrJha", "functions.f:0", "", "abcDEF123"]


def test_calls_of_tools_go_by_ids_that_all_take_once_others_were_refused() -> None:
    calls = [{"id": given, "type": "function", "function": {"name": "f", "arguments": "{}"}} for given in IDS]
    results = [{"role": "tool", "tool_call_id": given, "content": "1"} for given in IDS]
    dialect, asked = Dialect(), {"model": "m1", "messages": [{"role": "assistant", "tool_calls": calls}, *results]}

    dialect.learn("call_ids", b"Tool call id was call_1", asked)
    called, *answered = dialect.worded(asked)["messages"]

    sent = [call["id"] for call in called["tool_calls"]]
    assert [message["tool_call_id"] for message in answered] == sent
    assert len(set(sent)) == len(IDS)
    assert all(len(one) == 9 and one.isalnum() and one.isascii() for one in sent)
    assert sent[-1] == "abcDEF123"
