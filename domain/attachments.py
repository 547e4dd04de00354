"""Files that go with a greeting: judged by what they contain, named safely, limited in size, number and sum."""

from __future__ import annotations

import io
import unicodedata
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from domain.errors import FieldError

MOST_FILES = 5
LARGEST_FILE = 5 * 1024 * 1024
# A mail grows by a third on its way, and many mail servers take no more than 20 MB.
LARGEST_SUM = 10 * 1024 * 1024

_LONGEST_NAME = 100
_MOST_ENTRIES = 5000  # of an Office file's archive


@dataclass(frozen=True, kw_only=True)
class FileKind:
    """`extensions`, the usual one first, without the dot."""

    media_type: str
    extensions: tuple[str, ...]
    word: str


def _kind(media_type: str, word: str, *extensions: str) -> FileKind:
    return FileKind(media_type=media_type, extensions=extensions, word=word)


_PDF = _kind("application/pdf", "PDF", "pdf")
_STARTS = (
    (b"%PDF-", _PDF),
    (b"\x89PNG\r\n\x1a\n", _kind("image/png", "PNG picture", "png")),
    (b"\xff\xd8\xff", _kind("image/jpeg", "JPEG picture", "jpg", "jpeg")),
    (b"GIF87a", _kind("image/gif", "GIF picture", "gif")),
    (b"GIF89a", _kind("image/gif", "GIF picture", "gif")),
)
_WEBP = _kind("image/webp", "WebP picture", "webp")
_OPEN_XML = "application/vnd.openxmlformats-officedocument"
# ECMA-376: the main part of each kind of document, as programs write it.
_OFFICE = {
    "word/document.xml": _kind(f"{_OPEN_XML}.wordprocessingml.document", "Word document", "docx"),
    "xl/workbook.xml": _kind(f"{_OPEN_XML}.spreadsheetml.sheet", "Excel workbook", "xlsx"),
    "ppt/presentation.xml": _kind(f"{_OPEN_XML}.presentationml.presentation", "PowerPoint presentation", "pptx"),
}
# OpenDocument 1.3, part 2, 3.3: the archive begins with a file `mimetype`, stored as it is.
_OPEN_DOCUMENT = {
    "application/vnd.oasis.opendocument.text": ("OpenDocument text", "odt"),
    "application/vnd.oasis.opendocument.spreadsheet": ("OpenDocument spreadsheet", "ods"),
    "application/vnd.oasis.opendocument.presentation": ("OpenDocument presentation", "odp"),
}
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
EXTENSIONS = ("pdf", "docx", "xlsx", "pptx", "odt", "ods", "odp", "png", "jpg", "jpeg", "gif", "webp")


def kind_of(content: bytes) -> FileKind:
    """What the content is. Raises ValueError with the end of a sentence that begins with the file's name."""
    if not content:
        raise ValueError("is empty")
    for start, kind in _STARTS:
        if content.startswith(start):
            return kind
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return _WEBP
    if content.startswith(_OLD_OFFICE):
        raise ValueError("is an older Office file, or one with a password: please save it as .docx, .xlsx or as a PDF")
    if content.startswith(b"PK"):
        return _kind_of_archive(content)
    raise ValueError("isn't a PDF, an Office document or a picture (PNG, JPEG, GIF, WebP)")


def _kind_of_archive(content: bytes) -> FileKind:
    """By the archive's list of names; nothing of it is unpacked but the few bytes of `mimetype`."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = set(archive.namelist()[:_MOST_ENTRIES])
            if any(name.rpartition("/")[2].lower() == "vbaproject.bin" for name in names) or "Basic/" in names:
                raise ValueError("contains macros: please save it without them, or as a PDF")
            if "[Content_Types].xml" in names:
                for part, kind in _OFFICE.items():
                    if part in names:
                        return kind
            if "mimetype" in names and archive.getinfo("mimetype").file_size < 100:
                media_type = archive.read("mimetype").decode("ascii", "replace")
                if media_type in _OPEN_DOCUMENT:
                    return _kind(media_type, *_OPEN_DOCUMENT[media_type])
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError):
        raise ValueError("can't be read: it seems to be damaged, or to have a password") from None
    raise ValueError("is an archive: please attach its files one by one")


def safe_name(name: str, kind: FileKind) -> str:
    """The name without folders, what can't be printed, or what some systems can't store; it ends as its content is."""
    composed = unicodedata.normalize("NFC", name.replace("\\", "/").rpartition("/")[2])
    kept = "".join(_kept(composed)).strip(" .")
    stem, dot, extension = kept.rpartition(".")
    if not dot or extension.lower() not in kind.extensions:
        stem, extension = kept, kind.extensions[0]
    stem = stem.strip(" .")[: _LONGEST_NAME - len(extension) - 1].strip(" .") or "attachment"
    return f"{stem}.{extension.lower()}"


def _kept(name: str) -> Iterator[str]:
    for character in name:
        if character in '<>:"|?*':
            yield "-"
        elif unicodedata.category(character) == "Zs":
            yield " "
        elif unicodedata.category(character)[0] not in "CZ":  # control, format (turned text), separators
            yield character


def distinct_names(names: Sequence[str]) -> list[str]:
    """A second file of the same name gets a number."""
    found: list[str] = []
    for name in names:
        stem, _, extension = name.rpartition(".")
        candidate, number = name, 1
        while candidate.lower() in (one.lower() for one in found):
            number += 1
            candidate = f"{stem} ({number}).{extension}"
        found.append(candidate)
    return found


def spoken_size(size: int) -> str:
    """For example "340 KB" or "4.2 MB"; never less than it is."""
    if size < 1024 * 1024:
        return f"{max(1, -(-size // 1024))} KB"
    tenths = -(-size * 10 // (1024 * 1024))
    return f"{tenths / 10:g} MB"


def set_errors(files: Sequence[tuple[str, int]]) -> list[FieldError]:
    """What is wrong with files, by name and size, that are to go with one mail."""
    if len(files) > MOST_FILES:
        left = ", ".join(f"“{name}”" for name, _ in files[MOST_FILES:])
        message = f"can hold at most {MOST_FILES} files; please take out as many as {left}"
        return [FieldError(field="attachments", message=message)]
    total = sum(size for _, size in files)
    if total > LARGEST_SUM:
        name, size = max(files, key=lambda one: one[1])
        message = (
            f"have {spoken_size(total)} together, and {spoken_size(LARGEST_SUM)} is the most; "
            f"the largest is “{name}” with {spoken_size(size)}"
        )
        return [FieldError(field="attachments", message=message)]
    return []
