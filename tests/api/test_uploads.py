"""An upload is read as far as it is allowed to be long."""

from __future__ import annotations

import httpx
import pytest
from fastapi import APIRouter, Request

from portal.api.uploads import uploaded_file
from tests.api.doors import FakeDatabase, doors

router = APIRouter()


@router.post("/upload")
async def take(request: Request) -> dict[str, object]:
    name, content = await uploaded_file(request, 1000)
    return {"name": name, "bytes": len(content)}


async def send(**request: object) -> httpx.Response:
    async with doors(FakeDatabase(), router) as http:
        return await http.post("/upload", **request)  # type: ignore[arg-type]


async def test_name_and_content_arrive() -> None:
    answer = await send(files={"file": ("hello.pdf", b"%PDF-1.7")})
    assert answer.json() == {"name": "hello.pdf", "bytes": 8}


@pytest.mark.parametrize("size", [1001, 200_000])
async def test_a_large_file_is_refused(size: int) -> None:
    answer = await send(files={"file": ("large.pdf", bytes(size))})
    assert (answer.status_code, answer.json()["type"]) == (413, "/problems/payload-too-large")


@pytest.mark.parametrize(
    "request_",
    [
        {},
        {"data": {"file": "text"}},
        {"json": {"file": "x"}},
        {"files": {"other": ("a.pdf", b"%PDF-")}},
        {"files": [("file", ("a.pdf", b"1")), ("file", ("b.pdf", b"2"))]},
        {"content": b"zzz", "headers": {"content-type": "multipart/form-data"}},
        {"content": b"zzz", "headers": {"content-type": "multipart/form-data; boundary=b"}},
    ],
    ids=["empty", "form", "json", "other name", "two", "no boundary", "garbage"],
)
async def test_what_is_no_upload_is_malformed(request_: dict[str, object]) -> None:
    answer = await send(**request_)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/validation")
