"""Answers on paper: a plain PDF (ISO 32000-1) with its own font, so that names and answers look the same everywhere."""

from __future__ import annotations

import unicodedata
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from domain.ports import AnswerSheet
from gateways.truetype import TrueType, house_font

# US Letter, in points.
_WIDTH, _HEIGHT, _MARGIN = 612, 792, 60
_SMALL, _BODY, _HEADING, _TITLE = 9, 11, 13, 18
_INDENT = 14
_MISSING = "□"
# Letters that join or run from right to left would come out wrong letter by letter.
_NOT_LETTER_BY_LETTER = {"R", "AL", "AN", "RLE", "RLO", "RLI"}
_NOTE = f"{_MISSING} stands for a letter that can't be shown in this file; the client's page shows it."


@dataclass(frozen=True, kw_only=True)
class _Line:
    text: str
    size: int
    grey: bool = False
    indent: int = 0
    space_before: int = 0
    keep: int = 0  # how many lines that follow should be on the same page


class PdfDocuments:
    """The same sheet makes the same bytes."""

    def pdf(self, sheet: AnswerSheet) -> bytes:
        font = house_font()
        lines = _laid_out(font, sheet)
        if any(_MISSING in line.text for line in lines):
            lines += _wrapped(font, _NOTE, _SMALL, grey=True, space_before=16)
        pages = _paged(lines)
        return _file(font, pages, _shown(font, sheet.title))


def _laid_out(font: TrueType, sheet: AnswerSheet) -> list[_Line]:
    lines = _wrapped(font, sheet.title, _TITLE)
    for label, value in sheet.facts:
        lines += _wrapped(font, f"{label}: {value}", _SMALL, grey=True, space_before=2)
    for one in sheet.lines:
        indent = min(one.depth, 6) * _INDENT
        if one.answers is None:
            lines += _wrapped(font, one.text, _HEADING, indent=indent, space_before=16, keep=3)
            continue
        lines += _wrapped(font, one.text, _SMALL, grey=True, indent=indent, space_before=9, keep=1)
        for answer in one.answers:
            lines += _wrapped(font, answer, _BODY, indent=indent, space_before=1)
    for text in sheet.closing:
        lines += _wrapped(font, text, _SMALL, space_before=14)
    return lines


def _wrapped(
    font: TrueType, text: str, size: int, *, grey: bool = False, indent: int = 0, space_before: int = 0, keep: int = 0
) -> list[_Line]:
    room = (_WIDTH - 2 * _MARGIN - indent) * 1000 // size
    parts = [part for line in text.splitlines() or [""] for part in _broken(font, _shown(font, line), room)]
    return [
        _Line(
            text=part,
            size=size,
            grey=grey,
            indent=indent,
            space_before=space_before if index == 0 else 0,
            keep=keep + len(parts) - index - 1 if len(parts) - index < 4 else 0,
        )
        for index, part in enumerate(parts)
    ]


def _shown(font: TrueType, text: str) -> str:
    text = unicodedata.normalize("NFC", text.replace("\t", " "))
    return "".join(character if _can_be_shown(font, character) else _MISSING for character in text)


def _can_be_shown(font: TrueType, character: str) -> bool:
    if character == " ":
        return True
    by_itself = unicodedata.bidirectional(character) not in _NOT_LETTER_BY_LETTER
    return by_itself and character.isprintable() and font.glyph(character) != 0


def _broken(font: TrueType, text: str, room: int) -> list[str]:
    """At blanks where possible; a longer word between letters."""
    lines, line, used = [], "", 0
    for word in text.split(" "):
        width = sum(font.width(font.glyph(character)) for character in word)
        blank = font.width(font.glyph(" ")) if line else 0
        if line and used + blank + width > room:
            lines.append(line)
            line, used, blank = "", 0, 0
        for character in (" " if blank else "") + word:
            step = font.width(font.glyph(character))
            if used + step > room:
                lines.append(line)
                line, used = "", 0
            line, used = line + character, used + step
    return [*lines, line]


def _paged(lines: Sequence[_Line]) -> list[list[tuple[int, _Line]]]:
    """Each line with its height on the page; what belongs together isn't torn apart."""
    pages: list[list[tuple[int, _Line]]] = [[]]
    at = _HEIGHT - _MARGIN
    for index, line in enumerate(lines):
        together = lines[index : index + 1 + line.keep]
        needed = sum(_step(one) for one in together)
        if pages[-1] and at - needed < _MARGIN:
            pages.append([])
            at = _HEIGHT - _MARGIN
        at -= _step(line) if pages[-1] else line.size
        pages[-1].append((at, line))
    return pages


def _step(line: _Line) -> int:
    return line.space_before + round(line.size * 1.4)


def _file(font: TrueType, pages: list[list[tuple[int, _Line]]], title: str) -> bytes:
    footers = [f"{title[:70]} · {number} of {len(pages)}" for number in range(1, len(pages) + 1)]
    used = {character for page in pages for _, line in page for character in line.text}
    used |= {character for footer in footers for character in footer}
    first_page = 8
    kids = " ".join(f"{first_page + 2 * index} 0 R" for index in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R /Lang (en-US) /ViewerPreferences << /DisplayDocTitle true >> >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        *_font_objects(font, sorted(used)),
    ]
    for index, (page, footer) in enumerate(zip(pages, footers, strict=True)):
        box = f"/MediaBox [0 0 {_WIDTH} {_HEIGHT}] /Resources << /Font << /F 3 0 R >> >>"
        content = f"/Contents {first_page + 2 * index + 1} 0 R"
        objects.append(f"<< /Type /Page /Parent 2 0 R {box} {content} >>".encode())
        last = _Line(text=footer, size=8, grey=True)
        objects.append(_stream("\n".join(_drawn(font, at, line) for at, line in [*page, (30, last)]).encode()))
    information = f"<< /Title {_text_string(title)} >>".encode()
    return _written([*objects, information])


def _drawn(font: TrueType, at: int, line: _Line) -> str:
    glyphs = "".join(f"{font.glyph(character):04x}" for character in line.text)
    grey = 0.35 if line.grey else 0
    return f"BT {grey} g /F {line.size} Tf {_MARGIN + line.indent} {at} Td <{glyphs}> Tj ET"


def _font_objects(font: TrueType, characters: list[str]) -> list[bytes]:
    """Objects 3 to 7: the font by glyph numbers (Identity-H), and the way back to characters for search and copy."""
    scale = 1000 / font.units_per_em
    glyphs = {font.glyph(character): character for character in characters}
    widths = " ".join(f"{glyph} [{font.width(glyph)}]" for glyph in sorted(glyphs))
    box = " ".join(f"{edge * scale:.0f}" for edge in font.box)
    descriptor = (
        f"<< /Type /FontDescriptor /FontName /PORTIC+DejaVuSans /Flags 4 /FontBBox [{box}] /ItalicAngle 0 "
        f"/Ascent {font.ascent * scale:.0f} /Descent {font.descent * scale:.0f} /CapHeight 729 /StemV 80 "
        "/FontFile2 6 0 R >>"
    )
    descendant = (
        "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /PORTIC+DejaVuSans /CIDToGIDMap /Identity /DW 600 "
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> "
        f"/FontDescriptor 5 0 R /W [{widths}] >>"
    )
    return [
        b"<< /Type /Font /Subtype /Type0 /BaseFont /PORTIC+DejaVuSans /Encoding /Identity-H "
        b"/DescendantFonts [4 0 R] /ToUnicode 7 0 R >>",
        descendant.encode(),
        descriptor.encode(),
        _stream(font.subset(glyphs)),
        _stream(_to_unicode(glyphs)),
    ]


def _to_unicode(glyphs: dict[int, str]) -> bytes:
    rows = [f"<{glyph:04x}> <{character.encode('utf-16-be').hex()}>" for glyph, character in sorted(glyphs.items())]
    blocks = [rows[start : start + 100] for start in range(0, len(rows), 100)]
    mapped = "\n".join(f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar" for block in blocks)
    return (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /Portico-UCS def /CMapType 2 def\n"
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
        f"1 begincodespacerange <0000> <ffff> endcodespacerange\n{mapped}\nendcmap end end"
    ).encode()


def _text_string(text: str) -> str:
    return f"<feff{text.encode('utf-16-be').hex()}>"


def _stream(content: bytes) -> bytes:
    packed = zlib.compress(content, 9)
    head = f"<< /Length {len(packed)} /Length1 {len(content)} /Filter /FlateDecode >>\nstream\n"
    return head.encode() + packed + b"\nendstream"


def _written(objects: list[bytes]) -> bytes:
    """The last object is the document information."""
    out = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    offsets = []
    for number, content in enumerate(objects, 1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n".encode() + content + b"\nendobj\n"
    table = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    start, count = len(out), len(objects) + 1
    out += f"xref\n0 {count}\n0000000000 65535 f \n{table}".encode()
    out += f"trailer\n<< /Size {count} /Root 1 0 R /Info {count - 1} 0 R >>\nstartxref\n{start}\n%%EOF\n".encode()
    return bytes(out)
