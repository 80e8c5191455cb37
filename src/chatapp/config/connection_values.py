"""The values that the file of connections may hold."""

import re
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, PositiveInt, SecretStr

from chatapp.config.environment import file_with_certificates
from chatapp.config.settings import HomePath, Seconds

DEFAULT = "default"
"""The name of the connection that the settings of the environment describe."""

EMBEDDED = "embedded"
"""The name of the connection to the embedded model."""

_NAMES_OF_VARIABLES = ("$", "{env:", "os.environ/")
"""How the files of other programs say that a key is in a variable; no key begins so."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
"""What a header may be called."""


def _listed(value: object) -> object:
    if not isinstance(value, str | list | tuple):
        raise ValueError("a text, or a list of texts")
    return [value] if isinstance(value, str) else value


def _number(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("a number")
    return value


def _plain(key: SecretStr) -> SecretStr:
    text = key.get_secret_value().strip()
    if not (text and text.isascii() and text.isprintable()):
        raise ValueError("made of plain letters, digits and signs")
    return SecretStr(text)


def _key(key: SecretStr) -> SecretStr:
    text = _plain(key).get_secret_value()
    if text.startswith(_NAMES_OF_VARIABLES):
        raise ValueError("the key itself: a variable that holds it is named by `api_key_variable`")
    return SecretStr(text.removeprefix("Bearer "))


def _name(text: str) -> str:
    if text in {DEFAULT, EMBEDDED}:
        raise ValueError(f"named otherwise, as {text!r} is a connection that is there without this file")
    if not _NAME.fullmatch(text):
        raise ValueError(f"named with letters, digits, `.`, `_` and `-`, and not {text[:40]!r}")
    return text


Name = Annotated[str, AfterValidator(_name)]
Plain = Annotated[SecretStr, AfterValidator(_plain)]
Secret = Annotated[SecretStr, AfterValidator(_key)]
Number = BeforeValidator(_number)
Price = Annotated[Decimal, Field(ge=0, allow_inf_nan=False), Number]
Window = Annotated[PositiveInt, Number]
Time = Annotated[Seconds, Number]
CertificatesFile = Annotated[HomePath, AfterValidator(file_with_certificates)]
OneOrMore = BeforeValidator(_listed)
