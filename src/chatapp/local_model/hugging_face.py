"""Weights from a repository on Hugging Face: which of its files, and that file."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from chatapp.local_model.cache import Fetched, require_space
from chatapp.local_model.failures import failure, wrong_setting

if TYPE_CHECKING:
    from requests import Response

ENDPOINT = "https://huggingface.co"
REPOSITORY = re.compile(r"(?P<name>[\w.-]+/[\w.-]+)(:(?P<quantisation>\w+))?")
"""`owner/name`, or `owner/name:Q8_0` for the file of that quantisation."""

_PREFERRED = ("Q4_K_M", "Q4_0", "Q4_1", "Q5_K_M", "Q8_0")
_NOT_A_MODEL_ALONE = re.compile(r"mmproj|imatrix|-of-\d+\.gguf$", re.IGNORECASE)
_TIMEOUT_S = (5, 30)
_CHUNK_BYTES = 1024 * 1024


class _RemoteFile(NamedTuple):
    path: str
    size_bytes: int
    sha256: str


class Repository(NamedTuple):
    """A repository as LOCAL_MODEL names it: `owner/name`, optionally with `:quantisation`."""

    named: str
    endpoint: str = ENDPOINT

    @property
    def file_name(self) -> str:
        """The name under which its file is kept here."""
        return f"{re.sub(r'[/:]', '--', self.named)}.gguf"

    def fetch(self, scratch: Path, on_progress: Callable[[int, int], object]) -> Fetched:
        """Put the repository's file into `scratch`; `on_progress` gets the bytes so far and in all.

        Raises:
            LocalModelError: Hugging Face cannot be reached.
            SettingsError: it has no such file.
        """
        match = REPOSITORY.fullmatch(self.named)
        name, quantisation = (match["name"], match["quantisation"]) if match else (self.named, None)
        with _our_errors(name):
            with self._get(f"/api/models/{name}/tree/main", recursive="true") as response:
                file = _chosen(response.json(), quantisation)
            if file is None:
                raise wrong_setting(f"{self.named} on Hugging Face has no .gguf file for us.", hint="Choose another.")
            require_space(scratch, file.size_bytes)
            return self._download(name, file, scratch / self.file_name, on_progress)

    def _download(self, name: str, file: _RemoteFile, to: Path, on_progress: Callable[[int, int], object]) -> Fetched:
        done = 0
        with self._get(f"/{name}/resolve/main/{file.path}") as response, to.open("wb") as target:
            for chunk in response.iter_content(_CHUNK_BYTES):
                done += target.write(chunk)
                on_progress(done, file.size_bytes)
        return Fetched(to, file.sha256)

    @contextmanager
    def _get(self, path: str, **query: str) -> Iterator["Response"]:
        import requests  # noqa: PLC0415 - 0.2 s that only a download pays

        with requests.get(f"{self.endpoint}{path}", params=query, stream=True, timeout=_TIMEOUT_S) as response:
            response.raise_for_status()
            yield response


@contextmanager
def _our_errors(name: str) -> Iterator[None]:
    import requests  # noqa: PLC0415

    try:
        yield
    except requests.HTTPError as error:
        status = error.response.status_code
        if status in {401, 403, 404}:
            raise wrong_setting(f"Hugging Face has no public repository {name}.", hint="Check LOCAL_MODEL.") from error
        raise failure(f"Hugging Face answers with status {status}.", hint="Try again later.") from error
    except (requests.RequestException, ValueError) as error:
        raise failure(f"{name} cannot be fetched from Hugging Face.", hint="Check the network.") from error


def _chosen(listing: list[dict[str, Any]], quantisation: str | None) -> _RemoteFile | None:
    """Return the file of `quantisation`, else of the one most people take, else the smallest."""
    files = sorted(_models_in(listing), key=lambda file: file.size_bytes)
    for wanted in (quantisation,) if quantisation else _PREFERRED:
        for file in files:
            if wanted.lower() in file.path.lower():
                return file
    return files[0] if files and not quantisation else None


def _models_in(listing: list[dict[str, Any]]) -> Iterator[_RemoteFile]:
    for entry in listing:
        path, large = entry.get("path", ""), entry.get("lfs")
        if path.endswith(".gguf") and large and not _NOT_A_MODEL_ALONE.search(path):
            yield _RemoteFile(path, large["size"], large["oid"])
