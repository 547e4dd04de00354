"""What owners ask of the portal subscription: to subscribe, to change the card, to end it, or not after all."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from commands.audit import Who, note
from commands.office import Office
from db.ids import new_id
from db.models import PortalSubscription
from db.subscriptions import notice_subscription, standing_of, subscription_row
from db.tenancy import practice_of
from domain.audit import AuditKind
from domain.billing import Invoice, Plan, SubscriptionCheckout
from domain.errors import Conflict, ValidationFailed
from domain.states import SubscriptionStatus
from domain.subscriptions import Ending, PlanBlock, Standing, may_change_plan

_LOOK_EVERY_SECONDS = 0.05
# A checkout lives for a day; for about as long the processor knows under which key it was made.
_CHECKOUT_LIVES = timedelta(hours=25)
_KEY_KEPT = timedelta(hours=20)
_SOMEBODY_ELSE = "Somebody else is subscribing right now. Please look again."


@dataclass(frozen=True, kw_only=True)
class SubscriptionRecord:
    """How the practice stands in our records. `renewal_wish` is what was asked for and the processor hasn't got yet."""

    standing: Standing
    since: datetime | None = None
    billed: bool = False  # the processor has sold it something
    price: str | None = None
    period_end: datetime | None = None
    renewal_wish: bool | None = None
    checkout_open: bool = False
    plan_wish: str | None = None
    plan_refusal: str | None = None
    read_at: datetime | None = None

    @property
    def living(self) -> bool:
        """Whether there is a subscription that could be ended, or paid, so that another one would be one too many."""
        return self.billed and _lives(self.standing)

    @property
    def renews(self) -> bool:
        return self.standing.ending is not Ending.CANCELLED if self.renewal_wish is None else self.renewal_wish

    def plan_block(self, price: str | None = None) -> PlanBlock | None:
        """Why another plan (this one, if it is named) can't be had right now."""
        return may_change_plan(
            self.standing,
            living=self.living,
            renews=self.renews,
            under_way=self.plan_wish is not None or self.renewal_wish is not None,
            same=price is not None and price == self.price,
        )


def _lives(standing: Standing) -> bool:
    """Of a practice that has had a subscription: whether it still has."""
    ended = standing.status in (SubscriptionStatus.NONE, SubscriptionStatus.CANCELLED)
    return not ended and standing.ending is not Ending.ENDED


async def subscription_record(session: AsyncSession, practice_id: str) -> SubscriptionRecord:
    row = await session.get(PortalSubscription, practice_id)
    if row is None:
        return SubscriptionRecord(standing=Standing(status=SubscriptionStatus.NONE))
    return SubscriptionRecord(
        standing=standing_of(row),
        since=row.changed_at,
        billed=row.subscription is not None,
        price=row.price,
        period_end=row.period_end,
        renewal_wish=row.renewal_wish,
        checkout_open=row.checkout_url is not None,
        plan_wish=row.plan_wish,
        plan_refusal=row.plan_refusal,
        read_at=row.read_at,
    )


async def plans_on_offer(office: Office) -> list[Plan]:
    """What this installation sells, with what it costs right now. Raises PaymentRefused and PaymentUnavailable."""
    return await office.billing.plans(office.prices) if office.prices else []


async def invoices_of(office: Office, practice_id: str) -> list[Invoice]:
    """Raises PaymentRefused and PaymentUnavailable."""
    async with office.database.transaction() as session:
        row = await session.get(PortalSubscription, practice_id)
    return await office.billing.invoices(row.customer) if row is not None and row.customer is not None else []


@dataclass(frozen=True, kw_only=True)
class _Attempt:
    """A checkout that was asked for: its number is a part of the key. Unanswered, `session` isn't known."""

    number: int
    price: str
    session: str | None = None
    url: str | None = None


async def subscribe(office: Office, who: Who, price: str) -> str:
    """The address of a hosted checkout: one is open at a time, in however many tabs somebody presses the button.

    No transaction is held while the processor is asked. What was asked for is written down first: after a crash in
    between, the same press finds the checkout that was made. Raises Conflict, ValidationFailed, PaymentRefused and
    PaymentUnavailable.
    """
    if price not in office.prices:
        raise ValidationFailed.of("price", "Please choose one of the plans.")
    customer = await _customer(office, who.practice_id)
    attempt, earlier = await _ask(office, who, price)
    if earlier is not None:
        await _close(office, who.practice_id, customer, earlier)
        attempt, _ = await _ask(office, who, price, in_place_of=earlier)
    assert attempt is not None
    if attempt.url is not None:
        return attempt.url
    checkout = await _open(office, who.practice_id, customer, attempt)
    async with office.database.transaction() as session:
        row = await subscription_row(session, who.practice_id, await office.clock.now(session))
        ours = row.checkout_attempt == attempt.number
        if ours:
            row.checkout_session, row.checkout_url = checkout.session, checkout.url
            await notice_subscription(session, who.practice_id, source="checkout", external_id=checkout.session)
    if not ours:
        await office.billing.close_checkout(checkout.session)
    if not ours or checkout.url is None:
        raise Conflict(_SOMEBODY_ELSE)
    return checkout.url


async def _ask(
    office: Office, who: Who, price: str, *, in_place_of: _Attempt | None = None
) -> tuple[_Attempt | None, _Attempt | None]:
    """Write down that a checkout is wanted; or the earlier one that has to be closed first."""
    async with office.database.transaction() as session:
        now = await office.clock.now(session)
        row = await subscription_row(session, who.practice_id, now)
        if row.subscription is not None and _lives(standing_of(row)):
            raise Conflict("The practice has a subscription already.")
        if in_place_of is not None and row.checkout_attempt != in_place_of.number:
            raise Conflict(_SOMEBODY_ELSE)
        if in_place_of is None and row.checkout_asked_at is not None:
            found = _Attempt(
                number=row.checkout_attempt,
                price=row.checkout_price or price,
                session=row.checkout_session,
                url=row.checkout_url,
            )
            age = now - row.checkout_asked_at
            if found.price == price and age < _KEY_KEPT:
                return found, None
            if age < _CHECKOUT_LIVES:
                return None, found
        row.checkout_attempt += 1
        row.checkout_price, row.checkout_asked_at = price, now
        row.checkout_session = row.checkout_url = None
        await note(session, office, who, AuditKind.SUBSCRIPTION_ASKED, who.practice_id)
        return _Attempt(number=row.checkout_attempt, price=price), None


async def _open(office: Office, practice_id: str, customer: str, attempt: _Attempt) -> SubscriptionCheckout:
    return await office.billing.open_checkout(
        customer=customer,
        price=attempt.price,
        reference=practice_id,
        success_url=f"{office.base_url}/console/subscription/return",
        cancel_url=f"{office.base_url}/console/subscription",
        idempotency_key=f"{office.environment}:{practice_id}:{attempt.number}:subscription",
    )


async def _close(office: Office, practice_id: str, customer: str, earlier: _Attempt) -> None:
    """Nobody may pay twice: the earlier checkout is closed, found by its key where its answer was lost."""
    session_id = earlier.session or (await _open(office, practice_id, customer, earlier)).session
    if await office.billing.close_checkout(session_id):
        return
    async with office.database.transaction() as session:
        await look_again(session, practice_id, "checkout")
    raise Conflict("The subscription has been paid already. This page shows it in a moment.")


async def _customer(office: Office, practice_id: str) -> str:
    """Whom the processor bills; one that is made twice, after a crash and a day, is of no account."""
    async with office.database.transaction() as session:
        known = (await subscription_row(session, practice_id, await office.clock.now(session))).customer
    if known is not None:
        return known
    made = await office.billing.create_customer(practice_id, f"{office.environment}:{practice_id}:customer")
    async with office.database.transaction() as session:
        row = await subscription_row(session, practice_id, await office.clock.now(session))
        row.customer = row.customer or made
        return row.customer


async def wish_renewal(session: AsyncSession, office: Office, who: Who, *, renews: bool) -> None:
    """Whether it is to be renewed when its period ends; the workflow tells the processor. Raises Conflict."""
    row = await subscription_row(session, who.practice_id, await office.clock.now(session))
    if row.subscription is None or not _lives(standing_of(row)):
        raise Conflict("There is no subscription to change.")
    row.renewal_wish, row.wish_revision = renews, row.wish_revision + 1
    kind = AuditKind.SUBSCRIPTION_RESUMED if renews else AuditKind.SUBSCRIPTION_CANCELLED
    await note(session, office, who, kind, who.practice_id)
    external_id = f"{row.subscription}:{row.wish_revision}"
    await notice_subscription(session, who.practice_id, source="renewal", external_id=external_id)


async def set_by_operator(session: AsyncSession, office: Office, practice_id: str, *, is_open: bool) -> None:
    """Open or close the portal of a practice that isn't billed: by whoever runs the installation.

    Raises NotFound, and Conflict where the processor has the say.
    """
    await practice_of(session, practice_id)
    now = await office.clock.now(session)
    row = await subscription_row(session, practice_id, now)
    if row.subscription is not None and _lives(standing_of(row)):
        raise Conflict("The practice has a subscription at the processor: it opens and closes the portal.")
    status = SubscriptionStatus.ACTIVE if is_open else SubscriptionStatus.CANCELLED
    if row.status == status:
        return
    row.status, row.changed_at = str(status), now
    row.ending = row.closes_at = row.told_at = None
    who = Who(practice_id=practice_id, name="Operator")
    kind = AuditKind.PORTAL_OPENED if is_open else AuditKind.PORTAL_CLOSED
    await note(session, office, who, kind, practice_id)


async def change_card(office: Office, practice_id: str) -> str:
    """The address of the processor's billing portal. Raises Conflict, PaymentRefused and PaymentUnavailable."""
    async with office.database.transaction() as session:
        row = await session.get(PortalSubscription, practice_id)
    if row is None or row.customer is None or row.subscription is None:
        raise Conflict("There is no card on file.")
    return await office.billing.portal(row.customer, f"{office.base_url}/console/subscription/return")


async def look_again(session: AsyncSession, practice_id: str, source: str) -> datetime | None:
    """Have the subscription read again; when it was last read before that."""
    external_id = f"{source}:{new_id('ret')}"
    await notice_subscription(session, practice_id, source=f"subscription-{source}", external_id=external_id)
    row = await session.get(PortalSubscription, practice_id)
    return row.read_at if row is not None else None


async def wait_until_read(office: Office, practice_id: str, before: datetime | None, seconds: float = 2.0) -> bool:
    """A moment, for the processor's answer; whether it has come. Short transactions, no lock."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        async with office.database.transaction() as session:
            if await has_been_read(session, practice_id, before):
                return True
        await asyncio.sleep(_LOOK_EVERY_SECONDS)
    return False


async def has_been_read(session: AsyncSession, practice_id: str, before: datetime | None) -> bool:
    """Since then, with nothing left that an owner has asked for."""
    row = await session.get(PortalSubscription, practice_id)
    if row is None or row.read_at is None or row.renewal_wish is not None or row.plan_wish is not None:
        return False
    return before is None or row.read_at > before
