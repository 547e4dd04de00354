"""How clients come in: page, sign-up, greeting, invitation, intake."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from tests.driver import ok
from tests.e2e.every_setting.case import Case, Row
from workflows.naming import client_journey_id


class SignUp(Row):
    """`says` is what the provider's page tells those who can't come in."""

    def __init__(self, says: str, status: int) -> None:
        self.says, self.status = says, status
        self.told = {"False": "signed_up_go_on"}

    async def under_way(self, case: Case) -> None:
        answer = await case.sign_up()
        if answer.status_code == 202:
            address = case.memo["address"]
            await case.world.mail(address, "client portal")
            case.memo["waiting"] = address

    async def page(self, case: Case, value: Any) -> None:
        page = await case.public(f"/p/{case.provider.slug}", 200 if value else self.status)
        assert (f"/p/{case.provider.slug}/signup" in page) is value
        assert value or (self.says in page and "555-010-0100" in page)

    async def api(self, case: Case, value: Any) -> None:
        answer = await case.sign_up()
        if value:
            ok(answer, 202)
        else:
            await case.refused(answer, "signup-closed", "isn't offered here. Please call the practice.")

    async def journey(self, case: Case, value: Any) -> None:
        """Who has signed up goes on: the link that they got works."""
        token = await case.world.invitation_token(case.memo["waiting"])
        await case.public(f"/invitations/{token}")
        if value:
            await case.world.mail(case.memo["address"], "client portal")


class Websites(Row):
    async def page(self, case: Case, value: Any) -> None:
        page = await case.console(f"/console/settings/{case.provider.slug}")
        assert all(origin in page for origin in value)

    async def api(self, case: Case, value: Any) -> None:
        url = f"{case.world.base_url}/webhooks/signups/{case.provider.slug}"
        answer = await case.world.http.options(url, headers={"Origin": "https://site.example"})
        allowed = answer.headers.get("access-control-allow-origin")
        assert allowed == ("https://site.example" if value else None)

    async def journey(self, case: Case, value: Any) -> None:
        await case.provider.told(await case.signed_up(), "invitation_sent")


class Greeting(Row):
    async def page(self, case: Case, value: Any) -> None:
        seen = await case.console(f"/console/settings/{case.provider.slug}/seen")
        assert (seen.count("Mail: your greeting") == 2) is value  # of the two tracks, the invited one always has it

    async def api(self, case: Case, value: Any) -> None:
        """Sending by hand is nobody's switch."""
        path = f"/api/v1/clients/{case.person.client_id}/send-new-client-forms"
        ok(await case.provider.request("POST", path), 202)

    async def journey(self, case: Case, value: Any) -> None:
        await case.provider.told(await case.signed_up(), "greeting_sent" if value else "greeting_skipped")


class Intake(Row):
    """The gate before self-scheduling."""

    anonymous = True
    told = MappingProxyType({"True": "intake_asked_now", "False": "intake_let_through"})

    async def begin(self, case: Case) -> None:
        await super().begin(case)
        await case.provider.stage(case.person.client_id, "intake")

    async def page(self, case: Case, value: Any) -> None:
        page = await case.portal("/portal/book")
        assert ("Please fill in the intake form first" in page) is value
        assert "Next: your intake form" in await case.portal("/portal")

    async def api(self, case: Case, value: Any) -> None:
        case.memo["slot"] = (await case.person.slots())[-1]
        if value:
            answer = await case.person.book(case.memo["slot"])
            await case.refused(answer, "intake-required", "fill in the intake form first")
            await case.blocked("intake-required")
        else:
            await case.free_to_book()

    async def journey(self, case: Case, value: Any) -> None:
        if not value:
            await case.called_off(await case.booked(case.memo["slot"]))
        assert (await case.provider.client(case.person.client_id))["stage"] == "intake"


class IntakeForm(Row):
    anonymous = True
    told = MappingProxyType({"None": "intake_form_kept"})

    async def begin(self, case: Case) -> None:
        await super().begin(case)
        await case.provider.stage(case.person.client_id, "intake")
        path = f"/api/v1/providers/{case.provider.slug}/portal-settings"
        case.memo["form"] = (await case.provider.get(path))["intake_form_id"]

    async def page(self, case: Case, value: Any) -> None:
        """Who has been given a form keeps it."""
        assert "Next: your intake form" in await case.portal("/portal")

    async def api(self, case: Case, value: Any) -> None:
        case.memo["next"] = await case.world.anonymous_client(case.provider)
        await case.provider.stage(case.memo["next"].client_id, "intake" if value else "ready")
        form = (await case.memo["next"].get("/api/v1/portal/intake"))["form"]
        assert (form is not None) is (value is not None)

    async def journey(self, case: Case, value: Any) -> None:
        kinds = await case.provider.timeline(case.memo["next"].client_id)
        assert ("intake_assigned" in kinds) is (value is not None)


class Waited(Row):
    """Invitations: how long they work, and when they are reminded of."""

    async def invited(self, case: Case) -> tuple[str, datetime, Any]:
        """Somebody new: the client, when the link was made, and what their journey waits for."""
        client = (await case.provider.invite())["id"]
        await case.provider.stage(client, "invited")
        shape = await case.provider.client(client)
        return client, datetime.fromisoformat(shape["invitation"]["issued_at"]), shape["invitation"]

    async def wakes(self, case: Case, client: str, due: datetime) -> None:
        await case.has_timer(client_journey_id(client), due)


class InvitationDays(Waited):
    told = MappingProxyType({"14": "invitations_kept", "10": "invitations_kept"})

    async def under_way(self, case: Case) -> None:
        client, _, invitation = await self.invited(case)
        case.memo["earlier"] = client, invitation["expires_at"]

    async def api(self, case: Case, value: Any) -> None:
        client, issued_at, invitation = await self.invited(case)
        assert datetime.fromisoformat(invitation["expires_at"]) - issued_at == timedelta(days=value)
        earlier, ends = case.memo["earlier"]
        assert (await case.provider.client(earlier))["invitation"]["expires_at"] == ends
        case.memo["client"], case.memo["issued"] = client, issued_at

    async def page(self, case: Case, value: Any) -> None:
        seen = await case.console(f"/console/settings/{case.provider.slug}/seen")
        assert f"The link is good for {value} days" in seen

    async def journey(self, case: Case, value: Any) -> None:
        await self.wakes(case, case.memo["client"], case.memo["issued"] + timedelta(days=3))


class InvitationReminders(Waited):
    told = MappingProxyType({"[3, 7]": "nudges_kept", "[2]": "nudges_kept"})

    async def under_way(self, case: Case) -> None:
        client, _, _ = await self.invited(case)
        case.memo["earlier"] = client, await self._planned(case, client)

    async def _planned(self, case: Case, client: str) -> str:
        return await case.next_date(client, "A mail reminds of the invitation")

    async def api(self, case: Case, value: Any) -> None:
        case.memo["client"], case.memo["issued"], _ = await self.invited(case)

    async def page(self, case: Case, value: Any) -> None:
        """What was planned for those who wait stays, and is what is shown."""
        days = " and ".join(str(one) for one in value)
        seen = await case.console(f"/console/settings/{case.provider.slug}/seen")
        assert f"with reminders after {days} days" in seen
        earlier, planned = case.memo["earlier"]
        assert await self._planned(case, earlier) == planned

    async def journey(self, case: Case, value: Any) -> None:
        await self.wakes(case, case.memo["client"], case.memo["issued"] + timedelta(days=value[0]))
