"""The greeting's editor as a browser without scripts posts it back: files, preview, a mail to oneself, versions."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import httpx

from domain.attachments import LARGEST_FILE
from tests.driver import Provider, World, new_address, ok, text_of, until
from tests.e2e.test_greeting import PDF, PNG, files_of, html_of, path_of
from tests.staffing import Colleague, colleague, owner_of


def home(provider: Provider) -> str:
    return f"/console/providers/{provider.slug}/greeting"


class Editor:
    """The page as a browser posts it back: what it shows, what is changed, the button pressed."""

    def __init__(self, provider: Provider, staff: Colleague, page: str) -> None:
        self.provider = provider
        self.staff = staff
        self.page = page

    @classmethod
    async def opened(cls, provider: Provider, staff: Colleague) -> Editor:
        return cls(provider, staff, await staff.page(home(provider)))

    def field(self, name: str) -> str:
        found = re.search(rf'name="{name}"[^>]*value="([^"]*)"', self.page)
        assert found is not None, name
        return unescape(found.group(1))

    @property
    def body(self) -> str:
        found = re.search(r'<textarea[^>]*name="body"[^>]*>\n(.*?)</textarea>', self.page, re.DOTALL)
        assert found is not None
        return unescape(found.group(1))

    @property
    def files(self) -> dict[str, str]:
        """Name to id, in order."""
        rows = re.findall(r'name="row" value="([^"]+)">.*?<a [^>]*>([^<]+)</a>', self.page, re.DOTALL)
        return {unescape(name): one for one, name in rows}

    async def press(
        self, action: str, *, files: list[tuple[str, tuple[str, bytes]]] | None = None, **changed: str
    ) -> httpx.Response:
        data: dict[str, Any] = {
            "csrf": self.field("csrf"),
            "version": self.field("version"),
            "subject": self.field("subject"),
            "body": self.body,
            "row": list(self.files.values()),
            "action": action,
        }
        # An input that nobody has chosen a file for sends an empty one.
        sent = files or [("file", ("", b""))]
        answer = await self.staff.request("POST", home(self.provider), data=data | changed, files=sent)
        if answer.status_code != 303:
            self.page = answer.text
        return answer


async def test_the_editor_takes_files_orders_and_replaces_them_and_keeps_what_was_typed(
    world: World, provider: Provider
) -> None:
    editor = await Editor.opened(provider, await owner_of(provider))
    assert list(editor.files) == ["Welcome.pdf"]
    unconfirmed = await editor.press("upload", files=[("file", ("Map.png", PNG))], subject="Typed {{first_name}}")
    assert unconfirmed.status_code == 422
    assert "Please confirm that the file holds nothing about a client" in editor.page
    assert editor.field("subject") == "Typed {{first_name}}"

    several = [("file", ("Map.png", PNG)), ("file", ("bad.pdf", b"MZ")), ("file", ("House rules.pdf", PDF))]
    assert (await editor.press("upload", files=several, no_phi="on")).status_code == 422
    assert "“bad.pdf” isn&#39;t a PDF" in editor.page
    assert list(editor.files) == ["Welcome.pdf", "Map.png", "House rules.pdf"]

    await editor.press(f"up:{editor.files['Map.png']}")
    assert list(editor.files) == ["Map.png", "Welcome.pdf", "House rules.pdf"]
    place = f"replace.{editor.files['Welcome.pdf']}"
    await editor.press("upload-replacing", files=[(place, ("Welcome 2027.pdf", PDF))], no_phi="on")
    assert list(editor.files) == ["Map.png", "Welcome 2027.pdf", "House rules.pdf"]
    await editor.press(f"remove:{editor.files['House rules.pdf']}")
    assert list(editor.files) == ["Map.png", "Welcome 2027.pdf"]

    before = await provider.get(path_of(provider))
    assert before["subject"] != "Typed {{first_name}}", "nothing is in force before it is saved"
    assert (await editor.press("save")).status_code == 303
    saved = await provider.get(path_of(provider))
    assert saved["subject"] == "Typed {{first_name}}"
    assert [one["name"] for one in saved["attachments"]] == ["Map.png", "Welcome 2027.pdf"]

    file = await editor.staff.request("GET", f"{home(provider)}/files/{editor.files['Map.png']}")
    assert (file.content, file.headers["content-type"]) == (PNG, "image/png")
    assert file.headers["content-disposition"].startswith("attachment;")


async def test_what_is_too_large_is_named_and_what_was_typed_stays(world: World, provider: Provider) -> None:
    editor = await Editor.opened(provider, await owner_of(provider))
    big = [("file", ("big.pdf", PDF + bytes(LARGEST_FILE)))]
    assert (await editor.press("save", files=big, no_phi="on", subject="Typed")).status_code == 422
    assert "“big.pdf” has 5.1 MB" in editor.page
    huge = [("file", ("ok.pdf", PDF)), ("file", ("huge.pdf", PDF + bytes(6 * LARGEST_FILE)))]
    assert (await editor.press("upload", files=huge, no_phi="on")).status_code == 422
    assert "“huge.pdf” is too large" in editor.page
    assert "ok.pdf" in editor.files
    assert editor.field("subject") == "Typed"


async def test_who_confirmed_that_a_file_holds_no_health_data_is_written_down(world: World, provider: Provider) -> None:
    owner = await owner_of(provider)
    editor = await Editor.opened(provider, owner)
    await editor.press("upload", files=[("file", ("Map.png", PNG))], no_phi="on")
    file = editor.files["Map.png"]
    (row,) = world.rows("SELECT * FROM greeting_attachment WHERE id = %s", file)
    assert (row["no_phi_confirmed_by"], row["size"]) == (owner.staff_id, len(PNG))
    assert row["no_phi_confirmed_at"] is not None
    (entry,) = world.rows("SELECT staff_id, kind FROM audit_entry WHERE object_id = %s", file)
    assert entry == {"staff_id": owner.staff_id, "kind": "file_uploaded"}


async def test_what_is_wrong_stands_at_its_field_and_the_preview_is_what_arrives(
    world: World, provider: Provider
) -> None:
    editor = await Editor.opened(provider, await owner_of(provider))
    answer = await editor.press(
        "preview", subject="Hi {{nobody}}", body="[x](javascript:alert(1)) ![y](https://a.example)"
    )
    assert answer.status_code == 422
    for said in ("Has unknown merge fields: {{nobody}}.", "javascript:alert(1)", "Can&#39;t hold pictures"):
        assert said in editor.page
    assert "srcdoc" not in editor.page
    answer = await editor.press("preview", subject="Hi {{first_name}}", body="Dear *{{preferred_name}}*")
    assert answer.status_code == 200
    assert "style-src-attr 'unsafe-inline'" in answer.headers["content-security-policy"]
    frame = re.search(r'<iframe class="mail" sandbox title="[^"]*" srcdoc="([^"]*)"', editor.page)
    assert frame is not None
    shown = unescape(frame.group(1))

    ok(await provider.request("PUT", path_of(provider), json={"subject": "Hi {{first_name}}", "body": editor.body}))
    address = new_address()
    client = {"email": address, "first_name": "Alex", "last_name": "Sample", "preferred_name": "Lex"}
    ok(await world.sign_up(provider, **client), 202)
    mail = await world.mail(address, "Hi Alex")
    # All but the link to unsubscribe, which is each address's own.
    link = str(mail["List-Unsubscribe"]).strip("<>").rpartition("/")[2]
    assert html_of(mail).replace(link, "...").split() == shown.split()
    text = re.search(r'<pre class="mail-text"[^>]*>(.*?)</pre>', editor.page, re.DOTALL)
    assert text is not None
    assert unescape(text.group(1)).split("\n") == text_of(mail).replace("\r\n", "\n").replace(link, "...").split("\n")


async def test_send_to_myself_goes_to_the_signed_in_address_marked_as_a_test(world: World, provider: Provider) -> None:
    owner = await owner_of(provider)
    mine = await colleague(owner, "provider", provider=provider.slug)
    editor = await Editor.opened(provider, mine)
    answer = await editor.press("send", subject="Trying {{first_name}}", body="Dear {{first_name}}")
    assert answer.status_code == 200
    assert mine.address in editor.page
    mail = await world.mail(mine.address, "trying")
    assert mail["Subject"] == "[Test] Trying Alex"
    assert "This is a test" in html_of(mail)
    assert "This is a test" in text_of(mail)
    assert [name for _, name, _ in files_of(mail)] == ["Welcome.pdf"]
    assert (await provider.get(path_of(provider)))["subject"] != "Trying {{first_name}}"
    assert await world.mails(provider.seeded.email, "trying") == []

    async def noted() -> bool:
        return "sent." in await mine.page(home(provider))

    await until(noted, "the page to say so")
    wrong = await editor.press("send", subject="{{x}}")
    assert wrong.status_code == 422
    for _ in range(9):
        assert (await editor.press("send", subject="Again")).status_code == 200
    answer = await editor.press("send", subject="Once too often")
    assert answer.status_code == 429
    assert "Too many requests" in editor.page
    assert editor.field("subject") == "Once too often"


async def test_a_test_whose_address_is_refused_says_so(world: World, provider: Provider) -> None:
    owner = await owner_of(provider)
    mailbox = f"{world.endpoints['mailbox_url']}/api/faults"
    ok(await world.http.put(mailbox, json=[{"to": owner.address, "reply": 550, "times": 1}]))
    editor = await Editor.opened(provider, owner)
    assert (await editor.press("send")).status_code == 200

    async def noted() -> bool:
        return "your mail server refused it" in await owner.page(home(provider))

    await until(noted, "the page to say so")


async def test_two_who_write_at_once_are_told_and_an_earlier_version_comes_back(
    world: World, provider: Provider
) -> None:
    owner = await owner_of(provider)
    first, second = [await Editor.opened(provider, owner) for _ in range(2)]
    before = await provider.get(path_of(provider))
    assert (await first.press("save", subject="First")).status_code == 303
    assert (await second.press("save", subject="Second")).status_code == 409
    assert "has saved" in second.page
    assert second.field("subject") == "Second"
    assert (await second.press("save")).status_code == 303
    assert (await provider.get(path_of(provider)))["subject"] == "Second"

    page = await owner.page(f"{home(provider)}/versions/1")
    assert before["subject"].split("{{")[0] in page
    answer = await owner.submit(f"{home(provider)}/versions/1", f"{home(provider)}/versions/1/restore", version="3")
    assert answer.status_code == 303
    assert await provider.get(path_of(provider)) == before
    late = await owner.submit(f"{home(provider)}/versions/1", f"{home(provider)}/versions/1/restore", version="3")
    assert late.status_code == 409
    kinds = {one["kind"] for one in world.rows("SELECT kind FROM audit_entry WHERE staff_id = %s", owner.staff_id)}
    assert {"settings_saved", "settings_restored"} <= kinds
    assert (await owner.request("GET", f"{home(provider)}/versions/99")).status_code == 404
