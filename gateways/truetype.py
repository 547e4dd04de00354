"""A TrueType font as a PDF needs it: widths, which character is which glyph, and the file with the used glyphs only.

Tables by https://learn.microsoft.com/en-us/typography/opentype/spec/otff.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from functools import cache
from pathlib import Path

_FONT = Path(__file__).parent / "fonts" / "DejaVuSans.ttf"
_KEPT = (b"cvt ", b"fpgm", b"glyf", b"head", b"hhea", b"hmtx", b"loca", b"maxp", b"prep")
_MORE_COMPONENTS, _WORDS, _SCALE, _XY_SCALE, _TWO_BY_TWO = 0x0020, 0x0001, 0x0008, 0x0040, 0x0080


class TrueType:
    """One font file; glyph numbers stay the same in what is cut out of it."""

    def __init__(self, data: bytes) -> None:
        self._tables: dict[bytes, bytes] = {}
        for index in range(_u16(data, 4)):
            tag, _, offset, length = struct.unpack_from(">4sLLL", data, 12 + 16 * index)
            self._tables[tag] = data[offset : offset + length]
        head, hhea = self._tables[b"head"], self._tables[b"hhea"]
        self.units_per_em = _u16(head, 18)
        self.box = struct.unpack_from(">4h", head, 36)
        self.ascent, self.descent = struct.unpack_from(">2h", hhea, 4)
        self._glyph_count = _u16(self._tables[b"maxp"], 4)
        self._offsets = self._read_offsets(long=_u16(head, 50) == 1)
        self._widths = self._read_widths(_u16(hhea, 34))
        self._glyph_of = self._read_characters()

    def glyph(self, character: str) -> int:
        """0 where the font doesn't have the character."""
        return self._glyph_of.get(ord(character), 0)

    def width(self, glyph: int) -> int:
        """In thousandths of the font's size."""
        return self._widths[glyph] * 1000 // self.units_per_em

    def subset(self, glyphs: Iterable[int]) -> bytes:
        """The font file with the outlines of these glyphs, and of those they are made of."""
        wanted, waiting = set[int](), [0, *glyphs]
        while waiting:
            glyph = waiting.pop()
            if glyph not in wanted:
                wanted.add(glyph)
                waiting += self._components(self._outline(glyph))
        outlines = [self._outline(glyph) if glyph in wanted else b"" for glyph in range(self._glyph_count)]
        outlines = [outline + b"\0" * (-len(outline) % 4) for outline in outlines]
        offsets = [0]
        for outline in outlines:
            offsets.append(offsets[-1] + len(outline))
        head = bytearray(self._tables[b"head"])
        struct.pack_into(">L", head, 8, 0)  # the checksum of the whole, which readers of embedded fonts don't look at
        struct.pack_into(">H", head, 50, 1)
        changed = {b"head": bytes(head), b"glyf": b"".join(outlines)}
        changed[b"loca"] = struct.pack(f">{len(offsets)}L", *offsets)
        return _font_file({tag: changed.get(tag, self._tables.get(tag, b"")) for tag in _KEPT})

    def _outline(self, glyph: int) -> bytes:
        return self._tables[b"glyf"][self._offsets[glyph] : self._offsets[glyph + 1]]

    def _components(self, outline: bytes) -> list[int]:
        if len(outline) < 10 or struct.unpack_from(">h", outline)[0] >= 0:
            return []
        found, at, flags = [], 10, _MORE_COMPONENTS
        while flags & _MORE_COMPONENTS:
            flags, glyph = struct.unpack_from(">HH", outline, at)
            found.append(glyph)
            at += 8 if flags & _WORDS else 6
            at += 2 if flags & _SCALE else 4 if flags & _XY_SCALE else 8 if flags & _TWO_BY_TWO else 0
        return found

    def _read_offsets(self, *, long: bool) -> list[int]:
        count = self._glyph_count + 1
        if long:
            return list(struct.unpack_from(f">{count}L", self._tables[b"loca"]))
        return [2 * one for one in struct.unpack_from(f">{count}H", self._tables[b"loca"])]

    def _read_widths(self, told: int) -> list[int]:
        widths = [_u16(self._tables[b"hmtx"], 4 * index) for index in range(told)]
        return widths + widths[-1:] * (self._glyph_count - told)

    def _read_characters(self) -> dict[int, int]:
        """Of the Unicode table in format 12, which has the characters of format 4 as well."""
        table = self._tables[b"cmap"]
        for index in range(_u16(table, 2)):
            offset = struct.unpack_from(">HHL", table, 4 + 8 * index)[2]
            if _u16(table, offset) == 12:
                return _segmented(table, offset)
        raise ValueError("a font without a character table in format 12")


@cache
def house_font() -> TrueType:
    return TrueType(_FONT.read_bytes())


def _segmented(table: bytes, offset: int) -> dict[int, int]:
    found: dict[int, int] = {}
    for index in range(struct.unpack_from(">L", table, offset + 12)[0]):
        first, last, glyph = struct.unpack_from(">LLL", table, offset + 16 + 12 * index)
        found.update(zip(range(first, last + 1), range(glyph, glyph + last - first + 1), strict=True))
    return found


def _font_file(tables: dict[bytes, bytes]) -> bytes:
    tables = {tag: data for tag, data in tables.items() if data}
    power = len(tables).bit_length() - 1
    directory = struct.pack(">LHHHH", 0x00010000, len(tables), 16 << power, power, 16 * len(tables) - (16 << power))
    body, at = b"", 12 + 16 * len(tables)
    for tag in sorted(tables):
        padded = tables[tag] + b"\0" * (-len(tables[tag]) % 4)
        checksum = sum(struct.unpack(f">{len(padded) // 4}L", padded)) & 0xFFFFFFFF
        directory += struct.pack(">4sLLL", tag, checksum, at + len(body), len(tables[tag]))
        body += padded
    return directory + body


def _u16(data: bytes, offset: int) -> int:
    return int.from_bytes(data[offset : offset + 2], "big")
