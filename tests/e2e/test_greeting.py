"""The greeting through API, editor and mail: what is refused by name, what arrives, who has confirmed what."""

from __future__ import annotations

from email.message import EmailMessage
from typing import Any

import httpx
import pytest

from domain.attachments import LARGEST_FILE
from tests.driver import Provider, World, new_address, ok, problem, text_of
from tests.staffing import owner_of

PDF = b"%PDF-1.7\nwelcome"
PNG = b"\x89PNG\r\n\x1a\nmap"


def path_of(provider: Provider) -> str:
    return f"/api/v1/providers/{provider.slug}/greeting"


async def upload(provider: Provider, name: str = "Welcome.pdf", content: bytes = PDF, **data: str) -> httpx.Response:
    return await provider.request(
        "POST", f"{path_of(provider)}/attachments", files={"file": (name, content)}, data=data
    )


def html_of(message: EmailMessage) -> str:
    part = message.get_body(preferencelist=("html",))
    assert part is not None
    return str(part.get_content())


def files_of(message: EmailMessage) -> list[tuple[str, str | None, bytes]]:
    parts = message.iter_attachments()
    return [(one.get_content_type(), one.get_filename(), one.get_payload(decode=True)) for one in parts]  # type: ignore[misc]


async def test_what_is_written_arrives_as_html_and_text_with_its_files(world: World, provider: Provider) -> None:
    first = ok(await upload(provider, "Map.png", PNG), 201)
    second = ok(await upload(provider, "../Welcome.pdf"), 201)
    assert (first["name"], second["name"]) == ("Map.png", "Welcome.pdf")
    body = "# Hello {{preferred_name}}\n\nSee **this**: {{portal_link}} or [our page]({{portal_link}}).\n\n<b>x</b>"
    written = {
        "subject": "Welcome, {{first_name}} {{last_name}}",
        "body": body,
        "attachments": [{"id": second["id"]}, {"id": first["id"]}],
    }
    saved = ok(await provider.request("PUT", path_of(provider), json=written))
    assert saved == {**written, "attachments": [second, first]}
    assert await provider.get(path_of(provider)) == saved

    address = new_address()
    ok(await world.sign_up(provider, email=address, first_name="Ana *Bo*", last_name="_An_ <b>"), 202)
    mail = await world.mail(address, "welcome")
    assert mail["Subject"] == "Welcome, Ana *Bo* _An_ <b>"
    assert mail["Auto-Submitted"] == "auto-generated"
    page = f"{world.base_url}/p/{provider.slug}"
    html = html_of(mail)
    assert "Hello Ana *Bo*</h2>" in html
    assert f'<a href="{page}"' in html
    assert "&lt;b&gt;x&lt;/b&gt;" in html
    text = text_of(mail).replace("\r\n", "\n")
    assert text.startswith("Hello Ana *Bo*\n----")
    assert f"See this: {page} or our page ({page})." in text
    assert files_of(mail) == [("application/pdf", "Welcome.pdf", PDF), ("image/png", "Map.png", PNG)]


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        ({"subject": " "}, "subject", "is needed"),
        ({"subject": "a\r\nBcc: x@y.example"}, "subject", "can't be printed"),
        ({"subject": "Hello {{diagnosis}} {{x}}"}, "subject", "{{diagnosis}}, {{x}}"),
        ({"body": "Hello {{phone}}"}, "body", "{{phone}}"),
        ({"body": "x" * 20_001}, "body", "20000 characters"),
        ({"body": "[x](javascript:alert(1))"}, "body", "javascript:alert(1)"),
        ({"body": "[x](https://a.example/{{first_name}})"}, "body", "{{portal_link}}"),
        ({"body": "![x](https://a.example/y.png)"}, "body", "pictures"),
        ({"attachments": [{"id": "fil_nobody"}]}, "attachments", "isn't there"),
        ({"attachments": "x"}, "attachments", "list of objects"),
        ({"colour": "red"}, "colour", "isn't known"),
    ],
)
async def test_what_is_wrong_is_named(
    world: World, provider: Provider, change: dict[str, Any], field: str, says: str
) -> None:
    before = await provider.get(path_of(provider))
    answer = await provider.request("PUT", path_of(provider), json=before | change)
    (error,) = problem(answer, "validation", 422)["errors"]
    assert error["field"] == field
    assert says in error["message"]
    assert await provider.get(path_of(provider)) == before


async def test_files_are_judged_by_their_content_and_refused_by_name(world: World, provider: Provider) -> None:
    wrong = problem(await upload(provider, "report.pdf", b"MZ program"), "validation", 422)["errors"]
    assert wrong == [
        {
            "field": "file",
            "message": "“report.pdf” isn't a PDF, an Office document or a picture (PNG, JPEG, GIF, WebP).",
        }
    ]
    large = await upload(provider, "big.pdf", PDF + bytes(LARGEST_FILE))
    assert "“big.pdf” has 5.1 MB; a file may have at most 5 MB." in problem(large, "payload-too-large", 413)["detail"]
    huge = await upload(provider, "huge.pdf", PDF + bytes(3 * LARGEST_FILE))
    assert "“huge.pdf” is too large" in problem(huge, "payload-too-large", 413)["detail"]
    denied = problem(await upload(provider, no_phi="false"), "validation", 422)
    assert denied["errors"][0]["field"] == "no_phi"


async def test_number_and_sum_of_files_are_limited(world: World, provider: Provider) -> None:
    written = await provider.get(path_of(provider))
    many = [ok(await upload(provider, f"{number}.pdf"), 201) for number in range(6)]
    answer = await provider.request("PUT", path_of(provider), json=written | {"attachments": many})
    assert "“5.pdf”" in problem(answer, "validation", 422)["errors"][0]["message"]
    twice = await provider.request("PUT", path_of(provider), json=written | {"attachments": [many[0], many[0]]})
    assert "twice" in problem(twice, "validation", 422)["errors"][0]["message"]
    large = [ok(await upload(provider, f"l{n}.pdf", PDF + bytes(4 * 1024 * 1024)), 201) for n in range(3)]
    answer = await provider.request("PUT", path_of(provider), json=written | {"attachments": large})
    assert "10 MB is the most" in problem(answer, "validation", 422)["errors"][0]["message"]


async def test_another_providers_file_is_nobodys(world: World, provider: Provider, other_provider: Provider) -> None:
    theirs = ok(await upload(other_provider), 201)
    written = await provider.get(path_of(provider))
    answer = await provider.request("PUT", path_of(provider), json=written | {"attachments": [theirs]})
    problem(answer, "validation", 422)
    owner = await owner_of(provider)
    answer = await owner.request("GET", f"/console/providers/{provider.slug}/greeting/files/{theirs['id']}")
    assert answer.status_code == 404


async def test_files_that_no_version_names_are_forgotten_after_a_day(world: World, provider: Provider) -> None:
    old, new = ok(await upload(provider, "old.pdf"), 201), ok(await upload(provider, "new.pdf"), 201)
    world.execute(
        f"UPDATE greeting_attachment SET created_at = created_at - interval '2 days' WHERE id = '{old['id']}'"
    )
    welcome = (await provider.get(path_of(provider)))["attachments"][0]["id"]
    world.execute(f"UPDATE greeting_attachment SET created_at = created_at - interval '2 days' WHERE id = '{welcome}'")
    ok(await provider.request("PUT", path_of(provider), json={"subject": "Hi", "body": "Hello", "attachments": []}))
    kept = {row["id"] for row in world.rows("SELECT id FROM greeting_attachment")}
    assert {new["id"], welcome} <= kept  # an earlier version has the latter
    assert old["id"] not in kept
