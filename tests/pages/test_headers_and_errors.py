"""Headers on every answer; refusals as pages for people and as problems for machines."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from domain.errors import EngineUnavailable, InvitationUsed, RateLimited, Unauthorized
from portal.errors import install_page_handlers
from portal.rendering import mount_static
from portal.security import add_security_headers

REFUSALS: dict[str, Exception] = {
    "used": InvitationUsed("This invitation has been used."),
    "often": RateLimited("Too many requests.", retry_after_seconds=7),
    "away": EngineUnavailable("away"),
    "who": Unauthorized("Please sign in."),
}


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()

    @app.api_route("/portal/{reason}", methods=["GET", "POST"])
    @app.get("/console/{reason}")
    @app.get("/api/v1/{reason}")
    async def refuse(reason: str) -> None:
        raise REFUSALS[reason]

    mount_static(app)
    install_page_handlers(app)
    add_security_headers(app)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://portico.example") as client:
        yield client


@pytest.mark.parametrize(("reason", "status"), [("used", 410), ("often", 429), ("away", 503)])
async def test_people_get_a_page_and_machines_a_problem(http: httpx.AsyncClient, reason: str, status: int) -> None:
    page = await http.get(f"/portal/{reason}")
    assert page.status_code == status
    assert page.headers["content-type"].startswith("text/html")
    problem = await http.get(f"/api/v1/{reason}")
    assert problem.status_code == status
    assert problem.headers["content-type"].startswith("application/problem+json")


async def test_a_page_that_is_not_there(http: httpx.AsyncClient) -> None:
    page = await http.get("/nothing")
    assert page.status_code == 404
    assert "couldn&#39;t find that page" in page.text


async def test_whoever_is_not_signed_in_is_asked_to_and_comes_back(http: httpx.AsyncClient) -> None:
    asked = await http.get("/portal/who?a=b")
    assert (asked.status_code, asked.headers["location"]) == (303, "/portal/sign-in?next=%2Fportal%2Fwho%3Fa%3Db")
    console = await http.get("/console/who")
    assert console.headers["location"] == "/console/sign-in?next=%2Fconsole%2Fwho"


async def test_a_form_comes_back_to_its_page_and_never_elsewhere(http: httpx.AsyncClient) -> None:
    own = await http.post("/portal/who", headers={"referer": "http://portico.example/portal/intake"})
    assert own.headers["location"] == "/portal/sign-in?next=%2Fportal%2Fintake"
    foreign = await http.post("/portal/who", headers={"referer": "http://evil.example/portal/intake"})
    assert foreign.headers["location"] == "/portal/sign-in"


async def test_private_pages_are_not_kept_and_not_framed(http: httpx.AsyncClient) -> None:
    headers = (await http.get("/portal/used")).headers
    assert headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["referrer-policy"] == "same-origin"
    assert headers["x-content-type-options"] == "nosniff"


async def test_static_files_are_kept(http: httpx.AsyncClient) -> None:
    sheet = await http.get("/static/portico.css?v=1")
    assert sheet.status_code == 200
    assert "immutable" in sheet.headers["cache-control"]
