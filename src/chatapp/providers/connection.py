"""Which model server answers, and how it came to be the one."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from chatapp.config.settings import OPENAI_BASE_URL, Settings
from chatapp.providers.catalog import provider_of

DEFAULT = "default"
"""The name of the connection that the settings of the environment describe."""


@dataclass(frozen=True, slots=True)
class Upstream:
    """A connection to a model server, and why it was chosen.

    `name` is what the connection is called where there are several. `is_model_named`: somebody has chosen `model`; else
    the server is asked for one that it has. `is_demo`: it is the small embedded model.
    `has_one_model`: the server answers to any name with the one model it has. `address_setting`, `key_setting` and
    `model_setting` are where the user says what is theirs: hints name them.
    """

    base_url: str
    model: str
    provider: str
    reason: str
    api_key: SecretStr | None = None
    api_key_file: Path | None = None
    is_demo: bool = False
    name: str = DEFAULT
    has_one_model: bool = False
    is_model_named: bool = True
    address_setting: str = "BASE_URL"
    key_setting: str = "OPENAI_API_KEY"
    model_setting: str = "MODEL_NAME"

    def in_its_settings(self, hint: str) -> str:
        """Return `hint`, which names the settings of the default connection, with the names that this one's have."""
        names = {"BASE_URL": self.address_setting, "OPENAI_API_KEY": self.key_setting, "MODEL_NAME": self.model_setting}
        for usual, own in names.items():
            hint = hint if own == usual else hint.replace(usual, own)
        return hint


def configured_upstream(settings: Settings) -> Upstream | None:
    """Return the model server that the user named by BASE_URL or a key, or None if neither is set."""
    named = [name for name in ("base_url", "openai_api_key", "openai_api_key_file") if settings.is_set(name)]
    if not named:
        return None
    return Upstream(
        base_url=settings.base_url,
        model=settings.model_name,
        provider=provider_of(settings.base_url),
        reason=f"{named[0].upper()} is set",
        api_key=settings.openai_api_key,
        api_key_file=settings.openai_api_key_file,
        is_model_named=settings.is_set("model_name") or settings.base_url == OPENAI_BASE_URL,
    )
