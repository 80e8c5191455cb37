"""The model servers that people know by name."""

from typing import NamedTuple
from urllib.parse import urlsplit

from chatapp.hosts import LOOPBACK_NAMES


class Provider(NamedTuple):
    """A model server that people know by name. `port` is where it listens on the user's own machine."""

    name: str
    host: str | None = None
    port: int | None = None


PROVIDERS = (
    Provider("OpenAI", host="api.openai.com"),
    Provider("OpenRouter", host="openrouter.ai"),
    Provider("Groq", host="api.groq.com"),
    Provider("Mistral", host="api.mistral.ai"),
    Provider("DeepSeek", host="api.deepseek.com"),
    Provider("Ollama", port=11434),
    Provider("LM Studio", port=1234),
    Provider("llama.cpp", port=8080),
)


def provider_of(base_url: str) -> str:
    """Return the name people know the server at `base_url` by, or its host and port."""
    parts = urlsplit(base_url)
    for provider in PROVIDERS:
        is_local = provider.port is not None and parts.port == provider.port and parts.hostname in LOOPBACK_NAMES
        if is_local or (provider.host is not None and parts.hostname == provider.host):
            return provider.name
    return parts.netloc
