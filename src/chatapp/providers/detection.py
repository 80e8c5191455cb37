"""Which model server answers: the one the user named, or one that is found on this machine."""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from threading import Thread

from chatapp.config.settings import Settings
from chatapp.processes.http_probe import fetch
from chatapp.providers.catalog import PROVIDERS, Provider
from chatapp.providers.connection import Upstream, configured_upstreams
from chatapp.providers.listing import can_chat, names_in

LOOPBACK = ("127.0.0.1", "::1")
"""Where servers of this machine listen; some only on the second, which is what they take localhost for."""
TIMEOUT_S = 0.3


def choose_upstream(settings: Settings, *, providers: Sequence[Provider] = PROVIDERS) -> Upstream | None:
    """Return the model server that the user named, else one found on this machine, else None: the embedded model.

    Raises:
        SettingsError: the file of connections says what cannot be.
    """
    model_name = settings.model_name if settings.is_set("model_name") else None
    configured = configured_upstreams(settings)
    return configured[0] if configured else find_local_server(model_name, providers=providers)


def find_local_server(
    model_name: str | None = None, *, providers: Sequence[Provider] = PROVIDERS, timeout_s: float = TIMEOUT_S
) -> Upstream | None:
    """Return the first of `providers` that answers on its port of this machine within `timeout_s`, or None."""
    return next(_found(model_name, providers, timeout_s), None)


def find_local_servers(
    model_name: str | None = None, *, providers: Sequence[Provider] = PROVIDERS, timeout_s: float = TIMEOUT_S
) -> list[Upstream]:
    """Return all of `providers` that answer on their ports of this machine within `timeout_s`, in their order."""
    return list(_found(model_name, providers, timeout_s))


def _found(model_name: str | None, providers: Sequence[Provider], timeout_s: float) -> Iterator[Upstream]:
    """Yield those that answer. All are asked at the same time, for `model_name` or else the first that can chat."""
    deadline = time.monotonic() + timeout_s
    for probe in [_Probe(provider, timeout_s) for provider in providers if provider.port is not None]:
        probe.join(max(0.0, deadline - time.monotonic()))
        model = probe.models and (model_name or next(filter(can_chat, probe.models), None))
        if model:
            yield probe.upstream(model)


class _Probe(Thread):
    """One question to one port, asked as soon as it is made; `models` are the names listed so far."""

    def __init__(self, provider: Provider, timeout_s: float) -> None:
        super().__init__(name=f"looks for {provider.name}", daemon=True)
        self.models: list[str] = []
        self.host = LOOPBACK[0]
        self._provider = provider
        self._timeout_s = timeout_s
        self.start()

    def run(self) -> None:
        for self.host in LOOPBACK:
            body = fetch(self.host, self._provider.port or 0, "/v1/models", timeout_s=self._timeout_s)
            with suppress(ValueError, RecursionError):
                self.models = names_in(json.loads(body)) if body else []
            if self.models:
                return

    def upstream(self, model: str) -> Upstream:
        """Return the server that was found, to be asked for `model`."""
        name, port = self._provider.name, self._provider.port
        return Upstream(
            base_url=f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{port}/v1",
            model=model,
            provider=name,
            reason=f"{name} was found on port {port}",
            name=name.lower().replace(" ", "-"),
            is_found=True,
        )
