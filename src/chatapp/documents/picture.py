"""Pictures as models take them."""

import io
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

if TYPE_CHECKING:
    from PIL import Image

LONGEST_SIDE = 1568
"""Vendors make larger pictures as small as this, or smaller, before their models see them."""

_LONGEST_SIDE_OF_COPY = 320
"""Of what lists show, as sharp on a screen with two pixels for one."""

_MOST_PIXELS = 100_000_000
_QUALITY = 85


class Drawn(NamedTuple):
    """A picture for models, a small copy of it for lists, and what of the file is left out."""

    picture: bytes
    thumbnail: bytes
    notes: tuple[str, ...]


def for_models(path: Path) -> Drawn:
    """Return a picture upright, small enough and without metadata.

    Raises:
        OSError: it is no picture, or a damaged one.
        PIL.Image.DecompressionBombError: it has more pixels than anybody can look at.
    """
    from PIL import Image, ImageOps  # noqa: PLC0415 - only some files are pictures

    with path.open("rb") as file:
        if file.read(8).endswith(b"ftyp"):
            from pi_heif import register_heif_opener  # noqa: PLC0415 - only phones write these

            register_heif_opener()
    Image.MAX_IMAGE_PIXELS = _MOST_PIXELS // 2  # it refuses twice as many
    with Image.open(path) as image:
        frames = getattr(image, "n_frames", 1)
        image.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))  # decodes a large JPEG at a fraction of its size
        upright = ImageOps.exif_transpose(_in_8_bits(image))
        upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        is_clear = upright.has_transparency_data
        drawn = upright.convert("RGBA" if is_clear else "RGB")
    drawn.info.clear()
    picture = _encoded(drawn)
    drawn.thumbnail((_LONGEST_SIDE_OF_COPY, _LONGEST_SIDE_OF_COPY))
    notes = (f"Only the first of its {frames} pictures is shown.",) if frames > 1 else ()
    return Drawn(picture, _encoded(drawn), notes)


def _in_8_bits(image: "Image.Image") -> "Image.Image":
    """Return a picture of one channel, as microscopes and scanners make, from black to white; others as they are.

    Pillow cuts off what is brighter than 255, so that most of it would be white.
    """
    if not image.mode.startswith(("I", "F")):
        return image
    grey = image.convert("F")
    has_16_bits = image.mode.startswith("I;16")
    darkest, brightest = (0.0, 65535.0) if has_16_bits else cast("tuple[float, float]", grey.getextrema())
    scale = 255 / ((brightest - darkest) or 1)
    return grey.point(lambda value: value * scale - darkest * scale).convert("L")


def _encoded(drawn: "Image.Image") -> bytes:
    out = io.BytesIO()
    if drawn.mode == "RGBA":
        drawn.save(out, "PNG", optimize=True)
    else:
        drawn.save(out, "JPEG", quality=_QUALITY)
    return out.getvalue()
