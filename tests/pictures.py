"""Pictures as people have them: with a camera's data, on their side, see-through, too large, or none at all."""

from __future__ import annotations

import io

from PIL import Image

RED, GREEN = (200, 30, 30), (30, 160, 60)
SECRET = b"51 Maple Street"


def photo(kind: str = "JPEG", size: tuple[int, int] = (400, 300), *, exif: bool = False, camera: str = "") -> bytes:
    """Red on its left half, green on its right; with `exif`, held on its side (6) at a known place."""
    picture = Image.new("RGB", size, RED)
    picture.paste(GREEN, (size[0] // 2, 0, *size))
    out = io.BytesIO()
    if exif:
        data = Image.Exif()
        data[0x0112] = 6
        data[0x010F] = camera or "Camera"
        data[0x8825] = {1: "N", 2: (40.0, 44.0, 55.0), 28: b"ASCII\0\0\0" + SECRET}
        picture.save(out, kind, exif=data)
    else:
        picture.save(out, kind)
    return out.getvalue()


def see_through() -> bytes:
    out = io.BytesIO()
    Image.new("RGBA", (200, 200), (0, 0, 0, 0)).save(out, "PNG")
    return out.getvalue()


def opened(content: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(content))
    picture.load()
    return picture
