"""How servers word that they do not take a parameter, or not with this value."""

from itertools import takewhile

from chatapp.backend.models.openai.said import ErrorWords
from chatapp.backend.models.openai.too_long import number_before, number_behind
from chatapp.errors import UpstreamParameterRefusedError

SYSTEM_ROLE = "system"
"""What `parameter` names where a chat template has no place for a system prompt."""
ROLES = "roles"
"""What it names where two messages of one role must not be neighbours."""
LAST_ROLE = "last_role"
"""What it names where the last message must not be the assistant's."""
THOUGHTS = "reasoning_content"
"""What it names where earlier answers must come with their thoughts."""
NO_THOUGHTS = "thoughts"
"""What it names where earlier answers must come without."""
SIGNATURES = "thought_signature"
"""What it names where calls of tools must come with what Google has signed them with."""
SYSTEM_FIRST = "system_first"
"""What it names where what the system says must come first."""
DEVELOPER = "developer"
"""What it names where a model knows no developer, whom OpenAI's newer clients let say what was the system's."""
AFTER_TOOL = "after_tool"
"""What it names where nobody but the model may speak behind the result of a tool."""
CALL_IDS = "call_ids"
"""What it names where calls of tools must go by ids of nine letters or digits, or of fewer than they have."""
BLANKS = "blanks"
"""What it names where no message may be without a letter."""
ALONE = "alone"
"""What it names where a question must come without instructions and earlier messages."""
PENALTIES = "penalties"
"""What it names where Google refuses both, whose word for them is no field's."""

_LENGTHS = ("max_tokens", "max_completion_tokens", "max_new_tokens", "max_output_tokens")
_NAMES = (
    "stream_options",
    *_LENGTHS,
    "temperature",
    "top_p",
    "presence_penalty",
    "frequency_penalty",
    "reasoning_effort",
    "response_format",
    "tool_choice",
    "parallel_tool_calls",
    "logit_bias",
    "top_logprobs",
    "logprobs",
    "service_tier",
    "prompt_cache_key",
    "safety_identifier",
    "repetition_penalty",
    "top_k",
    "min_p",
)
_OURS = "stream_options"
_OURS_TOO = (_OURS, "streamoptions", "include_usage")
_EFFORT = "reasoning_effort"
_EFFORT_WORDS = (
    "invalid reasoning value", "invalid think value", "think value", "does not support thinking",
    "reasoning is mandatory", "thinking can't be disabled", "thinking cannot be disabled",
    "only works in thinking mode", "thinking budget", "thinking level", "thinking_level", "thinking_budget",
    "thinking is not supported", "reasoning is not supported", "does not support reasoning", "reasoning effort",
)  # fmt: skip
"""What servers say that name the parameter otherwise, or not: Ollama, OpenRouter, Google, Amazon."""
_WORDS_TOO = ("stop", "seed", "stream", "tools", "user", "store", "metadata", "verbosity", "modalities", "prediction")
"""Names that are words as well: they count only in quotes or before a colon."""

_CODES = ("unsupported_parameter", "unsupported_value", "unknown_parameter", "extra_forbidden", "invalid_parameter")
_REFUSALS = (
    "not supported", "unsupported", "does not support", "doesn't support", "not permitted", "not allowed",
    "unrecognized", "unknown name", "unknown parameter", "unknown field", "unexpected keyword", "extra inputs",
    "extra fields", "cannot find field", "only the default", "must be", "should be", "must not", "out of range",
    "range of", "too large", "too high", "too big", "invalid value", "invalid `", "invalid '", "maximum allowed",
    "at most", "valid range", "less than or equal", "greater than or equal", "not a valid", "is deprecated",
    "cannot both be", "may only be", "must be verified", "invalid combination", "expected one of", "unknown variant",
    "invalid option", "not one of", "is allowed for this model", "not recognized", "unknown argument",
    "invalid parameter", "not implemented", "not accept", "cannot be used", "not contain", "no longer supported",
    "not compatible", "in place of", "must have", "supported range", ": range: ",
    "is not enabled for", "is unavailable now", "requires either",
    "参数非法",
)  # fmt: skip
_TOO_LARGE = (
    "too large", "too high", "too big", "less than or equal", "must be <=", "range of", "valid range", "at most",
    "maximum allowed number of output tokens", "maximum value for", "above maximum value",
    "cannot be greater than", "must be less than", "cannot exceed", "limit exceeded",
)  # fmt: skip
_LIMITS = (
    "less than or equal to ", "must be <= ", "a value <= ", "at most ", "[1, ", "[1,", "[0, ", "(0, ", "tokens > ",
    "> ",
    "cannot be greater than ", "cannot exceed ", "model limit of ", "must be less than ",
    "maximum context length is ", "maximum value is ",
)  # fmt: skip
_OF_ANSWERS = (" in the completion", " tokens for the completion", " in the output", " `max_new_tokens`")
"""What the number of tokens that an answer may have stands before."""
_LONGEST_NAME = 40
_NOT_PARAMETERS = ("messages", "model", "prompt", "input", "body", "messages.content")
_BEFORE_NAMES = (
    "parameter(s): ", "support parameter ", "unknown field: parameter ", "unknown field ", "unsupported parameter: ",
    "unknown parameter: ", "argument supplied: ", "arguments supplied: ", "unknown name ", "parameter.",
    "extraneous key [", "body.", "unprocessable entity: ",
)  # fmt: skip
"""What the name of a field stands behind that only its client knows, or that is inside another."""
_TEMPLATES = (
    (DEVELOPER, ("unknown variant `developer`", "developer is not one of", "input tag 'developer'",
                 "incorrect role information", "unexpected message role")),
    (AFTER_TOOL, ("unexpected role 'user' after role 'tool'", "unexpected role 'system' after role 'tool'")),
    (CALL_IDS, ("with a length of 9", "alphanumeric strings with length 9", "tool_use.id: string should match",
                "tool_use_id: string should match", ".id': string too long", ".tool_call_id': string too long")),
    (BLANKS, ("text content blocks must be non-empty", "must contain non-whitespace text",
              "must have non-empty content", "must have either content or tool_calls", "' must not be empty",
              "parts must not be empty", "is blank. add text")),
    (ALONE, ("only a single user message",)),  # agents that remember by themselves: nanobot
    (ROLES, ("roles must alternate", "must alternate between", "alternate user/assistant", "alternating user",
             "consecutive messages", "successive user", "should be alternating", "should alternate",
             "should interleave", "alternate between user", "messages must alternate", "consecutive user messages",
             "start with a user message", "first message must be from user", "first message must use the 'user'",
             "the first message (except the system")),
    (SYSTEM_FIRST, ("system message must be at the beginning", "system message must be the first",
                    "unexpected role 'system' after", "invalid chat setting", "system message should be the first",
                    "system messages are only allowed at the beginning", "only one system message",
                    "only have one system message")),
    (SYSTEM_ROLE, ("system role not supported", "system role is not supported", "does not support 'system'",
                   "does not support system", "system message is not supported", "system prompt is not supported",
                   'unexpected role "system"', "developer instruction is not enabled", "system messages are not",
                   "unknown variant `system`", "invalid message role: system", "doesn't support system",
                   "support the system role", "only user and assistant roles", "valid role: user, model",
                   "system_instruction is not", "role 'system' is not", "unexpected role system",
                   "must be one of user, assistant")),
    (LAST_ROLE, ("last message is from the assistant", "last message must have role user", "last role user",
                 "last message must be from user", "last message must be a user", "final message must be",
                 "assistant message prefill", "does not support prefill", "must end with a user message",
                 "expected last role", "response prefill is incompatible", "last message must be from the user",
                 "last message must have role", "multiturn requests end", "must end with a user",
                 "final message cannot be", "the last message of ",
                 "assistant messages at the end", "prefilling assistant")),
    ("stream", ("unsupported for streaming", "does not support streaming", "streaming is not supported",
                "streaming not supported")),
    ("response_format", ("contain the word 'json'",)),
    (PENALTIES, ("penalty is not enabled",)),
    (SIGNATURES, ("missing a thought_signature", "missing a `thought_signature`", "missing a 'thought_signature'")),
    (NO_THOUGHTS, ("reasoning_content' is unsupported", "property 'reasoning' is unsupported")),
    (THOUGHTS, ("in the thinking mode must be passed back", "missing `reasoning_content` field",
                "reasoning_content is missing")),
)  # fmt: skip
"""What chat templates and vendors say of messages and streams: Gemma's and Mistral's templates, DeepSeek, Anthropic,
Google, Amazon, Kimi, MiniMax, Zhipu.
"""
_ROLE_SENTENCES = {
    SYSTEM_ROLE: "the model does not take a system prompt.",
    ROLES: "the model does not take two messages of one side in a row.",
    LAST_ROLE: "the model does not go on with an answer of its own.",
    THOUGHTS: "the model wants to be reminded of its thoughts.",
    SIGNATURES: "the model wants its calls of tools signed.",
    NO_THOUGHTS: "the model server does not take the thoughts of earlier answers.",
    SYSTEM_FIRST: "the model takes a system prompt at the beginning only.",
    DEVELOPER: "the model does not know a role that a message has.",
    AFTER_TOOL: "the model wants to speak behind the result of a tool.",
    CALL_IDS: "the model server does not take the ids that calls of tools have.",
    BLANKS: "the model does not take messages that are empty.",
    ALONE: "the model server takes a question alone: it remembers earlier ones by itself.",
}
_HINTS = {ALONE: "Ask in a new chat each time, without instructions, or choose another model."}


def refused_length_in(said: ErrorWords) -> UpstreamParameterRefusedError | None:
    """Return the error if the answer is allowed to be too long: words that talk of windows, but mean `max_tokens`."""
    if said.says("model output limit was reached"):  # OpenAI, where thoughts have taken all that was allowed
        return _refused("max_tokens", said)
    if said.says("maximum tokens you requested exceeds"):  # Amazon Bedrock
        return _refused("max_tokens", said)
    if said.says("tokens + `max", "tokens + max", "input length and") or not said.says(*_TOO_LARGE):
        return None
    name = _blamed(said, _LENGTHS)
    return _refused(name, said) if name else None


def refused_answer_in(said: ErrorWords, window: int | None) -> UpstreamParameterRefusedError | None:
    """Return the error if the answer alone may be longer than the window: no shorter conversation would help."""
    allowed = next(filter(None, (number_before(said.words, phrase) for phrase in _OF_ANSWERS)), None)
    return _refusal("max_tokens", window) if window and allowed and allowed >= window else None


def refused_parameter_in(said: ErrorWords) -> UpstreamParameterRefusedError | None:
    """Return the error if a parameter is refused, and which: by the field that says so, else by the words."""
    blamed = _first_name(said.parameter)
    if blamed in {*_NAMES, *_WORDS_TOO} or (blamed not in {"", *_NOT_PARAMETERS} and said.has_code(*_CODES)):
        return _refused(blamed, said)
    if blamed in _OURS_TOO or any(_is_mentioned(said.words, name) for name in _OURS_TOO):  # nothing is lost without it
        return _refused(_OURS, said)
    if said.says(*_EFFORT_WORDS):
        return _refused(_EFFORT, said)
    if not (said.says(*_REFUSALS) or said.has_code(*_CODES)):
        return None
    found = _blamed(said, _NAMES if blamed == "messages" else (*_NAMES, *_WORDS_TOO))  # whose roles are quoted, too
    found = found or _name_behind(said.words)
    return _refused(found, said) if found else None


def refused_form_in(said: ErrorWords) -> UpstreamParameterRefusedError | None:
    """Return the error if it is the order or the kind of messages that the model does not take, or the stream."""
    name = next((name for name, phrases in _TEMPLATES if said.says(*phrases)), None)
    if name is None and said.parameter.endswith(".role") and said.says("input should be"):
        name = DEVELOPER
    if name is None:
        return None
    if name not in _ROLE_SENTENCES:
        return _refused(name, said)
    error = UpstreamParameterRefusedError(_ROLE_SENTENCES[name], hint=_HINTS.get(name, "Choose another model."))
    error.parameter = name
    return error


def _blamed(said: ErrorWords, names: tuple[str, ...]) -> str | None:
    """Return which of `names` is at fault: what comes first, as "use max_completion_tokens instead" comes behind."""
    if (name := _first_name(said.parameter)) in names:
        return name
    places = {name: _place(said.words, name) for name in names}
    found = {name: place for name, place in places.items() if place >= 0}
    return min(found, key=lambda name: found[name]) if found else None


def _is_mentioned(words: str, name: str) -> bool:
    """Return whether `name` is among the words; some servers repeat the question, which has it before its value."""
    _, found, behind = words.partition(name)
    return bool(found) and not behind.lstrip("\"' ").replace(" ", "", 1).startswith((":{", ":true"))


def _name_behind(words: str) -> str:
    """Return the name that stands where names of fields do."""
    for phrase in _BEFORE_NAMES:
        _, _, rest = words.partition(phrase)
        beginning = rest[: _LONGEST_NAME + 2].lstrip("`'\"")  # one letter more of a name that is too long shows it
        letters = takewhile(lambda letter: letter.isalnum() or letter == "_", beginning)
        if name := "".join(letters):
            return _first_name(name)
    return ""


def _place(words: str, name: str) -> int:
    if name not in _WORDS_TOO:
        as_xai, as_cohere = name.replace("_", ""), f"{name.replace('_', ' ')} must"  # presencePenalty; top p must
        places = map(words.find, (name, as_xai, as_cohere))
        return min((place for place in places if place >= 0), default=-1)
    quoted = (words.find(text) for text in (f"'{name}'", f"`{name}`", f'"{name}"', f"{name}:"))
    at_begin = 0 if words.startswith(f"{name} must") else -1
    at_end = len(said) if (said := words.removesuffix(f": {name}")) != words else -1
    return min((place for place in (*quoted, at_begin, at_end) if place >= 0), default=-1)


def _first_name(path: str) -> str:
    """Return the parameter that a path as `stream_options.include_usage` begins with, if it can be shown."""
    name = path.partition(".")[0].partition("[")[0]
    return name if name.isascii() and name.isidentifier() and len(name) <= _LONGEST_NAME else ""


def _refused(name: str, said: ErrorWords) -> UpstreamParameterRefusedError:
    limit = number_behind(said.words, _LIMITS) if said.says(*_TOO_LARGE, "exceeds the model limit") else None
    return _refusal(name, limit)


def _refusal(name: str, limit: int | None) -> UpstreamParameterRefusedError:
    most = f" of more than {limit}" if limit else " as it is given"
    error = UpstreamParameterRefusedError(
        f"the model server does not take a {name}{most}.", hint=f"Leave {name} out, or choose another value or model."
    )
    error.parameter, error.limit = name, limit
    return error
