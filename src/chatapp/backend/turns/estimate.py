"""About how many tokens a text is, for calls whose server does not count, or whose count did not come."""

from chatapp.backend.attachments.media import MEDIA_TOKENS
from chatapp.backend.models.chat_model import ModelRequest, TokenUsage

_BYTES_PER_TOKEN = 4
"""Of English and code; roughly so of other languages too."""

_PER_MESSAGE = 4
"""What marks where a message begins and who says it."""

_LETTER, _WORD, _DIGIT, _SIGN, _LINE = 0.10, 0.73, 0.60, 0.72, 0.5
"""What a letter takes, a run of them beside, a digit, a sign and the end of a line."""

_TWO_BYTES, _THREE_BYTES = 0.4, 0.95
"""What a character takes that is of Latin's neighbours, and one of Chinese, Japanese and Korean."""

_KINDS = bytes(
    ord(
        next(
            kind
            for kind, bytes_of_kind in (
                ("a", b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"),
                ("0", b"0123456789"),
                ("\n", b"\r\n"),
                (" ", b" \t"),
                ("-", range(0x80)),
                ("c", range(0x80, 0xC0)),  # of a character that began before
                ("2", range(0xC0, 0xE0)),
                ("3", range(0xE0, 0x100)),
            )
            if byte in bytes_of_kind
        )
    )
    for byte in range(256)
)
_LETTERS = bytes(byte if byte == ord("a") else ord(" ") for byte in range(256))


def likely_tokens(text: str) -> int:
    """Return about how many tokens a text is: neither too many nor too few on average. Linear in its length.

    Measured with the tokenizers of GPT-4o, DeepSeek and Claude 2: English and code come out 6 % too high at most, texts
    of 1500 characters between 11 % too low and 16 % too high. Chinese and digits are right within 7 % for the first
    two; for the third, older one they are 20 % too low and 26 % too high. Russian is off by 40 % either way.
    """
    if not text:
        return 0
    kinds = text.encode(errors="replace").translate(_KINDS)
    count = kinds.count
    letters = b" " + kinds.translate(_LETTERS)
    words = letters.count(b" a")
    tokens = (
        (len(letters) - letters.count(b" ")) * _LETTER  # to count what is rarer takes half as long
        + words * _WORD
        + count(b"0") * _DIGIT
        + count(b"-") * _SIGN
        + count(b"\n") * _LINE
        + count(b"2") * _TWO_BYTES
        + count(b"3") * _THREE_BYTES
    )
    return max(1, round(tokens))


def rough_usage(prompt_bytes: int, said_bytes: int, *, media: int) -> TokenUsage:
    """Return about what a call has taken up to now, at next to no cost: a token for each four bytes."""
    prompt = prompt_bytes // _BYTES_PER_TOKEN + MEDIA_TOKENS * media
    completion = said_bytes // _BYTES_PER_TOKEN
    return TokenUsage(prompt, completion, prompt + completion)


def likely_usage(request: ModelRequest, answer: str = "", reasoning: str = "") -> TokenUsage:
    """Return what a call has probably taken that has said that much. Each picture counts as much as any other."""
    texts = request.read_texts()
    prompt = likely_tokens(" ".join(texts)) + _PER_MESSAGE * len(texts)  # one by one, 2,000 take twice as long
    prompt += MEDIA_TOKENS * len(request.read_media())
    thought = likely_tokens(reasoning)
    completion = likely_tokens(answer) + thought
    return TokenUsage(prompt, completion, prompt + completion, reasoning_tokens=thought)
