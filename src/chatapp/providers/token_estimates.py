"""About how many tokens a text takes, for who has no tokenizer."""

TOKENS_PER_MESSAGE = 8

_LETTERS = 4.0
"""Letters of a token within a word. With `_WORD` it is a third more than English takes, and right for hexadecimal."""

_WORD = 0.75
"""What each run of letters takes beside: short ones, as in hexadecimal, are as dear as long ones."""


def _table(kinds: dict[str, bytes]) -> bytes:
    """Return the table that `bytes.translate` needs; what is in no kind is `-`."""
    table = bytearray(b"-" * 128 + b"~" * 128)
    for kind, characters in kinds.items():
        for character in characters:
            table[character] = ord(kind)
    return bytes(table)


_KINDS = _table(
    {
        "a": b"abcdefghijklmnopqrstuvwxyz",
        "A": b"ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "0": b"0123456789",
        " ": b" \t",
        "\n": b"\r\n",
    }
)
_WORDS = _table({"a": b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"})


def estimated_text_tokens(text: str) -> int:
    """Return about how many tokens a text takes, by what tokenizers of small and large models were measured to do.

    Digits and signs are a token each, which makes tables, logs and UUIDs three times as dear as prose. Of other scripts
    than Latin a character is one (Cyrillic, Arabic), two (Thai, Chinese) or three (emoji): its bytes but one.
    """
    data = text.encode()
    kinds, words = data.translate(_KINDS), data.translate(_WORDS)
    letters = kinds.count(b"a") + kinds.count(b"A")
    runs = words.count(b"-a") + words.count(b"~a") + words.startswith(b"a") + kinds.count(b"aA")
    signs = kinds.count(b"0") + kinds.count(b"-") + kinds.count(b"\n")
    spaces = kinds.count(b" 0") + kinds.count(b"  ") / 2
    return int(letters / _LETTERS + runs * _WORD + signs + spaces + len(data) - len(text))
