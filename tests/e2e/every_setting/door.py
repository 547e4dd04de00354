"""How clients come in: page, sign-up, greeting, invitation, intake."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from tests.driver import ok
from tests.e2e.every_setting.scene import Scene
from workflows.naming import client_journey_id


class Door(Scene):
    """Who has signed up goes on, whatever becomes of the door behind them: the link that they got works."""

    says, status = "", 200  # what the provider's page tells those who can't come in

    async def begin(self) -> None:
        self.inside, answer = await self.sign_up()
        ok(answer, 202)

    async def changed(self) -> None:
        token = await self.world.invitation_token(self.inside)
        await self.public(f"/invitations/{token}")

    async def _check(self, value: bool) -> None:
        page = await self.public(f"/p/{self.provider.slug}", 200 if value else self.status)
        assert (f"/p/{self.provider.slug}/signup" in page) is value
        assert value or (self.says in page and "555-010-0100" in page)
        address, answer = await self.sign_up()
        if value:
            ok(answer, 202)
            self.inside = address
        else:
            self.refused(answer, "signup-closed", "isn't offered here. Please call the practice.")


class Published(Door):
    settings = ("page_published",)
    told = MappingProxyType({"page_published": (None, "signed_up_go_on")})
    says, status = "This page isn't published", 404

    async def page_published(self, value: bool) -> None:
        await self._check(value)


class AnonymousSignup(Door):
    settings = ("allow_anonymous_signup",)
    told = MappingProxyType({"allow_anonymous_signup": (None, "signed_up_go_on")})

    async def allow_anonymous_signup(self, value: bool) -> None:
        await self._check(value)


class NewClients(Scene):
    """At each turn somebody signs up, and who signed up before it opens their account."""

    settings = (
        "website_origins",
        "send_greeting",
        "intake_form_id",
        "invitation_days",
        "invitation_reminder_days",
    )
    told = MappingProxyType(
        {
            "intake_form_id": (None, "intake_form_kept"),
            "invitation_days": ("invitations_kept", "invitations_kept"),
            "invitation_reminder_days": ("nudges_kept", "nudges_kept"),
        }
    )

    async def begin(self) -> None:
        path = f"/api/v1/providers/{self.provider.slug}/portal-settings"
        self.form = self.now["intake_form_id"] = (await self.provider.get(path))["intake_form_id"]
        self.people = [await self.world.anonymous_client(self.provider)]
        await self.provider.stage(self.people[0].client_id, "intake")
        await self._somebody_signs_up()

    def value(self, name: str, which: int) -> Any:
        found = super().value(name, which)
        return self.form if name == "intake_form_id" and found is not None else found

    async def _somebody_signs_up(self) -> None:
        self.address, self.new = await self.signed_up()
        self.invitation = (await self.provider.stage(self.new, "invited"))["invitation"]
        self.issued_at = datetime.fromisoformat(self.invitation["issued_at"])

    async def _reminded(self, client: str) -> str:
        return await self.next_date(client, "A mail reminds of the invitation")

    async def under_way(self) -> None:
        self.planned = await self._reminded(self.new)

    async def changed(self) -> None:
        """What was planned for who waits stays, and is what is shown; then they come in."""
        self.still_planned = await self._reminded(self.new)
        self.waited_for = (await self.provider.client(self.new))["invitation"]["expires_at"], self.invitation
        self.insider = await self.world.open_account(self.provider, self.address)
        await self._somebody_signs_up()
        self.seen = await self.console(f"/console/settings/{self.provider.slug}/seen")

    async def website_origins(self, value: list[str]) -> None:
        page = await self.console(f"/console/settings/{self.provider.slug}")
        assert all(origin in page for origin in value)
        url = f"{self.world.base_url}/webhooks/signups/{self.provider.slug}"
        answer = await self.world.http.options(url, headers={"Origin": "https://site.example"})
        allowed = answer.headers.get("access-control-allow-origin")
        assert allowed == ("https://site.example" if value else None)

    async def send_greeting(self, value: bool) -> None:
        """Of the two tracks the invited one always has it: sending by hand is nobody's switch."""
        assert (self.seen.count("Mail: your greeting") == 2) is value
        if not value:
            path = f"/api/v1/clients/{self.people[0].client_id}/send-new-client-forms"
            ok(await self.provider.request("POST", path), 202)
        await self.provider.told(self.new, "greeting_sent" if value else "greeting_skipped")

    async def intake_form_id(self, value: str | None) -> None:
        """Who has been given a form keeps it; who opens their account now is given what is chosen now."""
        assert "Next: your intake form" in await self.portal("/portal")
        await self.provider.stage(self.insider.client_id, "intake" if value else "ready")
        form = (await self.insider.get("/api/v1/portal/intake"))["form"]
        assert (form is not None) is (value is not None)
        assert ("intake_assigned" in await self.provider.timeline(self.insider.client_id)) is (value is not None)

    async def invitation_days(self, value: int) -> None:
        ends, earlier = self.waited_for
        assert ends == earlier["expires_at"]
        assert datetime.fromisoformat(self.invitation["expires_at"]) - self.issued_at == timedelta(days=value)
        assert f"The link is good for {value} days" in self.seen

    async def invitation_reminder_days(self, value: list[int]) -> None:
        assert self.still_planned == self.planned
        assert f"with reminders after {' and '.join(map(str, value))} days" in self.seen
        await self.has_timer(client_journey_id(self.new), self.issued_at + timedelta(days=value[0]))


class IntakeGate(Scene):
    """The gate before self-scheduling."""

    settings = ("require_intake",)
    around = MappingProxyType({"require_fee": False})
    told = MappingProxyType({"require_intake": ("intake_let_through", "intake_asked_now")})

    async def begin(self) -> None:
        self.people = [await self.world.anonymous_client(self.provider)]
        await self.provider.stage(self.people[0].client_id, "intake")

    async def require_intake(self, value: bool) -> None:
        (person,) = self.people
        assert ("Please fill in the intake form first" in await self.portal("/portal/book")) is value
        assert "Next: your intake form" in await self.portal("/portal")
        if value:
            self.refused(await person.book(), "intake-required", "fill in the intake form first")
            await self.blocked("require_intake", "intake-required")
        else:
            await self.free_to_book()
            await self.ended(person, await self.booked())
        assert (await self.provider.client(person.client_id))["stage"] == "intake"
