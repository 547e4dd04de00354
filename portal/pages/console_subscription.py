"""Subscriptions and Payment: the practice's own portal subscription, for its owners."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from commands.office import Office
from commands.plan_changes import PLAN_REFUSALS, what_a_change_costs, wish_plan
from commands.subscriptions import (
    change_card,
    has_been_read,
    invoices_of,
    look_again,
    plans_on_offer,
    subscribe,
    subscription_record,
    wait_until_read,
    wish_renewal,
)
from domain.billing import Invoice, InvoiceStatus, Plan
from domain.errors import DomainError, PaymentRefused, PaymentUnavailable, ValidationFailed
from domain.roles import Permission
from portal.forms import StaffForm
from portal.pages.frames import TheStaffFrame, go, staff_frame
from portal.pages.queries import timezone_of_practice
from portal.paths import with_query
from portal.rendering import refresh_after
from portal.subscription_words import guidance
from portal.waiting import instant_in
from web.fields import moment
from web.identity import SignedInStaff, Staff, permitted
from web.problems import status_of
from web.transactions import TheOffice, TheRelay, Transaction

console_subscription_router = APIRouter(
    prefix="/console/subscription",
    tags=["pages: console"],
    dependencies=[permitted(Permission.MANAGE_SUBSCRIPTION)],
)

# How often a page that waits for the processor looks again, and how many times.
_LOOK_AGAIN_SECONDS = 3
_LOOKS = 10
_HERE = "/console/subscription"
_AWAY = "The payment processor doesn't answer right now. Nothing was changed; please try again in a moment."


@console_subscription_router.get("", summary="Plan, card and invoices of the practice")
async def subscription_page(
    request: Request,
    office: TheOffice,
    staff: SignedInStaff,
    checking: Annotated[int, Query(ge=0, le=1000)] = 0,
    before: Annotated[str | None, Query(max_length=40)] = None,
) -> Response:
    return await _page(request, office, staff, checking=checking, before=before)


@console_subscription_router.post("/subscribe", summary="Go to the checkout of a plan")
async def go_to_checkout(request: Request, office: TheOffice, form: StaffForm, staff: SignedInStaff) -> Response:
    try:
        return RedirectResponse(await subscribe(office, staff.who, form.first("price")), 303)
    except ValidationFailed as error:
        return await _page(request, office, staff, refusal=error.errors[0].message, status=422)
    except DomainError as error:
        return await _page(request, office, staff, refusal=error.detail, status=status_of(error))
    except PaymentUnavailable:
        return await _page(request, office, staff, refusal=_AWAY, status=503)


@console_subscription_router.post("/card", summary="Change the card at the processor")
async def go_to_billing_portal(request: Request, office: TheOffice, form: StaffForm, staff: SignedInStaff) -> Response:
    try:
        return RedirectResponse(await change_card(office, staff.practice_id), 303)
    except DomainError as error:
        return await _page(request, office, staff, refusal=error.detail, status=status_of(error))
    except PaymentUnavailable:
        return await _page(request, office, staff, refusal=_AWAY, status=503)


@console_subscription_router.get("/return", summary="Back from the processor")
async def back_from_processor(office: TheOffice, relay: TheRelay, staff: SignedInStaff) -> Response:
    """Coming back proves nothing: the subscription is read again, and the page says what was found."""
    async with office.database.transaction() as session:
        before = await look_again(session, staff.practice_id, "return")
    relay.nudge(session.info.pop("event_subjects", []))
    return await _when_read(office, staff, before.isoformat() if before else None)


@console_subscription_router.get("/cancel", summary="Before cancelling: what happens")
async def before_cancelling(session: Transaction, frame: TheStaffFrame) -> Response:
    record = await subscription_record(session, frame.staff.practice_id)
    if not record.living or not record.renews:
        return go(_HERE)
    timezone = await timezone_of_practice(session, frame.staff.reach)
    return frame.render("console/subscription_cancel.html", record=record, timezone=timezone)


@console_subscription_router.post("/cancel", summary="Don't renew it when the period ends")
async def cancel(
    request: Request, office: TheOffice, relay: TheRelay, form: StaffForm, staff: SignedInStaff
) -> Response:
    return await _wish(request, office, relay, staff, renews=False)


@console_subscription_router.post("/resume", summary="Renew it after all")
async def resume(
    request: Request, office: TheOffice, relay: TheRelay, form: StaffForm, staff: SignedInStaff
) -> Response:
    return await _wish(request, office, relay, staff, renews=True)


@console_subscription_router.get("/plan", summary="Before changing the plan: what it costs, and from when")
async def before_changing_plan(
    request: Request, office: TheOffice, staff: SignedInStaff, price: Annotated[str, Query(max_length=100)] = ""
) -> Response:
    try:
        change, at = await what_a_change_costs(office, staff.practice_id, price)
        plans = {one.price: one for one in await plans_on_offer(office)}
    except (DomainError, PaymentUnavailable) as error:
        return await _refused(request, office, staff, error)
    async with office.database.transaction() as session:
        frame = await staff_frame(request, session, office, staff)
        record = await subscription_record(session, staff.practice_id)
        if price not in plans:
            return go(_HERE)
        return frame.render(
            "console/subscription_plan.html",
            plan=plans[price],
            before=plans.get(record.price or ""),
            change=change,
            at=at.isoformat(),
            timezone=await timezone_of_practice(session, staff.reach),
        )


@console_subscription_router.post("/plan", summary="Have another plan from now on")
async def change_plan(
    request: Request, office: TheOffice, relay: TheRelay, form: StaffForm, staff: SignedInStaff
) -> Response:
    try:
        async with office.database.transaction() as session:
            await wish_plan(session, office, staff.who, form.first("price"), moment("at", form.first("at")))
    except DomainError as error:
        return await _refused(request, office, staff, error)
    relay.nudge(session.info.pop("event_subjects", []))
    return await _when_read(office, staff, None)


async def _refused(request: Request, office: Office, staff: Staff, error: DomainError | PaymentUnavailable) -> Response:
    if isinstance(error, PaymentUnavailable):
        return await _page(request, office, staff, refusal=_AWAY, status=503)
    said = error.errors[0].message if isinstance(error, ValidationFailed) else error.detail
    return await _page(request, office, staff, refusal=said, status=status_of(error))


async def _wish(request: Request, office: Office, relay: TheRelay, staff: Staff, *, renews: bool) -> Response:
    """Accepted in any weather; the workflow tells the processor, and the page says when it has."""
    try:
        async with office.database.transaction() as session:
            await wish_renewal(session, office, staff.who, renews=renews)
    except DomainError as error:
        return await _page(request, office, staff, refusal=error.detail, status=status_of(error))
    relay.nudge(session.info.pop("event_subjects", []))
    return await _when_read(office, staff, None)


async def _when_read(office: Office, staff: Staff, before: str | None) -> Response:
    if await wait_until_read(office, staff.practice_id, instant_in(before)):
        return go(_HERE)
    return go(_HERE, checking="1", before=before)


async def _page(
    request: Request,
    office: Office,
    staff: Staff,
    *,
    checking: int = 0,
    before: str | None = None,
    refusal: str | None = None,
    status: int = 200,
) -> Response:
    plans, invoices = await _at_processor(office, staff)
    async with office.database.transaction() as session:
        frame = await staff_frame(request, session, office, staff)
        record = await subscription_record(session, staff.practice_id)
        waiting = 0 < checking <= _LOOKS and not await has_been_read(session, staff.practice_id, instant_in(before))
        timezone = await timezone_of_practice(session, staff.reach)
        again = with_query(_HERE, checking=str(checking + 1), before=before)
        return frame.render(
            "console/subscription.html",
            status=status,
            record=record,
            guidance=guidance(record, timezone, sold=bool(office.prices)),
            plans=plans,
            plan=next((one for one in plans or [] if one.price == record.price), None),
            plan_block=PLAN_REFUSALS[block] if (block := record.plan_block()) is not None else None,
            sold=bool(office.prices),
            invoices=invoices,
            open_invoice=next((one for one in invoices or [] if one.status is InvoiceStatus.OPEN and one.page), None),
            waiting=waiting,
            refresh=refresh_after(_LOOK_AGAIN_SECONDS, again) if waiting else None,
            refusal=refusal,
            timezone=timezone,
        )


async def _at_processor(office: Office, staff: Staff) -> tuple[list[Plan] | None, list[Invoice] | None]:
    """None for what the processor doesn't tell right now: the page is of use all the same."""
    try:
        return await plans_on_offer(office), await invoices_of(office, staff.practice_id)
    except (PaymentRefused, PaymentUnavailable):
        return None, None
