"""Pictures by Pillow: what was uploaded is decoded within limits, and written anew."""

from __future__ import annotations

import io
import struct
import threading
from typing import TYPE_CHECKING

from domain.errors import ValidationFailed
from domain.pictures import FEWEST_PIXELS, LONGEST_SIDE, MOST_PIXELS, Picture

if TYPE_CHECKING:
    from PIL.Image import Image

_FORMATS = ("JPEG", "PNG", "WEBP")
_WHITE = (255, 255, 255)
_QUALITY = 85
# What Pillow's decoders say of content that is broken, or made to look like a picture.
_BROKEN = (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, OverflowError, TypeError, struct.error)


class PillowPictures:
    """One at a time: a large picture takes up to 200 MB while it is decoded."""

    def __init__(self) -> None:
        self._turn = threading.Lock()

    def prepare(self, content: bytes) -> Picture:
        # Only an upload pays for the import.
        from PIL import Image

        with self._turn:
            try:
                # The formats are named: of Pillow's many decoders no other one is ever reached.
                with Image.open(io.BytesIO(content), formats=_FORMATS) as opened:
                    _check_size(*opened.size)
                    opened.draft("RGB", (2 * LONGEST_SIDE, 2 * LONGEST_SIDE))
                    return _written(_upright(opened))
            except Image.DecompressionBombError:
                raise _too_large() from None
            except _BROKEN:
                raise ValidationFailed.of("file", "must be a JPEG, PNG or WebP picture") from None


def _check_size(width: int, height: int) -> None:
    if width * height > MOST_PIXELS:
        raise _too_large()
    if min(width, height) < FEWEST_PIXELS:
        raise ValidationFailed.of("file", f"must be at least {FEWEST_PIXELS} pixels wide and high")


def _too_large() -> ValidationFailed:
    return ValidationFailed.of("file", f"may have at most {MOST_PIXELS // 1_000_000} million pixels")


def _upright(opened: Image) -> Image:
    """As the camera was held (EXIF), on white where it is transparent, no larger than it is kept."""
    from PIL import Image, ImageOps

    picture: Image.Image = _in_usual_colors(ImageOps.exif_transpose(opened))
    if picture.has_transparency_data:
        layer = picture.convert("RGBA")
        picture = Image.new("RGB", layer.size, _WHITE)
        picture.paste(layer, mask=layer.getchannel("A"))
    picture = picture.convert("RGB")
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    return picture


def _in_usual_colors(picture: Image) -> Image:
    """In sRGB, where the picture brings a color profile of its own: phones do."""
    from PIL import ImageCms

    profile = picture.info.get("icc_profile")
    if not profile or picture.mode != "RGB":
        return picture
    try:
        usual = ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(picture, ImageCms.ImageCmsProfile(io.BytesIO(profile)), usual) or picture
    except ImageCms.PyCMSError:
        return picture


def _written(picture: Image) -> Picture:
    """Pixels only: where and with which camera it was taken isn't anybody's business."""
    picture.info.clear()
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=_QUALITY, optimize=True, progressive=True)
    return Picture(content=out.getvalue(), width=picture.width, height=picture.height)
