"""Uploaded pictures: known by their content, turned upright, made small, and free of all that can't be seen."""

from __future__ import annotations

import struct
import zlib

import pytest

from domain.errors import ValidationFailed
from domain.pictures import FEWEST_PIXELS, LONGEST_SIDE
from gateways.pictures import PillowPictures
from tests.pictures import GREEN, RED, SECRET, opened, photo, see_through

PICTURES = PillowPictures()


def near(color: object, wanted: tuple[int, int, int]) -> bool:
    assert isinstance(color, tuple)
    return all(abs(one - other) < 12 for one, other in zip(color, wanted, strict=True))


def png_that_says(width: int, height: int) -> bytes:
    """A few bytes that claim to be a picture of that size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = chunk(b"IDAT", zlib.compress(bytes(100)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + pixels + chunk(b"IEND", b"")


def refusal(content: bytes) -> str:
    with pytest.raises(ValidationFailed) as refused:
        PICTURES.prepare(content)
    [error] = refused.value.errors
    assert error.field == "file"
    return error.message


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_what_was_uploaded_is_written_anew_as_a_jpeg(kind: str) -> None:
    kept = PICTURES.prepare(photo(kind))
    picture = opened(kept.content)
    assert (picture.format, picture.size, kept.width, kept.height) == ("JPEG", (400, 300), 400, 300)
    assert near(picture.getpixel((50, 150)), RED)
    assert near(picture.getpixel((350, 150)), GREEN)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_it_is_turned_upright_and_says_nothing_of_place_or_camera(kind: str) -> None:
    upload = photo(kind, exif=True, camera="Somebody's phone")
    assert SECRET in upload
    kept = PICTURES.prepare(upload)
    picture = opened(kept.content)
    assert picture.size == (300, 400)
    assert near(picture.getpixel((150, 50)), RED)
    assert near(picture.getpixel((150, 350)), GREEN)
    assert SECRET not in kept.content
    assert b"phone" not in kept.content
    assert not picture.getexif()


def test_what_follows_the_picture_in_its_file_is_left_behind() -> None:
    kept = PICTURES.prepare(photo() + b"<script>alert(1)</script>")
    assert b"<script" not in kept.content


def test_a_large_one_is_made_small_and_keeps_its_shape() -> None:
    kept = PICTURES.prepare(photo(size=(4000, 3000)))
    assert (kept.width, kept.height) == (LONGEST_SIDE, LONGEST_SIDE * 3 // 4)
    assert len(kept.content) < 200_000


def test_what_is_see_through_stands_on_white() -> None:
    assert opened(PICTURES.prepare(see_through()).content).getpixel((5, 5)) == (255, 255, 255)


@pytest.mark.parametrize(
    "content",
    [b"", b"hello", b"%PDF-1.7", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\xff\xd8\xff", photo()[:200]],
    ids=["nothing", "text", "pdf", "svg", "a signature only", "half a picture"],
)
def test_what_is_no_picture_is_refused_whatever_it_begins_with(content: bytes) -> None:
    assert refusal(content) == "must be a JPEG, PNG or WebP picture"


def test_other_formats_are_refused() -> None:
    for kind in ("GIF", "BMP", "TIFF"):
        assert "must be a JPEG" in refusal(photo(kind))


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("side", [8_000, 10_000, 60_000])
def test_a_few_bytes_that_claim_to_be_huge_are_not_unpacked(side: int) -> None:
    assert refusal(png_that_says(side, side)) == "may have at most 50 million pixels"


def test_too_small_a_picture_is_refused() -> None:
    assert "at least 120 pixels" in refusal(photo(size=(FEWEST_PIXELS - 1, 400)))
    assert PICTURES.prepare(photo(size=(FEWEST_PIXELS, 400))).width == FEWEST_PIXELS
