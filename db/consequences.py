"""How many clients or appointments a change of the portal settings touches."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from domain.consequences import Consequence, Touched, consequences_of
from domain.policy import PortalPolicy
from domain.policy_levels import Source

# Those for whom the level's word on :setting is the last one: no level below it says otherwise.
_CLIENT_SAYS_NOTHING = """NOT coalesce(jsonb_exists(
    (SELECT document FROM client_policy_version v WHERE v.client_id = c.id ORDER BY version DESC LIMIT 1),
    :setting), false)"""
_WHOSE = {
    Source.PROVIDER: ("c.provider_id = :key", _CLIENT_SAYS_NOTHING),
    Source.CLIENT: ("c.id = :key",),
}

_CLIENTS = "SELECT count(*) FROM client c WHERE"
_APPOINTMENTS = "SELECT count(*) FROM appointment a JOIN client c ON c.id = a.client_id WHERE"
_WISHES = "SELECT count(*) FROM waitlist_wish w JOIN client c ON c.id = w.client_id WHERE"
_OFFERS = "SELECT count(*) FROM waitlist_offer o JOIN client c ON c.id = o.client_id WHERE"
_INVITATIONS = "SELECT count(*) FROM invitation i JOIN client c ON c.id = i.client_id WHERE"
_ON_THE_WAY = "c.stage NOT IN ('booked', 'closed')"
_ACCOUNT = "c.account_id IS NOT NULL"
_ANONYMOUS = "c.track = 'anonymous'"
_UNSUBMITTED = "NOT EXISTS (SELECT 1 FROM intake_submission s WHERE s.client_id = c.id AND s.status = 'submitted')"
_GATED = (_ANONYMOUS, _ACCOUNT, _ON_THE_WAY, _UNSUBMITTED)
_AHEAD = "a.status IN ('pending', 'booked') AND a.starts_at > :now"
_UPCOMING = """(SELECT count(*) FROM appointment a WHERE a.client_id = c.id
    AND a.status IN ('pending', 'booked') AND a.ends_at > :now)"""
_BESIDE = """(SELECT count(*) FROM appointment o WHERE o.provider_id = a.provider_id
    AND o.status IN ('pending', 'booked') AND o.starts_at <= a.starts_at AND o.ends_at > a.starts_at)"""
_FEE = "EXISTS (SELECT 1 FROM payment p WHERE p.appointment_id = a.id)"
_FEE_OPEN = "EXISTS (SELECT 1 FROM payment p WHERE p.appointment_id = a.id AND p.state = 'requested')"

_UNGREETED = """NOT EXISTS (SELECT 1 FROM timeline_entry t WHERE t.client_id = c.id
    AND t.kind IN ('greeting_sent', 'greeting_skipped'))"""

# What is counted, and the conditions.
_COUNTED: dict[Consequence, tuple[str, ...]] = {
    Consequence.INTAKE_LET_THROUGH: (_CLIENTS, *_GATED),
    Consequence.INTAKE_ASKED_NOW: (_CLIENTS, *_GATED),
    Consequence.INTAKE_FORM_KEPT: (_CLIENTS, "c.intake_form_id IS NOT NULL", _ON_THE_WAY, _UNSUBMITTED),
    Consequence.SIGNED_UP_GO_ON: (_CLIENTS, _ANONYMOUS, _ON_THE_WAY),
    Consequence.CAN_NO_LONGER_BOOK: (_CLIENTS, _ACCOUNT, _ON_THE_WAY),
    Consequence.CAN_BOOK_NOW: (_CLIENTS, _ACCOUNT, _ON_THE_WAY),
    Consequence.REFUND_RULE_KEPT: (_APPOINTMENTS, _AHEAD, _FEE),
    Consequence.PAYING_KEEP_FEE: (_APPOINTMENTS, "a.status = 'pending'", _FEE_OPEN),
    Consequence.BOOKED_OWE_NOTHING: (_APPOINTMENTS, _AHEAD, "NOT " + _FEE),
    Consequence.OVER_LIMIT_STAY: (_CLIENTS, _UPCOMING + " > :limit"),
    Consequence.OVERLAPS_STAY: (_APPOINTMENTS, _AHEAD, _BESIDE + " > :capacity"),
    Consequence.NO_ONLINE_CANCELLING: (_APPOINTMENTS, _AHEAD),
    Consequence.SHORTER_NOTICE_KEPT: (_APPOINTMENTS, _AHEAD, "a.cancel_notice_minutes < :notice"),
    Consequence.SHORTER_NOTICE_GIVEN: (_APPOINTMENTS, _AHEAD, "a.cancel_notice_minutes > :notice"),
    Consequence.LENGTH_KEPT: (_APPOINTMENTS, _AHEAD),
    Consequence.TIMES_KEPT: (_APPOINTMENTS, _AHEAD),
    Consequence.LATER_STAY: (_APPOINTMENTS, _AHEAD, "a.starts_at > :now + make_interval(days => :horizon)"),
    Consequence.SOONER_STAY: (_APPOINTMENTS, _AHEAD, "a.starts_at < :now + make_interval(mins => :lead)"),
    Consequence.HOLD_KEPT: (_APPOINTMENTS, "a.status = 'pending'", _FEE_OPEN),
    Consequence.NUDGES_KEPT: (_CLIENTS, "c.stage IN ('invited', 'intake')"),
    Consequence.REMINDERS_KEPT: (_APPOINTMENTS, _AHEAD),
    # Later than that they aren't sent anyway (domain.cadence.greeting_not_after).
    Consequence.GREETINGS_NOT_SENT: (
        _CLIENTS,
        _ANONYMOUS,
        _UNGREETED,
        "c.created_at > :now - make_interval(days => 3)",
    ),
    Consequence.OFFERS_KEPT: (_OFFERS, "o.state = 'open'"),
    Consequence.WAITING_IN_VAIN: (_WISHES, "w.ended_at IS NULL"),
    Consequence.WAITING_SERVED: (_WISHES, "w.ended_at IS NULL"),
    Consequence.INVITATIONS_KEPT: (
        *(_INVITATIONS, "i.accepted_at IS NULL", "i.revoked_at IS NULL", "i.expires_at > :now"),
    ),
}


async def touched_by(
    session: AsyncSession, level: Source, key: str, before: PortalPolicy, after: PortalPolicy, now: datetime
) -> list[Touched]:
    """Whom the change touches; nothing where nobody is. `key` is the id of the provider or the client."""
    found = []
    for consequence, setting in consequences_of(before, after):
        values = {
            "key": key,
            "setting": setting,
            "now": now,
            "limit": after.max_upcoming_appointments,
            "capacity": after.max_simultaneous_appointments,
            "notice": after.cancel_notice_minutes,
            "horizon": after.booking_horizon_days,
            "lead": after.min_notice_minutes,
        }
        what, *conditions = _COUNTED[consequence]
        statement = text(" ".join((what, " AND ".join((*_WHOSE[level], *conditions)))))
        count = await session.scalar(statement, {name: values[name] for name in statement.compile().params})
        if count:
            found.append(Touched(consequence=consequence, setting=setting, count=count))
    return found
