"""What a practice can show a bank about a disputed payment: what was agreed, written, opened. Nothing clinical."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.models import Client, Effect, IntakeSubmission, PortalAccount, TimelineEntry, WebSession
from db.signups import opened_answers
from domain.ports import Vault
from domain.stages import Actor
from domain.states import EffectState, TimelineKind

# What somebody did at an intake form is between them and their provider, even that they did.
_CLINICAL = (TimelineKind.INTAKE_SUBMITTED, TimelineKind.INTAKE_ASSIGNED, TimelineKind.INTAKE_FILED)
_CLINICAL_MAILS = ("intake",)


@dataclass(frozen=True, kw_only=True)
class Agreed:
    """What the client agreed to, with the hash of the words; `text` is None where it belongs to a health form."""

    at: datetime
    sha256: str
    text: str | None


@dataclass(frozen=True, kw_only=True)
class Happened:
    at: datetime
    what: str


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Everything in the order in which it happened. `acts` are kinds of the timeline, `mails` kinds of mail."""

    agreed: list[Agreed]
    mails: list[Happened]
    acts: list[Happened]
    visits: list[Happened]


async def evidence_about(session: AsyncSession, vault: Vault, client: Client) -> Evidence:
    return Evidence(
        agreed=await _agreed(session, vault, client),
        mails=await _mails(session, client),
        acts=await _acts(session, client),
        visits=await _visits(session, client),
    )


async def _agreed(session: AsyncSession, vault: Vault, client: Client) -> list[Agreed]:
    found = []
    given = (await opened_answers(session, vault, [client.id])).get(client.id)
    if given is not None:
        signup, answers = given
        for one in answers["consents"].values():
            found.append(Agreed(at=signup.created_at, sha256=one["sha256"], text=one["text"]))
    query = select(IntakeSubmission.submitted_at, IntakeSubmission.consent_sha256).where(
        IntakeSubmission.client_id == client.id, IntakeSubmission.consent_sha256.is_not(None)
    )
    for at, digest in (await session.execute(query)).tuples():
        if at is not None and digest is not None:
            found.append(Agreed(at=at, sha256=digest, text=None))
    return sorted(found, key=lambda one: one.at)


async def _mails(session: AsyncSession, client: Client) -> list[Happened]:
    query = select(Effect.at, Effect.kind).where(Effect.client_id == client.id, Effect.state == str(EffectState.DONE))
    rows = (await session.execute(query.order_by(Effect.at))).tuples()
    about_clinic = [(at, kind) for at, kind in rows if not kind.startswith(_CLINICAL_MAILS)]
    return [Happened(at=at, what=kind) for at, kind in about_clinic if not kind.startswith("front_desk")]


async def _acts(session: AsyncSession, client: Client) -> list[Happened]:
    """What the client did themselves, and what became of the fee and the appointment."""
    query = select(TimelineEntry).where(
        TimelineEntry.client_id == client.id, TimelineEntry.kind.not_in([str(one) for one in _CLINICAL])
    )
    rows = await session.scalars(query.order_by(TimelineEntry.at, TimelineEntry.id))
    return [
        Happened(at=row.at, what=row.kind)
        for row in rows
        if row.actor == Actor.CLIENT or row.kind.startswith(("fee_", "appointment_", "slot_"))
    ]


async def _visits(session: AsyncSession, client: Client) -> list[Happened]:
    """When the portal was signed in to, as far as that is still known, and from which kind of device."""
    account = await session.get(PortalAccount, client.account_id) if client.account_id else None
    if account is None:
        return []
    query = select(WebSession).where(WebSession.kind == "client", WebSession.subject_id == account.id)
    rows = await session.scalars(query.order_by(WebSession.created_at))
    found = []
    for row in rows:
        device = f" ({row.device})" if row.device else ""
        found += [Happened(at=row.created_at, what=f"Signed in{device}")]
        found += [Happened(at=row.last_seen_at, what=f"Last page opened{device}")]
    return found
