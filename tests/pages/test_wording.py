"""Every state, stage and fact has words on the pages."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum

import pytest

from db.models import Payment
from domain.billing import InvoiceStatus
from domain.decisions import Lifter
from domain.rehearsal import MomentKind, RehearsedTrack, What
from domain.rehearsal_script import Variant
from domain.stages import Actor, PortalStatus, Stage, Track
from domain.states import (
    AppointmentStatus,
    AttentionAction,
    MerchantStatus,
    PaymentState,
    SubscriptionStatus,
    TimelineKind,
)
from portal import money_words, refund_words, rehearsal_words, wording


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (wording.PORTAL_STATUS, PortalStatus),
        (wording.STAGE, Stage),
        (wording.TRACK, Track),
        (wording.ACTOR, Actor),
        (wording.APPOINTMENT, AppointmentStatus),
        (wording.PAYMENT, PaymentState),
        (money_words.SUBSCRIPTION, SubscriptionStatus),
        (money_words.MERCHANT, MerchantStatus),
        (money_words.INVOICE, InvoiceStatus),
        (wording.ATTENTION_ACTION, AttentionAction),
        (wording.TIMELINE, TimelineKind),
        (rehearsal_words.TRACK, RehearsedTrack),
        (rehearsal_words.VARIANT, Variant),
        (rehearsal_words.KIND, MomentKind),
        (rehearsal_words.TITLE, What),
    ],
)
def test_every_member_of_a_closed_set_has_words(words: dict[StrEnum, str], kind: type[StrEnum]) -> None:
    assert set(words) == set(kind)
    assert all((text and text[0].isupper()) or kind is Actor for text in words.values())


@pytest.mark.parametrize(
    ("minutes", "said"), [(0, "0 minutes"), (1, "1 minute"), (60, "1 hour"), (1440, "24 hours"), (2880, "2 days")]
)
def test_spans_are_said_as_people_say_them(minutes: int, said: str) -> None:
    assert wording.span(minutes) == said


def test_times_name_their_zone() -> None:
    at = datetime(2026, 12, 1, 14, 0, tzinfo=UTC)
    assert wording.short_time(at, "America/New_York") == "Dec 1, 2026, 9:00 AM EST"


def test_who_can_lift_a_block_is_said_to_either_side() -> None:
    assert wording.lifters((Lifter.CLIENT, Lifter.STAFF)) == "the client or the practice"
    assert "practice" in wording.lifters_for_client((Lifter.STAFF,))


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"state": "authorized"}, "Your $40.00 is let go at your bank; nothing is charged."),
        ({}, "Your $40.00 goes back in full to the card you paid with."),
        (
            {"refund_due_minor": 1500},
            "$25.00 of your $40.00 goes back to the card you paid with; the rest has been given back already.",
        ),
        (
            {"lost_minor": 1000, "refund_due_minor": 500},
            "$25.00 of your $40.00 goes back to the card you paid with; the rest has been given back already.",
        ),
        ({"refund_due_minor": 4000}, "All of your $40.00 has been given back already."),
        ({"disputed": True}, "Your bank is looking into your payment, and decides first what goes back of it."),
    ],
)
def test_whoever_would_rather_not_choose_another_time_reads_what_really_goes_back(
    facts: dict[str, object], said: str
) -> None:
    standing = {"state": "captured", "amount_minor": 4000, "currency": "usd", "refund_due_minor": 0, "lost_minor": 0}
    payment = Payment(**(standing | {"disputed": False} | facts))
    assert refund_words.if_no_time_is_chosen(payment) == said
