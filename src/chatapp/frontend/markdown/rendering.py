"""Text of others in sentences that Streamlit draws as Markdown."""

import re

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#+\-!|~$:&])")
_NUMBERED = re.compile(r"^([ \t]*\d{1,9})(?=[.)])", re.MULTILINE)
_LINKED = re.compile(r"://|@|\bwww(?=\.)|:(?=(?:[+-]?1|100|1234|[a-zA-Z][\w+-]*):|material/)")
_JOINER = "\N{WORD JOINER}"
"""Nothing on screen, and enough between two characters for them to be no address and no name of Streamlit's."""


def literal(text: str) -> str:
    """Return Markdown that draws `text` as it is, for sentences that name addresses or quote what others wrote.

    Neither does an address in it become a link, nor a name between colons a picture.
    """
    return _NUMBERED.sub(r"\1\\", _SPECIAL.sub(r"\\\1", _LINKED.sub(rf"\g<0>{_JOINER}", text)))
