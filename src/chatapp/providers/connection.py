"""Which model server answers, and how it came to be the one."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from chatapp.config.settings import Settings
from chatapp.providers.catalog import provider_of


@dataclass(frozen=True, slots=True)
class Upstream:
    """The model server that answers, and why it was chosen. `is_demo`: it is the small embedded model."""

    base_url: str
    model: str
    provider: str
    reason: str
    api_key: SecretStr | None = None
    api_key_file: Path | None = None
    is_demo: bool = False


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
    )
