"""What reconciliation reads of the practice's records: who ought to have a journey, and what was told to it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, exists, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from db.models import Appointment, Client, Dispute, FeeWaiver, MerchantAccount, Payment, Refund
from domain.ports import RefundStatus
from domain.stages import Actor, Stage
from domain.states import AppointmentStatus, MerchantStatus, PaymentState

# Clients of whom nothing waits to be told, and nothing has been told just now: what differs there is no passing state.
_QUIET = """
    quiet AS (
      SELECT c.id AS client_id FROM client c JOIN external_event e ON e.subject = 'client:' || c.id
       WHERE c.erased_at IS NULL GROUP BY c.id
      HAVING bool_and(e.handled_at IS NOT NULL OR e.parked_reason IS NOT NULL)
         AND max(coalesce(e.handled_at, e.received_at)) <= :settled
    )
"""
_CLIENTS = text(f"""
    WITH {_QUIET}
    SELECT c.id, c.stage,
           EXISTS (SELECT 1 FROM timeline_entry t WHERE t.client_id = c.id AND t.kind = 'appointment_booked') AS booked,
           c.track = 'anonymous' AND NOT EXISTS (
             SELECT 1 FROM timeline_entry t WHERE t.client_id = c.id
                AND (t.kind IN ('greeting_sent', 'greeting_skipped')
                  OR t.kind = 'mail_dropped' AND t.ref LIKE '%:greeting:%')) AS ungreeted,
           (SELECT max(e.seq) FROM external_event e WHERE e.subject = 'client:' || c.id) AS newest
      FROM client c JOIN quiet ON quiet.client_id = c.id ORDER BY c.id
""")  # noqa: S608  # put together from constants
_APPOINTMENTS = text(f"""
    WITH {_QUIET}
    SELECT a.id, a.client_id, a.status, r.id AS refund_id,
           (SELECT max(e.seq) FROM external_event e WHERE e.subject = 'client:' || a.client_id) AS newest
      FROM appointment a JOIN quiet ON quiet.client_id = a.client_id
      LEFT JOIN payment p ON p.appointment_id = a.id
      LEFT JOIN refund r ON r.payment_id = p.id AND r.status = 'pending' AND r.cause <> 'processor'
     WHERE a.status IN ('pending', 'booked') OR r.id IS NOT NULL ORDER BY a.id
""")  # noqa: S608
_TOLD = text(f"""
    WITH {_QUIET}
    SELECT e.id, e.seq, e.kind, e.payload, e.handled_at, quiet.client_id
      FROM external_event e JOIN quiet ON e.subject = 'client:' || quiet.client_id
     WHERE e.handled_at IS NOT NULL AND e.parked_reason IS NULL AND e.kind = ANY(:kinds) ORDER BY e.seq
""")  # noqa: S608
_WITHOUT_TRACE = text(f"""
    WITH {_QUIET}
    SELECT e.id FROM external_event e
      JOIN quiet ON e.subject = 'client:' || quiet.client_id JOIN client c ON c.id = quiet.client_id
     WHERE e.handled_at IS NOT NULL AND e.parked_reason IS NULL AND (
           e.kind = 'invitation_requested' AND c.account_id IS NULL AND EXISTS (
             SELECT 1 FROM invitation i WHERE i.id = e.payload ->> 'invitation_id'
                AND i.sent_at IS NULL AND i.revoked_at IS NULL AND i.expires_at > :now)
        OR e.kind = 'new_client_forms_requested' AND c.forms_requested_at > :now - interval '3 days' AND NOT EXISTS (
             SELECT 1 FROM timeline_entry t WHERE t.client_id = c.id AND (
                    t.kind = 'new_client_forms_sent' AND t.ref = e.payload ->> 'request_id'
                 OR t.kind IN ('greeting_skipped', 'mail_dropped')
                    AND strpos(t.ref, e.payload ->> 'request_id') > 0))
        OR e.kind = 'journey_withdrawn' AND c.stage NOT IN ('booked', 'closed') AND NOT EXISTS (
             SELECT 1 FROM external_event later WHERE later.subject = e.subject AND later.seq > e.seq
                AND later.kind <> 'journey_reopened'))
""")  # noqa: S608
# Of these, too, whoever has news on the way, or has had some just now, is left out.
_CALLED_OFF = text("""
    SELECT d.id, d.provider_id, max(e.seq) AS newest
      FROM called_off_days d JOIN external_event e ON e.subject = 'called-off:' || d.id
     WHERE d.undone_at IS NULL AND d.stopped_at IS NULL AND (d.begun_at IS NULL OR EXISTS (
             SELECT 1 FROM called_off_appointment a WHERE a.called_off_id = d.id AND a.state = 'waiting'))
     GROUP BY d.id
    HAVING bool_and(e.handled_at IS NOT NULL OR e.parked_reason IS NOT NULL)
       AND max(coalesce(e.handled_at, e.received_at)) <= :settled
     ORDER BY d.id
""")
_WAITLISTS = text("""
    SELECT o.provider_id, o.practice_id, max(e.seq) AS newest
      FROM waitlist_offer o JOIN external_event e ON e.subject = 'waitlist:' || o.provider_id
     WHERE o.state = 'open'
        OR o.state = 'taken_back' AND o.told_at IS NOT NULL AND o.apologised_at IS NULL AND o.expires_at > :now
     GROUP BY o.provider_id, o.practice_id
    HAVING bool_and(e.handled_at IS NOT NULL OR e.parked_reason IS NOT NULL)
       AND max(coalesce(e.handled_at, e.received_at)) <= :settled
     ORDER BY o.provider_id
""")
_EVENTS = text("""
    SELECT id, kind, subject, attempts, parked_reason FROM external_event
     WHERE handled_at IS NULL AND (parked_reason IS NOT NULL OR received_at <= :settled) ORDER BY seq
""")
_MAILS = text("""
    SELECT key, kind, state, coalesce(client_id, '') AS client_id FROM effect
     WHERE state IN ('intended', 'uncertain') AND at <= :long_ago ORDER BY at
""")
_INVITATIONS = text("""
    SELECT i.id, i.client_id FROM invitation i JOIN client c ON c.id = i.client_id
     WHERE i.sent_at IS NULL AND i.accepted_at IS NULL AND i.revoked_at IS NULL AND i.issued_at <= :long_ago
       AND i.expires_at > :now AND c.account_id IS NULL ORDER BY i.id
""")
_ON_THEIR_WAY = text("""
    SELECT count(*) FROM client c WHERE c.stage NOT IN ('booked', 'closed')
       AND NOT EXISTS (SELECT 1 FROM timeline_entry t WHERE t.client_id = c.id AND t.kind = 'appointment_booked')
       AND EXISTS (SELECT 1 FROM external_event e WHERE e.subject = 'client:' || c.id AND e.handled_at <= :settled)
""")


@dataclass(frozen=True, kw_only=True)
class ClientStands:
    client_id: str
    stage: Stage
    has_been_booked: bool
    ungreeted: bool  # came by the website, and the greeting was neither sent nor left out
    newest_event: int


@dataclass(frozen=True, kw_only=True)
class AppointmentStands:
    """Pending or booked, or with a refund that isn't paid."""

    appointment_id: str
    client_id: str
    status: AppointmentStatus
    refund_id: str | None
    newest_event: int


@dataclass(frozen=True, kw_only=True)
class ToldEvent:
    event_id: str
    seq: int
    kind: str
    payload: Mapping[str, Any]
    handled_at: datetime
    client_id: str


async def on_their_way(session: AsyncSession, settled: datetime) -> int:
    """How many clients ought to have an open journey (`domain.reconciliation.needs_journey`)."""
    return (await session.scalar(_ON_THEIR_WAY, {"settled": settled})) or 0


async def clients(session: AsyncSession, settled: datetime) -> list[ClientStands]:
    rows = await session.execute(_CLIENTS, {"settled": settled})
    return [
        ClientStands(
            client_id=row.id,
            stage=Stage(row.stage),
            has_been_booked=row.booked,
            ungreeted=row.ungreeted,
            newest_event=row.newest,
        )
        for row in rows
    ]


async def appointments(session: AsyncSession, settled: datetime) -> list[AppointmentStands]:
    rows = await session.execute(_APPOINTMENTS, {"settled": settled})
    return [
        AppointmentStands(
            appointment_id=row.id,
            client_id=row.client_id,
            status=AppointmentStatus(row.status),
            refund_id=row.refund_id,
            newest_event=row.newest,
        )
        for row in rows
    ]


async def called_off_unfinished(session: AsyncSession, settled: datetime) -> list[Row[Any]]:
    """`id, provider_id, newest` (event) of days called off of which something is still to be done."""
    return list(await session.execute(_CALLED_OFF, {"settled": settled}))


async def waitlists_under_way(session: AsyncSession, settled: datetime, now: datetime) -> list[Row[Any]]:
    """`provider_id, practice_id, newest` (event) of waitlists with an offer that is open, or to be apologised for."""
    return list(await session.execute(_WAITLISTS, {"settled": settled, "now": now}))


async def told(session: AsyncSession, settled: datetime, kinds: Sequence[str]) -> list[ToldEvent]:
    """Events that Temporal has accepted, oldest first."""
    rows = await session.execute(_TOLD, {"settled": settled, "kinds": list(kinds)})
    return [
        ToldEvent(
            event_id=row.id,
            seq=row.seq,
            kind=row.kind,
            payload=row.payload,
            handled_at=row.handled_at,
            client_id=row.client_id,
        )
        for row in rows
    ]


async def without_trace(session: AsyncSession, settled: datetime, now: datetime) -> set[str]:
    """Ids of told events of which the records show nothing, though their journey should have acted on them."""
    return set(await session.scalars(_WITHOUT_TRACE, {"settled": settled, "now": now}))


async def unknown(session: AsyncSession, table: type[Client] | type[Appointment], ids: Collection[str]) -> set[str]:
    """Those of the ids that the table doesn't have."""
    known = await session.scalars(select(table.id).where(table.id.in_(ids)))
    return set(ids) - set(known)


async def untold(session: AsyncSession, settled: datetime) -> list[Row[Any]]:
    """`id, kind, subject, attempts, parked_reason` of events that wait for long, or can't be told."""
    return list(await session.execute(_EVENTS, {"settled": settled}))


async def uncertain_mails(session: AsyncSession, long_ago: datetime) -> list[Row[Any]]:
    """`key, kind, state, client_id` of what was begun long ago and never concluded."""
    return list(await session.execute(_MAILS, {"long_ago": long_ago}))


async def unsent_invitations(session: AsyncSession, long_ago: datetime, now: datetime) -> list[Row[Any]]:
    """`id, client_id` of links that would work, and of which the client has never heard."""
    return list(await session.execute(_INVITATIONS, {"long_ago": long_ago, "now": now}))


async def payments_since(session: AsyncSession, since: datetime) -> list[tuple[Payment, str]]:
    """(payment, its appointment's status): those under way with a checkout, and those that changed since then."""
    under_way = Payment.state.in_([str(PaymentState.REQUESTED), str(PaymentState.AUTHORIZED)])
    query = select(Payment, Appointment.status).join(Appointment, Appointment.id == Payment.appointment_id)
    query = query.where(Payment.session_id.is_not(None), or_(under_way, Payment.changed_at >= since))
    return [(row[0], row[1]) for row in await session.execute(query.order_by(Payment.id))]


async def payments_by_id(session: AsyncSession, ids: Collection[str]) -> dict[str, Payment]:
    return {payment.id: payment for payment in await session.scalars(select(Payment).where(Payment.id.in_(ids)))}


async def disputed_ones(session: AsyncSession, ids: Collection[str]) -> set[str]:
    """Those of the payments of which the ledger knows a dispute, open or decided."""
    return set(await session.scalars(select(Dispute.payment_id).where(Dispute.payment_id.in_(ids))))


async def open_matters(session: AsyncSession) -> list[tuple[Payment, bool]]:
    """(payment, whether a refund of it is on its way at the processor) of those that a bank has to say something of.

    However old they are: a dispute takes months.
    """
    on_its_way = exists().where(
        Refund.payment_id == Payment.id,
        Refund.status == str(RefundStatus.PENDING),
        Refund.processor_refund_id.is_not(None),
    )
    query = select(Payment, on_its_way).where(or_(Payment.disputed, on_its_way)).order_by(Payment.id)
    return [(row[0], row[1]) for row in await session.execute(query)]


async def merchant_accounts(session: AsyncSession, since: datetime) -> set[str | None]:
    """Where checkouts of ours may be: the accounts in use, and those that payments were lately asked for at."""
    active = select(MerchantAccount.account).where(MerchantAccount.status == str(MerchantStatus.ACTIVE))
    used = select(Payment.merchant_account).where(Payment.created_at >= since)
    return {*await session.scalars(active), *await session.scalars(used)}


async def money_and_appointments_apart(session: AsyncSession, before: datetime) -> list[tuple[Payment, str]]:
    """(payment, its appointment's status) that don't go together, and have had their time to.

    Taken, released by ourselves, nothing owed back and no other time on offer; or booked, and the newest fee isn't in.
    """
    adrift = and_(
        Payment.state == str(PaymentState.CAPTURED),
        Payment.refund_due_minor + Payment.lost_minor < Payment.amount_minor,
        Payment.disputed.is_(False),
        Appointment.status == str(AppointmentStatus.CANCELLED),
        Appointment.cancelled_by == str(Actor.SYSTEM),
        Appointment.choose_until.is_(None),
    )
    newer = aliased(Payment)
    newest = ~exists().where(newer.appointment_id == Payment.appointment_id, newer.attempt > Payment.attempt)
    paid = [str(PaymentState.CAPTURED), str(PaymentState.REFUNDED)]
    waived = exists().where(FeeWaiver.appointment_id == Payment.appointment_id, FeeWaiver.taken_back_at.is_(None))
    unpaid = and_(Appointment.status == str(AppointmentStatus.BOOKED), Payment.state.not_in(paid), newest, ~waived)
    query = select(Payment, Appointment.status).join(Appointment, Appointment.id == Payment.appointment_id)
    rows = await session.execute(query.where(or_(adrift, unpaid), Payment.changed_at <= before).order_by(Payment.id))
    return [(row[0], row[1]) for row in rows]
