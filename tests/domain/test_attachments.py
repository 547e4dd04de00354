"""Files for the greeting: what they are by their content, and what they are called."""

from __future__ import annotations

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.attachments import (
    EXTENSIONS,
    LARGEST_FILE,
    LARGEST_SUM,
    MOST_FILES,
    distinct_names,
    kind_of,
    safe_name,
    set_errors,
    spoken_size,
)

PDF = b"%PDF-1.7\n"


def archive(**entries: str) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in entries.items():
            packed.writestr(name.replace("__", "/"), content)
    return written.getvalue()


def office(part: str, **more: str) -> bytes:
    return archive(**{"[Content_Types].xml": "<Types/>", part: "<x/>"}, **more)


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (PDF, "application/pdf"),
        (b"\x89PNG\r\n\x1a\nrest", "image/png"),
        (b"\xff\xd8\xff\xe0rest", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        (
            office("word/document.xml"),
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ),
        (office("xl/workbook.xml"), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (
            office("ppt/presentation.xml"),
            "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        ),
        (archive(mimetype="application/vnd.oasis.opendocument.text"), "application/vnd.oasis.opendocument.text"),
    ],
)
def test_a_file_is_what_it_contains(content: bytes, media_type: str) -> None:
    kind = kind_of(content)
    assert kind.media_type == media_type
    assert set(kind.extensions) <= set(EXTENSIONS)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"MZ\x90\x00", "isn't a PDF"),
        (b"<html><script>alert(1)</script>", "isn't a PDF"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "isn't a PDF"),
        (b" %PDF-1.7", "isn't a PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "older Office file"),
        (b"PK\x03\x04broken", "damaged"),
        (archive(**{"virus.exe": "MZ"}), "archive"),
        (archive(mimetype="application/epub+zip"), "archive"),
        (archive(mimetype="x" * 500_000), "archive"),
        (office("word/document.xml", **{"word__vbaProject.bin": "x"}), "macros"),
        (office("unknown/part.xml"), "archive"),
    ],
)
def test_what_isnt_one_of_these_is_refused_in_words(content: bytes, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        kind_of(content)


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("Welcome.pdf", "Welcome.pdf"),
        ("WELCOME.PDF", "WELCOME.pdf"),
        (r"C:\Users\me\Welcome.pdf", "Welcome.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("invoice.exe", "invoice.exe.pdf"),
        ("a\r\nBcc: x@y.example\r\n.pdf", "aBcc- x@y.example.pdf"),
        ("fdp.\u202eexe", "fdp.exe.pdf"),
        ('a"b;filename=evil.html', "a-b;filename=evil.html.pdf"),
        ("", "attachment.pdf"),
        ("....", "attachment.pdf"),
        (".pdf", "pdf.pdf"),
        ("Café e\u0301te\u0301.pdf", "Café été.pdf"),
        ("歡迎.pdf", "歡迎.pdf"),
        ("x" * 500 + ".pdf", "x" * 96 + ".pdf"),
        ("a\u2028b\u00a0c.pdf", "ab c.pdf"),
    ],
)
def test_names_are_made_safe(name: str, safe: str) -> None:
    assert safe_name(name, kind_of(PDF)) == safe


@given(st.text(max_size=300))
def test_a_safe_name_is_short_printable_and_stays_as_it_is(name: str) -> None:
    kind = kind_of(PDF)
    safe = safe_name(name, kind)
    assert len(safe) <= 100
    assert safe.isprintable()
    assert safe.endswith(".pdf")
    assert not set(safe) & set('/\\<>:"|?*')
    assert safe_name(safe, kind) == safe


def test_a_second_file_of_a_name_gets_a_number() -> None:
    assert distinct_names(["a.pdf", "A.pdf", "b.pdf", "a.pdf"]) == ["a.pdf", "A (2).pdf", "b.pdf", "a (3).pdf"]


def test_too_many_and_too_much_are_named() -> None:
    assert set_errors([("a.pdf", 10)] * MOST_FILES) == []
    (many,) = set_errors([(f"{number}.pdf", 10) for number in range(MOST_FILES + 1)])
    assert "5.pdf" in many.message
    (much,) = set_errors([("a.pdf", LARGEST_FILE), ("b.pdf", LARGEST_SUM - LARGEST_FILE + 1)])
    assert "“b.pdf”" in much.message
    assert "10 MB is the most" in much.message


@pytest.mark.parametrize(
    ("size", "said"), [(0, "1 KB"), (1025, "2 KB"), (1024 * 1024, "1 MB"), (LARGEST_FILE + 1, "5.1 MB")]
)
def test_sizes_are_said_as_people_say_them(size: int, said: str) -> None:
    assert spoken_size(size) == said
