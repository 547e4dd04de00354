"""What really came of a client's way, beside what the rehearsal says of one who did the same at the same moments."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from activities.greeting_letter import Addressee
from commands.rehearsing import surroundings
from db.engine import Database
from db.tenancy import provider_by_slug
from domain.rehearsal import Circumstances, Rehearsal, RehearsedTrack, Script, SeenBy
from domain.rehearsal_way import rehearse
from tests.driver import Provider, text_of
from tests.seeding import office_for
from tests.virtual_time.conftest import TravellingWorld
from tests.virtual_time.processor import Processor

_A_MINUTE = timedelta(minutes=1)
# What is each client's own stands in a rehearsal as "…".
_OWN = re.compile(r"https?://\S+|(?<=^Client: )\S+|(?<=^Reference: )\S+", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Came:
    """One mail, planned or real."""

    subject: str
    to: str
    at: datetime
    text: str
    parts: tuple[str, ...]  # files and calendar entries


@dataclass(frozen=True, kw_only=True)
class Outcome:
    mails: list[Came]
    charged: int
    returned: int


async def around_of(world: TravellingWorld, provider: Provider, track: RehearsedTrack, reader: Addressee) -> Any:
    """What is in force there, and an office to write letters with."""
    database = Database(world.stack.variables()["PORTICO_DATABASE_URL"], pool_size=1)
    try:
        async with database.transaction() as session:
            row = await provider_by_slug(session, provider.slug)
            office = office_for(world.stack, database)
            return await surroundings(session, office, row, track, reader=reader), office
    finally:
        await database.close()


async def planned(
    world: TravellingWorld, provider: Provider, client_id: str, track: RehearsedTrack
) -> tuple[Circumstances, Rehearsal, Outcome]:
    """For a client who does what this one has done."""
    (name,) = world.rows("SELECT first_name, last_name FROM client WHERE id = %s", client_id)
    here, office = await around_of(world, provider, track, Addressee(**name))
    plan = rehearse(here.around, script_of(world, client_id))
    mails = []
    for moment in plan.moments:
        letter = here.letter(office, moment)
        if letter is not None and moment.mail is not None:
            calendar = ("calendar",) if moment.mail.calendar else ()
            to = "practice" if moment.seen_by is SeenBy.FRONT_DESK else "client"
            parts = (*moment.mail.attachments, *calendar)
            mails.append(Came(subject=letter.subject, to=to, at=moment.at, text=_bare(letter.text), parts=parts))
    totals = plan.totals
    return (
        here.around,
        plan,
        Outcome(
            mails=_sorted(mails),
            charged=sum(one.amount_minor for one in totals.charges),
            returned=sum(one.amount_minor for one in totals.refunds),
        ),
    )


def script_of(world: TravellingWorld, client_id: str) -> Script:
    """When this client did each thing, from the records."""
    told: dict[str, datetime] = {}
    for row in world.rows("SELECT kind, at FROM timeline_entry WHERE client_id = %s ORDER BY at DESC", client_id):
        told[row["kind"]] = row["at"]  # the first of each kind
    visits = world.rows("SELECT starts_at, created_at FROM appointment WHERE client_id = %s", client_id)
    (invited,) = world.rows("SELECT issued_at FROM invitation WHERE client_id = %s", client_id)
    return Script(
        begins_at=invited["issued_at"],
        opens_account_at=told.get("account_opened"),
        submits_intake_at=told.get("intake_submitted"),
        books_at=visits[0]["created_at"] if visits else None,
        starts_at=_first_start(world, client_id) if visits else None,
        pays_at=told.get("fee_captured"),
        cancels_at=told.get("appointment_cancelled"),
        forms_at=told.get("new_client_forms_requested"),
    )


def _first_start(world: TravellingWorld, client_id: str) -> datetime:
    (row,) = world.rows("SELECT starts_at FROM appointment WHERE client_id = %s", client_id)
    starts_at: datetime = row["starts_at"]
    return starts_at


async def really_came(world: TravellingWorld, provider: Provider, client_id: str, address: str) -> Outcome:
    """From the mailbox and the payment processor; the ledger knows at which moment of business time each went out."""
    ledger = {
        row["message_id"]: row["at"]
        for row in world.rows("SELECT message_id, at FROM effect WHERE client_id = %s", client_id)
    }
    mails = []
    for to, mailbox in (("client", address), ("practice", provider.seeded.front_desk)):
        for message in await world.mails(mailbox):
            at = ledger[str(message["Message-ID"])]
            files = tuple(name for part in message.iter_attachments() if (name := part.get_filename()))
            calendar = ("calendar",) if any(p.get_content_type() == "text/calendar" for p in message.walk()) else ()
            parts = (*(name for name in files if not name.endswith(".ics")), *calendar)
            text = _bare(text_of(message))
            mails.append(Came(subject=str(message["Subject"]), to=to, at=at, text=text, parts=parts))
    money = Processor(world.stack.plan.state_dir, provider.seeded.merchant_account).money()
    return Outcome(
        mails=_sorted(mails),
        charged=sum(one.captured for one in money),
        returned=sum(one.refunded for one in money),
    )


def assert_the_same(plan: Outcome, real: Outcome) -> None:
    def said(one: Came) -> tuple[str, str, tuple[str, ...]]:
        return one.to, one.subject, one.parts

    assert [said(one) for one in plan.mails] == [said(one) for one in real.mails]
    for one, other in zip(plan.mails, real.mails, strict=True):
        assert abs(one.at - other.at) < _A_MINUTE, (one.subject, one.at, other.at)
        assert one.text == other.text
    assert (plan.charged, plan.returned) == (real.charged, real.returned)


def _bare(text: str) -> str:
    return " ".join(_OWN.sub("…", text.replace("\r\n", "\n")).split())


def _sorted(mails: list[Came]) -> list[Came]:
    return sorted(mails, key=lambda one: (one.to, one.subject, one.at))


def changed(around: Circumstances, **settings: Any) -> Circumstances:
    return replace(around, policy=replace(around.policy, **settings))
