"""Disputes on the console: which need an answer until when, and the evidence to download."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from commands.audit import note
from db.disputes import dispute_of_practice, find_disputes
from db.tenancy import appointment_by_id, client_by_id
from domain.audit import AuditKind
from domain.roles import Permission
from portal.evidence_sheet import evidence_pdf
from portal.pages.frames import TheStaffFrame
from portal.pages.queries import timezone_of_practice
from web.fields import opaque_id
from web.identity import permitted
from web.transactions import TheOffice, Transaction

console_disputes_router = APIRouter(
    prefix="/console/payments/disputes",
    tags=["pages: console"],
    dependencies=[permitted(Permission.SEE_CLIENTS)],
)


@console_disputes_router.get("", summary="Disputes, those that need an answer first")
async def disputes_page(session: Transaction, office: TheOffice, frame: TheStaffFrame) -> Response:
    return frame.render(
        "console/disputes.html",
        rows=await find_disputes(session, frame.staff.reach),
        now=await office.clock.now(session),
        timezone=await timezone_of_practice(session, frame.staff.reach),
    )


@console_disputes_router.get("/{dispute_id}", summary="One dispute: its deadline, and what to do")
async def dispute_page(session: Transaction, office: TheOffice, frame: TheStaffFrame, dispute_id: str) -> Response:
    dispute, payment = await dispute_of_practice(session, frame.staff.reach, opaque_id(dispute_id))
    return frame.render(
        "console/dispute.html",
        dispute=dispute,
        payment=payment,
        client=await client_by_id(session, payment.client_id),
        appointment=await appointment_by_id(session, payment.appointment_id),
        now=await office.clock.now(session),
        timezone=await timezone_of_practice(session, frame.staff.reach),
    )


@console_disputes_router.get("/{dispute_id}/evidence.pdf", summary="What can be shown to the bank, as a file")
async def evidence(session: Transaction, office: TheOffice, frame: TheStaffFrame, dispute_id: str) -> Response:
    """The file's name is an id: names are for inside."""
    dispute, payment = await dispute_of_practice(session, frame.staff.reach, opaque_id(dispute_id))
    content = await evidence_pdf(session, office, dispute, payment)
    await note(session, office, frame.staff.who, AuditKind.EVIDENCE_EXPORTED, payment.id)
    headers = {"Content-Disposition": f'attachment; filename="evidence-{dispute.id}.pdf"'}
    return Response(content, media_type="application/pdf", headers=headers)
