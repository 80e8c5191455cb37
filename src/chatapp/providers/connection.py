"""A connection to a model server: where it is, what it has, and how it came to be there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import SecretStr

from chatapp.config.connection_values import DEFAULT
from chatapp.config.connections import ConnectionTable, PriceTable, connections_path, read_connections
from chatapp.config.settings import OPENAI_BASE_URL, Settings
from chatapp.providers.catalog import provider_of

__all__ = ["DEFAULT", "ApiKey", "ModelTraits", "Timeouts", "Upstream", "configured_upstream", "configured_upstreams"]


@dataclass(frozen=True, slots=True)
class ApiKey:
    """Where a key is: here, in a file that is read again when it changes, or in a variable."""

    value: SecretStr | None = None
    file: Path | None = None
    variable: str | None = None


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds, None for those of the settings of the same names. `place` is where they are set."""

    connect_s: float | None = None
    first_content_s: float | None = None
    gap_s: float | None = None
    total_s: float | None = None
    place: str = field(default="", compare=False)

    def over(self, settings: Settings) -> Settings:
        """Return the settings with these in place of theirs; the same object where there are none."""
        if self is _NO_TIMEOUTS or self == _NO_TIMEOUTS:
            return settings
        return settings.model_copy(update=self._set())

    def in_their_words(self, hint: str) -> str:
        """Return `hint`, which names settings, with the places of those that are set here instead, if in any."""
        for name in self._set() if self.place else ():
            hint = hint.replace(name.upper(), f"{name} of {self.place}")
        return hint

    def _set(self) -> dict[str, float]:
        told = {
            "connect_timeout": self.connect_s,
            "first_content_timeout": self.first_content_s,
            "gap_timeout": self.gap_s,
            "total_timeout": self.total_s,
        }
        return {name: value for name, value in told.items() if value is not None}


_NO_TIMEOUTS = Timeouts()

_KEYS_THERE = {
    "SSL_CERT_FILE (or REQUESTS_CA_BUNDLE)": "ca_file",
    "SSL_CERT_FILE and REQUESTS_CA_BUNDLE": "ca_file",
    "SSL_CERT_FILE": "ca_file",
    "CONTEXT_TOKENS": "window",
}
"""What hints name of the environment, as the keys of a connection that come before it."""

_PROXY_THERE = {
    "HTTPS_PROXY, HTTP_PROXY and ALL_PROXY, or except the model server in NO_PROXY": "proxy",
    "Except the model server in NO_PROXY": "Change proxy",
    "in HTTP_PROXY": "in proxy",
}
"""What hints say of the environment's proxy, where a connection has its own, which NO_PROXY does not except."""


@dataclass(frozen=True, slots=True)
class ModelTraits:
    """What somebody has said of a model; `name` is what the server calls it."""

    name: str
    window: int | None = None
    prices: PriceTable | None = None


@dataclass(frozen=True, slots=True)
class Upstream:
    """A connection to a model server, and why it is there.

    `name` is what the connection is called where there are several. `is_model_named`: somebody has chosen `model`; else
    the server is asked for one that it has. `is_demo`: it is the small embedded model, `is_found`: it
    was found on this machine.
    `has_one_model`: the server answers to any name with the one model it has. `address_setting`, `key_setting` and
    `model_setting` are where the user says what is theirs, `place` is the table that does: hints name them.
    `models` are those that are offered, by the names they have here; None for all that the server lists. `proxy` is
    empty where there is to be none, None for that of the environment. `without` is what the server cannot do.
    """

    base_url: str
    model: str
    provider: str
    reason: str
    keys: tuple[ApiKey, ...] = ()
    is_demo: bool = False
    is_found: bool = False
    name: str = DEFAULT
    has_one_model: bool = False
    is_model_named: bool = True
    address_setting: str = "BASE_URL"
    key_setting: str = "OPENAI_API_KEY"
    model_setting: str = "MODEL_NAME"
    models: Mapping[str, ModelTraits] | None = None
    headers: Mapping[str, SecretStr] = field(default_factory=dict)
    ca_file: Path | None = None
    proxy: SecretStr | None = None
    timeouts: Timeouts = _NO_TIMEOUTS
    window: int | None = None
    prices: PriceTable | None = None
    without: frozenset[str] = frozenset()
    place: str = ""

    def traits_of(self, model: str) -> ModelTraits:
        """Return what has been said of `model`, which goes by this name here."""
        traits = self.models.get(model) if self.models else None
        if traits is None:
            return ModelTraits(model, self.window, self.prices)
        return ModelTraits(traits.name, traits.window or self.window, traits.prices or self.prices)

    def name_of(self, model: str) -> str:
        """Return what the server calls `model`, which goes by this name here."""
        traits = self.models.get(model) if self.models else None
        return model if traits is None else traits.name

    def in_its_settings(self, hint: str) -> str:
        """Return `hint`, which names the settings of the default connection, with the names that this one's have."""
        names = {"BASE_URL": self.address_setting, "OPENAI_API_KEY": self.key_setting, "MODEL_NAME": self.model_setting}
        if self.name != DEFAULT:
            hint = hint.replace("OPENAI_API_KEY_FILE", self.key_setting)
        for usual, own in names.items():
            hint = hint if own == usual else hint.replace(usual, own)
        for usual, key in _KEYS_THERE.items() if self.place else ():
            hint = hint.replace(usual, f"{key} of {self.place}")
        for usual, key in _PROXY_THERE.items() if self.proxy is not None else ():
            hint = hint.replace(usual, f"{key} of {self.place}")
        return self.timeouts.in_their_words(hint)


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
        keys=_keys_of_settings(settings),
        is_model_named=settings.is_set("model_name") or settings.base_url == OPENAI_BASE_URL,
    )


def fallback_upstream(settings: Settings) -> Upstream:
    """Return OpenAI, for who has configured nothing: without the key that it wants, it is sent no question."""
    return Upstream(
        base_url=settings.base_url,
        model=settings.model_name,
        provider=provider_of(settings.base_url),
        reason="nothing else is configured",
        keys=(ApiKey(variable="OPENAI_API_KEY"),),
    )


def configured_upstreams(settings: Settings) -> list[Upstream]:
    """Return the model servers that the user named, that of the environment first, then those of the file.

    Raises:
        SettingsError: the file of connections says what cannot be.
    """
    path = connections_path(settings)
    tables = read_connections(path).connections if path else {}
    default = configured_upstream(settings)
    return [*([default] if default else []), *(upstream_of(name, table) for name, table in tables.items())]


def _keys_of_settings(settings: Settings) -> tuple[ApiKey, ...]:
    """Return the one key of the environment, none if there is none; that of a file comes first."""
    if settings.openai_api_key_file is not None:
        return (ApiKey(file=settings.openai_api_key_file),)
    return (ApiKey(settings.openai_api_key),) if settings.openai_api_key is not None else ()


def upstream_of(name: str, table: ConnectionTable) -> Upstream:
    """Return the connection that `[connections.NAME]` describes."""
    place = f"[connections.{name}]"
    models = _models_of(table)
    return Upstream(
        base_url=table.base_url,
        model=next(iter(models), "") if models else "",
        provider=provider_of(table.base_url),
        reason=f"{place} names it",
        keys=(
            *map(ApiKey, table.api_key),
            *(ApiKey(variable=variable) for variable in table.api_key_variable),
            *(ApiKey(file=file) for file in table.api_key_file),
        ),
        name=name,
        is_model_named=bool(models),
        address_setting=f"base_url of {place}",
        key_setting=f"the key of {place}",
        model_setting=f"models of {place}",
        models=models,
        headers=table.headers,
        ca_file=table.ca_file,
        proxy=table.proxy,
        timeouts=_timeouts(table, place),
        window=table.window,
        prices=table.prices,
        without=table.without,
        place=place,
    )


def _timeouts(table: ConnectionTable, place: str) -> Timeouts:
    told = (table.connect_timeout, table.first_content_timeout, table.gap_timeout, table.total_timeout)
    return Timeouts(*told, place)


def _models_of(table: ConnectionTable) -> dict[str, ModelTraits] | None:
    if table.models is None:
        return None
    return {name: ModelTraits(told.model or name, told.window, told.prices) for name, told in table.models.items()}
