"""The refunds that the ledger knows of a payment and those that the processor has made, put together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from domain.fees import RefundCause
from domain.money import Money
from domain.ports import MadeRefund, RefundStatus

# A refund goes on and never back: what says less than is known is older, whenever it was heard.
_ORDER = (RefundStatus.OVERTAKEN, RefundStatus.PENDING, RefundStatus.SUCCEEDED, RefundStatus.FAILED)


@dataclass(frozen=True, kw_only=True)
class KeptRefund:
    """A refund in the ledger. `made_as` is the processor's id of it; None: not made yet, as far as we know."""

    id: str
    amount_minor: int
    status: RefundStatus
    cause: RefundCause
    made_as: str | None

    @property
    def by_us(self) -> bool:
        return self.cause is not RefundCause.PROCESSOR

    @property
    def owed_minor(self) -> int:
        """What counts as gone back, or on its way: one of ours that the bank refuses stays owed."""
        gone = RefundStatus.OVERTAKEN if self.by_us else RefundStatus.FAILED
        return 0 if self.status is gone else self.amount_minor

    @property
    def returned_minor(self) -> int:
        return self.amount_minor if self.status is RefundStatus.SUCCEEDED else 0


@dataclass(frozen=True, kw_only=True)
class Followed:
    """The ledger's refunds as they are now, in their order, and those that were made past us."""

    kept: tuple[KeptRefund, ...]
    found: tuple[MadeRefund, ...]


def follow(
    taken: Money, kept: Sequence[KeptRefund], made: Sequence[MadeRefund], *, lost_minor: int = 0
) -> Followed | None:
    """What the processor has made is true; what we have asked for and it hasn't made is cut to what is left.

    `kept` in the order in which they were asked: the first of them are served first. What was lost to a dispute isn't
    there to be given back. None where more went back than was
    taken, or in another currency: that can't be about this payment.
    """
    gone = sum(one.amount.amount_minor for one in made if one.status is not RefundStatus.FAILED)
    if gone > taken.amount_minor or any(one.amount.currency != taken.currency for one in made):
        return None
    by_id = {one.refund_id: one for one in made}
    # Our reference names one of ours that hasn't been seen made; on any other it proves nothing.
    open_ids = {one.id for one in kept if one.by_us and one.made_as is None}
    by_reference = {one.reference: one for one in made if one.reference in open_ids}
    matched = [(one, by_id.get(one.made_as or "") or by_reference.get(one.id)) for one in kept]
    known = {found.refund_id for _, found in matched if found is not None}
    left = taken.amount_minor - gone - lost_minor
    followed = []
    for one, found in matched:
        after = as_made(one, found) if found is not None else one
        if after.by_us and (found is None or after.status is RefundStatus.FAILED):
            after = _cut(after, left)
            left -= after.owed_minor
        followed.append(after)
    return Followed(kept=tuple(followed), found=tuple(one for one in made if one.refund_id not in known))


def as_made(kept: KeptRefund, made: MadeRefund) -> KeptRefund:
    """As the processor says; an answer that was long on its way says nothing new of a refund that was read since."""
    known = kept.status if kept.made_as == made.refund_id else RefundStatus.PENDING
    status = max(known, made.status, key=_ORDER.index)
    return replace(kept, amount_minor=made.amount.amount_minor, status=status, made_as=made.refund_id)


def _cut(kept: KeptRefund, left_minor: int) -> KeptRefund:
    if kept.status is RefundStatus.OVERTAKEN:
        return kept
    if left_minor <= 0:
        return replace(kept, status=RefundStatus.OVERTAKEN)
    return replace(kept, amount_minor=min(kept.amount_minor, left_minor))
