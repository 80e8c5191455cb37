"""Every setting, in one frozen object, and the model server they name."""

import logging
import re
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, Self

from platformdirs import user_data_path
from pydantic import (
    AfterValidator,
    AliasChoices,
    Field,
    PositiveInt,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from pydantic_settings import SettingsError as UnreadableError

from chatapp.config.budgets import parse_budgets
from chatapp.config.environment import from_home, load_env_files, origin_of, secret_folders
from chatapp.config.wrong_values import allowed_by, may_hold_secret
from chatapp.errors import SettingsError
from chatapp.hosts import allowed_host, api_url, host_alone, url_parts

Port = Annotated[int, Field(ge=1, le=65535)]
Seconds = Annotated[float, Field(gt=0, le=1e9, allow_inf_nan=False)]
HomePath = Annotated[Path, AfterValidator(from_home)]
Names = Annotated[tuple[str, ...], NoDecode]
_SCHEMES = {
    "database_url": (("postgresql://", "postgres://"), "postgresql://"),
    "redis_url": (("redis://", "rediss://", "redis+unix://"), "redis://, rediss:// or redis+unix://"),
}
"""How an address begins, and what is said of that."""
_RATE = re.compile(r"[1-9][0-9]{0,5}/(second|minute|hour|day)")

OPENAI_BASE_URL = "https://api.openai.com/v1"
OPENAI_MODEL = "gpt-4o-mini"

log = logging.getLogger(__name__)


class Settings(BaseSettings):
    """What a user can set. Each field is the environment variable of the same name in capitals."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True, hide_input_in_errors=True)

    openai_api_key: SecretStr | None = Field(None, description="Key sent to the model server.")
    openai_api_key_file: HomePath | None = Field(
        None,
        description="File that holds the key instead; read again when it changes, so a key is rotated while running.",
    )
    base_url: str = Field(
        OPENAI_BASE_URL,
        validation_alias=AliasChoices("base_url", "openai_base_url"),
        description="Any OpenAI-compatible server; `OPENAI_BASE_URL` is read too.",
    )
    model_name: str = Field(
        OPENAI_MODEL,
        description="Model to ask. Unless this is set, a server that `BASE_URL` names, or that was found, is asked "
        "for the first that it lists.",
    )
    connections: HomePath | None = Field(
        None,
        description="File of further model servers. Default: `connections.toml` in your configuration folder, if there "
        "is one.",
    )
    local_model: str = Field(
        "smollm2-135m",
        description="Embedded model: a built-in name, a path to a `.gguf` file, or a Hugging Face repository "
        "`owner/name`.",
    )

    backend_url: str = Field(
        "http://localhost:8000", description="Where the page, `ask` and `health` look for the backend."
    )
    backend_api_key: SecretStr | None = Field(
        None, description="Key the page, `ask` and `health` send to a backend that has `API_KEYS`."
    )
    use_streaming: bool = Field(
        False, description="Show answers while they are made. `chatapp up` turns it on unless this is set."
    )
    request_timeout: Seconds = Field(30, description="Seconds the page and `ask` wait for the next byte.")

    host: Annotated[str, AfterValidator(host_alone)] = Field(
        "127.0.0.1", description="Address to listen on. Beyond this machine it needs `API_KEYS`."
    )
    port: Port = Field(8000, description="Port of the backend.")
    ui_port: Port = Field(8501, description="Port of the page.")
    allowed_hosts: Annotated[tuple[Annotated[str, AfterValidator(allowed_host)], ...], NoDecode] = Field(
        (), description="Names, separated by commas, that this machine is called by, beside localhost and `HOST`."
    )
    api_keys: SecretStr | None = Field(
        None,
        description="Who may ask: `name:key` pairs separated by commas, or a file of `name:<SHA-256 of the key>` "
        "lines, behind whose key what it may spend can stand as in `BUDGETS`: `ann:<SHA-256 of the key> 5/day`.",
    )
    admin_keys: Names = Field(
        (), description="Names, separated by commas, of the keys that see what all keys have used."
    )
    share_links: bool = Field(False, description="Let people make links to their conversations that need no key.")
    rate_limit: str | None = Field(
        None,
        description="Most requests of each key, or of each address where there are no keys, such as `60/minute`; "
        "further ones get status 429. Default: any number.",
    )
    budgets: str | None = Field(
        None,
        description="Most that may be spent, in dollars or tokens, by a key, by all (`*`) or over a connection: "
        "`ann:5/day,*:100/month,connection/openai:50/month,bob:200000 tokens/day`. Beyond it status 429.",
    )
    redis_url: SecretStr | None = Field(
        None,
        description="Redis that counts for `RATE_LIMIT` over several machines: `redis://user:password@host:port`. "
        "Without it the processes of one machine count together.",
    )
    trusted_proxy: Names = Field(
        (),
        description="Addresses or networks, separated by commas, of the proxy in front: what it says in "
        "`X-Forwarded-For` is the address that `RATE_LIMIT` counts. Default: nobody's word is taken for it.",
    )
    cors_origins: Names = Field(
        (),
        description="Web origins, separated by commas, whose pages may read answers. Default: any port of localhost "
        "and 127.0.0.1. `*` means every page, then without credentials.",
    )

    connect_timeout: Seconds = Field(5, description="Seconds to reach the model server.")
    first_content_timeout: Seconds = Field(60, description="Seconds until the model's first word.")
    gap_timeout: Seconds = Field(30, description="Seconds between two words.")
    total_timeout: Seconds = Field(300, description="Seconds for a whole answer.")
    context_tokens: PositiveInt | None = Field(
        None, description="Tokens the model can read. Default: what is known of the model, or what its server tells."
    )
    max_body_bytes: PositiveInt = Field(1024 * 1024, description="Largest request body, in bytes.")
    max_attachment_bytes: PositiveInt = Field(
        50 * 1024 * 1024, description="Largest file that can be attached to a question, in bytes."
    )
    attachment_quota_bytes: PositiveInt = Field(
        5 * 1024**3, description="What the attachments of one person may take together, in bytes."
    )
    max_prompt_chars: PositiveInt = Field(100_000, description="Longest prompt, in characters.")
    max_event_bytes: PositiveInt = Field(
        1024 * 1024, description="Largest event accepted from the model server, in bytes."
    )
    max_answer_bytes: PositiveInt = Field(8 * 1024 * 1024, description="Largest answer, in bytes.")
    max_active_turns: PositiveInt = Field(
        1000, description="Answers made at a time by one process; a further question gets status 503."
    )

    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="How much is logged.")
    log_format: Literal["text", "json"] = Field(
        "text", description="`json` writes one JSON object a line, for machines."
    )
    data_dir: HomePath = Field(
        default_factory=lambda: user_data_path("chatapp", appauthor=False),
        description="Folder for conversations and other files of ours. Default: the user's data folder.",
    )
    gateway_store: bool = Field(True, description="Keep what clients ask under `/v1`, unless they ask not to.")
    database_url: SecretStr | None = Field(
        None,
        description="PostgreSQL for conversations instead of a file in `DATA_DIR`: `postgresql://user:password@host/name`.",
    )

    secrets: ClassVar[frozenset[str]] = frozenset(
        {"openai_api_key", "backend_api_key", "api_keys", "database_url", "redis_url"}
    )

    @classmethod
    def load(cls, **options: Any) -> Self:
        """Return this process's settings: `options` that are not None, environment, `.env`, secret files, defaults.

        Raises:
            SettingsError: a value is not allowed; the sentence names the setting.
        """
        load_env_files()
        given = {name: value for name, value in options.items() if value is not None}
        try:
            return cls(**{"_secrets_dir": secret_folders(), **given})
        except UnreadableError:
            raise SettingsError("The file of a secret cannot be read.", hint="It must be UTF-8 text.") from None
        except ValidationError as error:
            raise SettingsError(_fault(error.errors(include_url=False)[0])) from None

    @field_validator("allowed_hosts", "admin_keys", "trusted_proxy", "cors_origins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(filter(None, (part.strip() for part in value.split(",")))) if isinstance(value, str) else value

    @field_validator("openai_api_key", "backend_api_key")
    @classmethod
    def _fits_a_header(cls, value: SecretStr | None) -> SecretStr | None:
        key = value.get_secret_value().removeprefix("\ufeff").strip() if value else ""
        if not (key.isascii() and key.isprintable()):
            raise ValueError("made of plain letters, digits and signs")
        return SecretStr(key) if key else None

    @field_validator("base_url", "backend_url")
    @classmethod
    def _is_http_url(cls, value: str) -> str:
        return api_url(value)

    @field_validator("database_url", "redis_url")
    @classmethod
    def _has_scheme(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        schemes, told = _SCHEMES[str(info.field_name)]
        if value is not None and not value.get_secret_value().startswith(schemes):
            raise ValueError(f"an address that starts with {told}")
        return value

    @field_validator("rate_limit")
    @classmethod
    def _is_rate(cls, value: str | None) -> str | None:
        if value is not None and not _RATE.fullmatch(value):
            raise ValueError("a number and a time, such as 60/minute: second, minute, hour or day")
        return value

    @field_validator("budgets")
    @classmethod
    def _are_budgets(cls, value: str | None) -> str | None:
        parse_budgets(value or "")
        return value

    @field_validator("trusted_proxy")
    @classmethod
    def _are_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for network in value:
            try:
                ip_network(network)
            except ValueError:
                raise ValueError("addresses or networks such as 10.0.0.0/8, separated by commas") from None
        return value

    @field_validator("cors_origins")
    @classmethod
    def _are_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            parts = url_parts(origin)
            is_origin = parts is not None and parts.scheme in {"http", "https"} and parts.netloc and not parts.path
            if origin != "*" and not is_origin:
                raise ValueError("`*` or origins such as https://chat.example.org, separated by commas")
        return value

    @field_validator("port", "ui_port", mode="before")
    @classmethod
    def _is_not_a_service(cls, value: object, info: ValidationInfo) -> object:
        """Pass by what Kubernetes sets for a service named `ui`: UI_PORT=tcp://10.43.0.1:8501."""
        if not (isinstance(value, str) and "://" in value):
            return value
        default = cls.model_fields[str(info.field_name)].default
        name = str(info.field_name).upper()
        log.warning("%s is an address, as Kubernetes sets it for a service of that name; %s is used", name, default)
        return default

    @field_validator("log_level", "log_format", mode="before")
    @classmethod
    def _lower(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    def origin(self, name: str) -> str:
        """Return what gave the field `name` its value: a variable's origin, "a secret file", or "default"."""
        return origin_of(name.upper()) or ("a secret file" if self.is_set(name) else "default")

    def is_set(self, name: str) -> bool:
        """Return whether the user gave the field `name` a value."""
        return name in self.model_fields_set


def _fault(error: ErrorDetails) -> str:
    """Return one sentence about a wrong value: the setting, the value unless it is a secret, what is allowed."""
    name = str(error["loc"][0]).lower()
    is_secret = name in Settings.secrets or may_hold_secret(str(error["input"]))
    shown = "has a value that cannot be used" if is_secret else f"is {error['input']!r}"
    return f"{name.upper()} {shown}: it must be {allowed_by(error['msg'])}."


class SettingRow(NamedTuple):
    """One line of the documentation of the settings."""

    name: str
    default: str
    meaning: str


def setting_rows() -> list[SettingRow]:
    """Return every setting with its default and its sentence, in the order of `Settings`."""
    return [
        SettingRow(name.upper(), _shown(field.default), field.description or "")
        for name, field in Settings.model_fields.items()
    ]


def _shown(default: object) -> str:
    shown = str(default) if isinstance(default, int | float | str) else ""
    return shown.lower() if isinstance(default, bool) else shown
