"""What the ledger says of a mail after each kind of failure, on the real mailbox: no more than is known."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from activities.post import Letterhead, Post
from db.engine import Database
from domain.errors import MailRefused, MailUnanswered, MailUnavailable
from domain.ports import Letter
from gateways.letters import JinjaLetters
from gateways.secrets import HmacTokens
from gateways.smtp import SmtpMailer
from tests.driver import Provider, World, new_address, ok, problem, until
from tests.seeding import settings_of
from tests.telemetry.reading import worker_metrics

HEAD = Letterhead(
    practice_name="Lakeside",
    practice_phone="",
    reply_to="desk@practice.example",
    provider_name="Rivera",
    provider_slug="x",
)
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@dataclass(kw_only=True)
class Sender:
    """Sends one message again and again, as a journey does; `told` counts how often it was said to be sent."""

    world: World
    post: Post
    key: str
    address: str
    told: int = 0

    async def send(self) -> None:
        async def done(session: AsyncSession) -> None:
            self.told += 1

        await self.post.send(
            self.key,
            kind="front_desk",
            client=None,
            to=self.address,
            head=HEAD,
            letter=Letter(subject="Hello", text="Hello", html="<p>Hello</p>"),
            now=NOW,
            done=done,
        )

    async def fault(self, reply: int | str, subject: str = "") -> None:
        faults = [{"to": self.address, "reply": reply, "times": 1, "subject": subject}] if reply else []
        ok(await self.world.http.put(f"{self.world.endpoints['mailbox_url']}/api/faults", json=faults))

    def ledger(self) -> tuple[str, int, int]:
        """State, attempts, and those of which nobody knows."""
        query = "SELECT state, attempts, uncertain_attempts FROM effect WHERE key = %s"
        (row,) = self.world.rows(query, self.key)
        return row["state"], row["attempts"], row["uncertain_attempts"]

    async def copies(self) -> int:
        """At the mailbox, all of them the same message."""
        mails = await self.world.mails(self.address)
        assert len({mail["Message-ID"] for mail in mails}) <= 1
        return len(mails)


@pytest.fixture
async def sender(world: World) -> AsyncIterator[Sender]:
    settings = settings_of(world.stack)
    database = Database(settings.database_url, pool_size=2)
    mailer = SmtpMailer(settings.smtp_url, settings.mail_from, timeout_seconds=1)
    post = Post(
        database, mailer, JinjaLetters(), HmacTokens([b"k"]), base_url=settings.base_url, host="practice.example"
    )
    sender = Sender(world=world, post=post, key=f"test:{secrets.token_hex(6)}", address=new_address())
    yield sender
    await sender.fault("")
    await database.close()


@pytest.mark.parametrize(
    ("reply", "subject", "kept"),
    [("drop", "", 1), ("hold", "", 1), ("hang", "hello", 0)],
    ids=["taken and cut off unanswered", "taken and not answered in time", "not taken and not answered in time"],
)
async def test_without_an_answer_it_is_uncertain_and_a_repeat_is_the_same_message(
    sender: Sender, reply: str, subject: str, kept: int
) -> None:
    await sender.fault(reply, subject)
    with pytest.raises(MailUnanswered):
        await sender.send()
    assert (sender.ledger(), sender.told) == (("uncertain", 1, 1), 0)
    await until(lambda: _is(sender, kept), "the mailbox to have kept it")
    await sender.send()
    assert (sender.ledger(), sender.told) == (("done", 2, 1), 1)
    assert await sender.copies() == kept + 1
    await sender.send()
    assert (sender.ledger(), sender.told) == (("done", 2, 1), 1)


async def _is(sender: Sender, copies: int) -> bool:
    return await sender.copies() == copies


@pytest.mark.parametrize(
    ("reply", "subject", "state", "error"),
    [
        (451, "", "reserved", MailUnavailable),
        (451, "hello", "reserved", MailUnavailable),
        ("hang", "", "reserved", MailUnavailable),
        (550, "", "refused", MailRefused),
        (550, "hello", "refused", MailRefused),
    ],
)
async def test_what_was_refused_or_never_handed_over_is_certain(
    sender: Sender, reply: int | str, subject: str, state: str, error: type[Exception]
) -> None:
    await sender.fault(reply, subject)
    with pytest.raises(error) as failed:
        await sender.send()
    assert failed.type is error
    assert (sender.ledger(), sender.told) == ((state, 1, 0), 0)
    await sender.send()
    assert (sender.ledger(), sender.told) == (("done", 2, 0), 1)
    assert await sender.copies() == 1


@pytest.mark.parametrize(("reply", "error"), [(451, MailUnavailable), (550, MailRefused)])
async def test_a_later_refusal_does_not_undo_what_may_have_arrived(
    sender: Sender, reply: int, error: type[Exception]
) -> None:
    await sender.fault("drop")
    with pytest.raises(MailUnanswered):
        await sender.send()
    await sender.fault(reply)
    with pytest.raises(error):
        await sender.send()
    assert sender.ledger() == ("uncertain", 2, 1)
    await sender.send()
    assert sender.ledger() == ("done", 3, 1)


async def test_an_attempt_whose_process_died_is_uncertain(sender: Sender) -> None:
    await sender.fault("hold")
    dying = asyncio.create_task(sender.send())
    await until(lambda: _is(sender, 1), "the mailbox to have it")
    dying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await dying
    assert sender.ledger() == ("intended", 1, 0)
    await sender.send()
    assert (sender.ledger(), sender.told) == (("done", 2, 1), 1)


async def test_two_at_once_are_two_attempts_and_the_first_answer_stands(sender: Sender) -> None:
    await sender.fault("hold")
    slow = asyncio.create_task(sender.send())
    await until(lambda: _is(sender, 1), "the mailbox to have it")
    await sender.send()
    with pytest.raises(MailUnanswered):
        await slow
    assert (sender.ledger(), sender.told) == (("done", 2, 1), 1)


async def test_an_invitation_is_sent_again_by_itself_and_told_once(world: World, provider: Provider) -> None:
    address = new_address()
    await _cut_off(world, address, "client portal")
    client = await provider.invite(email=address)
    await provider.told(client["id"], "invitation_sent")
    mails = await world.mails(address, "client portal")
    assert (len(mails), len({mail["Message-ID"] for mail in mails})) == (2, 1)
    assert (await provider.timeline(client["id"])).count("invitation_sent") == 1
    assert (await provider.client(client["id"]))["attention"] is None

    async def counted() -> bool:
        return bool((await worker_metrics(world)).value("portico_uncertain_attempts", kind="invitation"))

    await until(counted, "the uncertain attempt among the figures")


@pytest.mark.parametrize("again", [True, False])
async def test_a_greeting_to_an_unverified_address_asks_before_it_is_sent_again(
    world: World, provider: Provider, again: bool
) -> None:
    address = new_address()
    await _cut_off(world, address, "welcome")
    ok(await world.sign_up(provider, email=address), 202)
    client = world.rows("SELECT id FROM client WHERE email = %s", address)[0]["id"]

    async def asked() -> dict[str, str] | None:
        found: dict[str, str] | None = (await provider.client(client))["attention"]
        return found

    item = await until(asked, "the question")
    assert (item["step"], item["reason"]) == (
        f"greeting:{client}",
        "It isn't certain whether the mail went out (uncertain)",
    )
    assert len(await world.mails(address, "welcome")) == 1
    assert "greeting_sent" not in await provider.timeline(client)
    action = "retry" if again else "skip"
    ok(await provider.request("POST", f"/api/v1/clients/{client}/{action}"), 200, 202)
    await provider.told(client, "attention_settled")
    if again:
        await provider.told(client, "greeting_sent")
    mails = await world.mails(address, "welcome")
    assert (len(mails), len({mail["Message-ID"] for mail in mails})) == (2 if again else 1, 1)
    (row,) = world.rows("SELECT state FROM effect WHERE client_id = %s AND kind = 'greeting'", client)
    assert row["state"] == ("done" if again else "uncertain")
    assert ("greeting_sent" in await provider.timeline(client)) is again
    late = await provider.request("POST", f"/api/v1/clients/{client}/{action}")
    problem(late, "conflict", 409)


async def _cut_off(world: World, address: str, subject: str) -> None:
    """Taken, and cut off unanswered."""
    faults = [{"to": address, "reply": "drop", "times": 1, "subject": subject}]
    ok(await world.http.put(f"{world.endpoints['mailbox_url']}/api/faults", json=faults))
