"""The encoding of a text file: told by its mark, seen in its bytes, or guessed by the letters of languages."""

import re
from collections import Counter

_MARKS = (
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
    (b"\xef\xbb\xbf", "utf-8-sig"),
)
_LANGUAGES = (
    ("cp1252", "äöüß"),
    ("cp1252", "àâæçéèêëîïôœùûüÿ"),
    ("cp1252", "áéíñóúüªº"),
    ("cp1252", "ãáâàçéêíõóôú"),
    ("cp1252", "àèéìíòóùúî"),
    ("cp1252", "åäöéü"),
    ("cp1252", "åæøéèêóòô"),
    ("cp1252", "ëéèïöüáóíê"),
    ("cp1252", "áðéíóúýþæö"),
    ("cp1250", "ąćęłńóśźż"),
    ("cp1250", "áčďéěíňóřšťúůýž"),
    ("cp1250", "áäčďéíĺľňóôŕšťúýž"),
    ("cp1250", "áéíóöőúüű"),
    ("cp1250", "čćđšž"),
    ("cp1250", "ăâîşţ"),
    ("cp1254", "çğıöşüâîİ"),
    ("cp1257", "ąčęėįšųūž"),
    ("cp1257", "āčēģīķļņšūž"),
    ("cp1257", "äõöüšž"),
)
"""The letters of languages beyond ASCII, and the code page of Windows that has them; the likelier before others.

To tell them by how likely a text is takes a long one: Spanish words of a table came out as if they were Czech.
"""

_OTHER_SCRIPTS = [
    "cp1251",
    "koi8_r",
    "cp866",
    "cp1253",
    "cp1255",
    "cp1256",
    "cp874",
    "shift_jis",
    "euc_jp",
    "gb18030",
    "big5",
    "euc_kr",
]
"""Beside code, which is ASCII, comments in Cyrillic are else taken for what no language writes."""

_IN_7_BITS = ("iso-2022-", "hz", "utf-7")
"""Their bytes are ASCII, and so UTF-8, too."""

_SAID_OF_ANY = {"", "ascii", "us-ascii", "utf-8", "utf8", "unicode"}
_WIDER = {
    **dict.fromkeys(("iso-8859-1", "latin1", "iso_8859-1"), "cp1252"),
    "iso-8859-9": "cp1254",
    "shift_jis": "cp932",
    **dict.fromkeys(("gb2312", "gbk"), "gb18030"),
    **dict.fromkeys(("euc-kr", "ks_c_5601-1987"), "cp949"),
}
"""What programs write under names of smaller encodings (https://encoding.spec.whatwg.org/#names-and-labels)."""

_SCRIPT = re.compile(rb"[\x80-\xff]{3,}")
_HIGH = bytes(range(128, 256))
_LEAST_SHARE = 0.9
_FEW = 4
"""Of so many characters that are right as UTF-8 one may be wrong: a text that was cut, or joined of two."""

_GUESSED_BY = 1_000_000


def decoded(raw: bytes, said: str = "") -> str:
    """Return `raw` as text: in the encoding that its mark names, in UTF-8, as it is `said` to be, or in the likeliest.

    What is said counts last but for guesses: much that is said to be in another encoding is in UTF-8.
    """
    said = said.strip().lower()
    if said.startswith(_IN_7_BITS) and _is_known(said):
        return raw.decode(said, errors="replace")
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            return raw.decode(encoding, errors="replace")
    if unmarked := unmarked_utf_16(raw[:4096]):
        return raw.decode(unmarked, errors="replace")
    text = raw.decode(errors="replace")
    wrong = text.count("\ufffd")
    if wrong == 0 or wrong * _FEW <= sum(not char.isascii() for char in text) - wrong:
        return text
    if said not in _SAID_OF_ANY and _is_known(said):
        return raw.decode(_WIDER.get(said, said), errors="replace")
    sample = raw[:_GUESSED_BY]
    if _is_latin(sample):
        encoding = _of_latin_letters(sample) or _likeliest(sample, among=None)
    else:
        encoding = _likeliest(sample, among=_OTHER_SCRIPTS)
    return raw.decode(encoding, errors="replace")


def _is_known(encoding: str) -> bool:
    try:
        b"a".decode(encoding, errors="replace")
    except (LookupError, ValueError):
        return False
    return True


def unmarked_utf_16(first: bytes) -> str | None:
    """Return which UTF-16 a file is in that begins with `first`, by the zeros between Latin letters; None for none."""
    half = len(first) // 2
    zeros = first[: half * 2 : 2].count(0), first[1::2].count(0)
    for encoding, zero, letters in (("utf-16-be", *zeros), ("utf-16-le", *zeros[::-1])):
        if half > 1 and not letters and zero * 10 > half * 7:
            return encoding
    return None


def _is_latin(sample: bytes) -> bool:
    """Return whether what is no ASCII stands alone or in pairs, as between the letters of Latin scripts."""
    size = len(sample) - len(sample.translate(None, _HIGH))
    return sum(len(run) for run in _SCRIPT.findall(sample)) * 2 <= size


def _of_latin_letters(sample: bytes) -> str | None:
    """Return the code page of the language whose letters a text has, None where no language has almost all of them."""
    counted: dict[str, Counter[str]] = {}
    shares: list[tuple[float, str]] = []
    for encoding, letters in _LANGUAGES:
        try:
            counts = counted.get(encoding) or Counter(sample.decode(encoding))
        except UnicodeDecodeError:
            continue
        counted[encoding] = counts
        shares.append((_share(counts, {*letters, *letters.upper()}), encoding))
    share, encoding = max(shares, key=lambda told: told[0], default=(0.0, ""))
    return encoding if share >= _LEAST_SHARE else None


def _share(counts: Counter[str], letters: set[str]) -> float:
    """Return which part of the letters beyond ASCII are among `letters`; 1 where there are only signs, such as €."""
    beyond = {char: count for char, count in counts.items() if not char.isascii() and char.isalpha()}
    known = sum(count for char, count in beyond.items() if char in letters)
    return known / sum(beyond.values()) if beyond else 1.0


def _likeliest(sample: bytes, *, among: list[str] | None) -> str:
    from charset_normalizer import from_bytes  # noqa: PLC0415 - most files are UTF-8 and need not wait for it

    best = from_bytes(sample, cp_isolation=among).best()
    return best.encoding if best else "latin-1"
