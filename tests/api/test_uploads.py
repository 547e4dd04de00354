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
    file, no_phi = await uploaded_file(request, 1000)
    return {"name": file.name, "bytes": len(file.content), "no_phi": no_phi}


async def send(**request: object) -> httpx.Response:
    async with doors(FakeDatabase(), router) as http:
        return await http.post("/upload", **request)  # type: ignore[arg-type]


async def test_name_and_content_arrive() -> None:
    answer = await send(files={"file": ("hello.pdf", b"%PDF-1.7")})
    assert answer.json() == {"name": "hello.pdf", "bytes": 8, "no_phi": True}


@pytest.mark.parametrize(("said", "confirmed"), [("true", True), ("false", False), ("", False)])
async def test_that_it_holds_no_health_data_is_confirmed_by_sending_it_and_can_be_denied(
    said: str, confirmed: bool
) -> None:
    answer = await send(files={"file": ("hello.pdf", b"%PDF-1.7")}, data={"no_phi": said})
    assert answer.json()["no_phi"] is confirmed


@pytest.mark.parametrize("size", [1001, 200_000, 70 * 1024 * 1024])
async def test_a_large_file_is_refused_by_name(size: int) -> None:
    answer = await send(files={"file": ("large.pdf", bytes(size))})
    assert (answer.status_code, answer.json()["type"]) == (413, "/problems/payload-too-large")
    assert "“large.pdf”" in answer.json()["detail"]


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
