"""How servers word that they do not take what a question holds: pictures, sound, tools and what came of them."""

from chatapp.backend.models.openai.said import ErrorWords
from chatapp.errors import UpstreamParameterRefusedError
from chatapp.providers.modalities import IMAGE_COUNT, IMAGE_FORM

TOOL_RESULTS = "tool_results"
"""What a refusal names where calls of tools have no result behind them, or results no call."""

_OTHERWISE = "Ask without them, or choose another model."
_CONTENTS = (
    ("images", "the model takes no pictures.", _OTHERWISE,
     ("support image input", "support image_url", "image input is not", "image inputs are not", "at most 0 image",
      "image input modality is not", "images are not supported", "support vision", "vision is not supported",
      "image input is unsupported",
      "support images", "not a multimodal model", "unknown variant `image_url`", "only supported by certain models",
      "missing data required for image input", "content must be a string", "content' : value must be a string",
      "'array' not in 'string'")),
    ("audio", "the model takes no sound.", _OTHERWISE,
     ("support audio", "audio input is not", "audio inputs are not", "unknown variant `input_audio`",
      "at most 0 audio", "audio input modality is not")),
    (IMAGE_COUNT, "the model does not take so many pictures.", _OTHERWISE,
     ("image per prompt", "images per prompt", "may be provided in one prompt", "too many images")),
    (IMAGE_FORM, "the model server cannot read a picture, or not of this size.",
     "Send a smaller one as PNG or JPEG, or ask without it.",
     ("image exceeds", "image dimensions", "unsupported image", "process input image", "process image",
      "image appears to be", "image length and width", "invalid image", "invalid base64 image", "load image",
      "image too large", "image is too large", "image file is too large", "identify image file", "decode image",
      "downloading image", "image media type", "image size", "image format is", "as a valid image",
      "unsupported mime type: image", "source.base64: invalid", "图片输入格式")),
    ("tools", "the model does not call tools.", _OTHERWISE,
     ("support tool use", "does not support tools", "tool calling is not supported", "function calling is not",
      "support function calling", "support the provided 'tool_choice'",
      "tool choice requires --enable-auto-tool-choice", "tools param requires --jinja")),
    ("tool_schema", "the model server does not take a tool as it is described.",
     "Describe it in plain JSON Schema, or ask without it.",
     ("function_declarations[", "input_schema", "invalid schema for function")),
    ("json_schema", "the model server cannot follow a JSON schema of the question.",
     "Write it in plainer JSON Schema, or ask without it.",
     ("json schema conversion failed", "json schema error at", "failed to parse grammar",
      "json schema contains features", "failed to compile json grammar", "invalid grammar request", "grammar error:",
      "invalid json schema in format", "format.schema", "response_schema'", "schema produces a constraint")),
    (TOOL_RESULTS, "the model wants a result behind each call of a tool, and a call before each result.",
     "Ask with both, or with neither.",
     ("must be followed by tool messages", "without `tool_result` blocks", "must be a response to a prece",
      "number of function calls and responses", "number of function response parts", "unexpected `tool_use_id`",
      "unexpected tool call id", "insufficient tool messages", "result does not follow tool call",
      "tool result's tool id", "comes immediately after a user turn", "tool_call_id is not found",
      "toolresult blocks")),
)  # fmt: skip
"""What is refused, in our words, and what to do; then what OpenRouter, Ollama, Groq, llama.cpp, vLLM, SGLang, OpenAI,
DeepSeek, Mistral, Cloudflare, Anthropic, Google, Qwen, xAI, MiniMax, Zhipu and Amazon say of it.
"""


def refused_content_in(said: ErrorWords) -> UpstreamParameterRefusedError | None:
    """Return the error if it is the pictures or the tools that the model does not take."""
    for name, what, hint, phrases in _CONTENTS:
        if said.says(*phrases):
            return _content_refused(name, what, hint)
    return None


def medium_refused(medium: str) -> UpstreamParameterRefusedError:
    """Return the error for a question with what the model does not take: "images" or "audio"."""
    return next(_content_refused(name, what, hint) for name, what, hint, _ in _CONTENTS if name == medium)


def _content_refused(name: str, what: str, hint: str) -> UpstreamParameterRefusedError:
    error = UpstreamParameterRefusedError(what, hint=hint)
    error.parameter = name
    return error
