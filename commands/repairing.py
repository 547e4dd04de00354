"""Repairing what reconciliation has found: recorded events, told to journeys in the ordinary way, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from activities.comparing_money import Moments
from activities.mending_money import mend
from commands.reconciling import Compared
from db.called_off_days import have_called_off_run
from db.events import EventKind, client_subject, record_event
from db.holds import reopen_booking
from db.models import CalledOffDays, ExternalEvent
from db.tenancy import appointment_by_id, client_by_id
from db.waitlist import ring
from domain.lost_events import OWN_ACCOUNT
from domain.reconciliation import Finding, Remedy

SOURCE = "reconcile"
# A journey is there before its bookings, and both before what they are told.
_ORDER = (
    Remedy.REOPEN_JOURNEY,
    Remedy.REOPEN_BOOKING,
    Remedy.START_CALLED_OFF,
    Remedy.RING_WAITLIST,
    Remedy.TELL_AGAIN,
    Remedy.ADOPT_CHECKOUT,
    Remedy.NOTICE_PAYMENT,
    Remedy.FOLLOW_PAYMENT,
    Remedy.END_WORKFLOW,
)


@dataclass(frozen=True, kw_only=True)
class Repaired:
    """`subjects` have something to be told; `left` wants a person."""

    done: list[Finding]
    left: list[Finding]
    subjects: list[str]


async def repair(given: Compared, findings: Sequence[Finding], *, end_unknown: bool) -> Repaired:
    """Repeating it is harmless: the same finding is the same event, and journeys repeat nothing."""
    done: list[Finding] = []
    subjects: list[str] = []
    wanted = [one for one in findings if one.remedy in _ORDER]
    for finding in sorted(wanted, key=lambda one: _ORDER.index(one.remedy)):
        if finding.remedy is Remedy.END_WORKFLOW:
            if not end_unknown:
                continue
            await given.engine.end_run(finding.facts["workflow"], finding.facts["run"])
        else:
            url = await _checkout_url(given, finding)
            async with given.database.transaction() as session:
                await _record(session, finding, given.moments, url)
            subjects += session.info.pop("event_subjects", [])
        done.append(finding)
    left = [one for one in findings if one not in done and one.remedy is not Remedy.NOTE]
    return Repaired(done=done, left=left, subjects=subjects)


async def _checkout_url(given: Compared, finding: Finding) -> str | None:
    if finding.remedy is not Remedy.ADOPT_CHECKOUT:
        return None
    account = None if finding.facts["account"] == OWN_ACCOUNT else finding.facts["account"]
    return (await given.payments.read_checkout(account, finding.facts["session"])).url


async def _record(session: AsyncSession, finding: Finding, moments: Moments, checkout_url: str | None) -> None:
    match finding.remedy:
        case Remedy.REOPEN_JOURNEY:
            await _reopen_journey(session, finding)
        case Remedy.REOPEN_BOOKING:
            appointment = await appointment_by_id(session, finding.subject)
            run = finding.facts.get("run", "none")
            external_id = f"booking:{appointment.id}:{run}:{finding.facts['newest']}"
            await reopen_booking(
                session, appointment, source=SOURCE, external_id=external_id, in_place_of=finding.facts.get("run")
            )
        case Remedy.START_CALLED_OFF:
            row = await session.get_one(CalledOffDays, finding.subject)
            external_id = f"called-off:{row.id}:{finding.facts['newest']}"
            await have_called_off_run(session, row, source=SOURCE, external_id=external_id)
        case Remedy.RING_WAITLIST:
            happening = f"{SOURCE}:{finding.facts['newest']}"
            await ring(session, finding.facts["practice"], finding.subject, happening)
        case Remedy.TELL_AGAIN:
            await _tell_again(session, finding)
        case Remedy.ADOPT_CHECKOUT | Remedy.NOTICE_PAYMENT | Remedy.FOLLOW_PAYMENT:
            await mend(session, finding, moments, checkout_url, source=SOURCE)


async def _reopen_journey(session: AsyncSession, finding: Finding) -> None:
    """In the place of the run that disagrees, or of none; told twice, it starts no second one."""
    client = await client_by_id(session, finding.subject)
    run = finding.facts.get("run")
    await record_event(
        session,
        source=SOURCE,
        tenant=client.provider_id,
        external_id=f"journey:{client.id}:{run or 'none'}:{finding.facts['newest']}",
        kind=EventKind.JOURNEY_REOPENED,
        subject=client_subject(client.id),
        payload={"in_place_of": run},
    )


async def _tell_again(session: AsyncSession, finding: Finding) -> None:
    """A copy at the end of the line: what reopens its journey is told before it."""
    event = await session.get_one(ExternalEvent, finding.subject)
    await record_event(
        session,
        source=SOURCE,
        tenant=event.tenant,
        external_id=f"again:{event.id}",
        kind=EventKind(event.kind),
        subject=event.subject,
        payload=event.payload,
    )
