"""Requests with API keys, and files that hold them."""

import hashlib
from pathlib import Path
from typing import Any

import requests

from support.running_backend import RunningBackend

KEY = "k3y-0f-ada"


def key_file(path: Path, **keys: str) -> Path:
    """Write `name:digest` lines; the file is replaced, as an editor or a secret store does it."""
    lines = [f"{name}:{hashlib.sha256(key.encode()).hexdigest()}" for name, key in keys.items()]
    part = path.with_suffix(".part")
    part.write_text("\n".join(["", *lines, ""]), encoding="utf-8")
    return part.replace(path)


def get(backend: RunningBackend, path: str = "/conversations", **headers: Any) -> requests.Response:
    return requests.get(backend.url + path, headers=headers, timeout=10)


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}
