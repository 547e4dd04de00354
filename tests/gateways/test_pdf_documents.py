"""The answers on paper: read back as a reader does, by the file's own tables."""

from __future__ import annotations

import re
import zlib

from domain.ports import AnswerLine, AnswerSheet
from gateways.pdf_documents import PdfDocuments


def sheet(*answers: str, title: str = "Intake") -> AnswerSheet:
    lines = (
        AnswerLine(text="About you", depth=0, answers=None),
        *(AnswerLine(text=f"Question {number}", depth=1, answers=(one,)) for number, one in enumerate(answers)),
    )
    return AnswerSheet(title=title, facts=(("Client", "Zoë Łukasiewicz"),), lines=lines, closing=("Signed: Zoë",))


def objects(pdf: bytes) -> dict[int, bytes]:
    """By the cross-reference table, so that a wrong offset is noticed."""
    start = int(re.findall(rb"startxref\n(\d+)\n%%EOF", pdf)[-1])
    assert pdf[start : start + 4] == b"xref"
    offsets = [int(one) for one in re.findall(rb"(\d{10}) 00000 n", pdf[start:])]
    found = {}
    for number, offset in enumerate(offsets, 1):
        head = f"{number} 0 obj\n".encode()
        assert pdf[offset:].startswith(head)
        found[number] = pdf[offset + len(head) : pdf.index(b"\nendobj", offset)]
    return found


def stream(content: bytes) -> bytes:
    head, _, rest = content.partition(b"stream\n")
    length = re.search(rb"/Length (\d+)", head)
    assert length is not None
    assert rest[int(length[1]) :] == b"\nendstream"
    return zlib.decompress(rest[: int(length[1])])


def pages(pdf: bytes) -> list[list[str]]:
    """The lines of each page, by way of the embedded character map."""
    found = objects(pdf)
    rows = re.findall(rb"<([0-9a-f]{4})> <([0-9a-f]+)>\n", stream(found[7]))
    characters = {glyph: bytes.fromhex(code.decode()).decode("utf-16-be") for glyph, code in rows}
    read = []
    for content in found.values():
        if b"/Type /Page " in content:
            number = re.search(rb"/Contents (\d+) 0 R", content)
            assert number is not None
            drawn = re.findall(rb"<([0-9a-f]*)> Tj", stream(found[int(number[1])]))
            read.append(["".join(characters[one[at : at + 4]] for at in range(0, len(one), 4)) for one in drawn])
    return read


def test_every_word_can_be_read_back() -> None:
    (page,) = pages(PdfDocuments().pdf(sheet("I feel “fine” – mostly", "Ω ≥ 3 €")))
    assert page[:2] == ["Intake", "Client: Zoë Łukasiewicz"]
    assert page[2:8] == ["About you", "Question 0", "I feel “fine” – mostly", "Question 1", "Ω ≥ 3 €", "Signed: Zoë"]
    assert page[-1] == "Intake · 1 of 1"


def test_long_answers_are_broken_into_lines_and_pages_and_nothing_is_lost() -> None:
    words = [f"word{number}" for number in range(3000)]
    read = pages(PdfDocuments().pdf(sheet(" ".join(words), "x" * 500)))
    assert len(read) > 2
    text = " ".join(line for page in read for line in page[:-1])
    assert re.findall(r"word\d+", text) == words
    assert text.count("x") == 500
    assert [page[-1] for page in read] == [f"Intake · {number} of {len(read)}" for number in range(1, len(read) + 1)]


def test_what_the_font_cannot_show_is_marked_and_said() -> None:
    (page,) = pages(PdfDocuments().pdf(sheet("שלום and 漢字")))
    assert "□□□□ and □□" in page
    assert any("stands for a letter" in line for line in page)


def test_text_cannot_break_out_of_its_place_in_the_file() -> None:
    hostile = ") Tj ET endstream endobj <script> \\ %%EOF"
    (page,) = pages(PdfDocuments().pdf(sheet(hostile, title=hostile)))
    assert page.count(hostile) == 2


def test_the_same_answers_make_the_same_file() -> None:
    assert PdfDocuments().pdf(sheet("a")) == PdfDocuments().pdf(sheet("a"))


def test_the_embedded_font_is_a_whole_font_file_with_the_glyphs_in_use() -> None:
    found = objects(PdfDocuments().pdf(sheet("abc")))
    font = stream(found[6])
    tables = {}
    for index in range(int.from_bytes(font[4:6], "big")):
        entry = font[12 + 16 * index : 28 + 16 * index]
        at, length = int.from_bytes(entry[8:12], "big"), int.from_bytes(entry[12:16], "big")
        tables[entry[:4]] = font[at : at + length]
        assert len(tables[entry[:4]]) == length
    assert {b"glyf", b"head", b"hhea", b"hmtx", b"loca", b"maxp"} <= set(tables)
    assert 0 < len(tables[b"glyf"]) < 100_000
