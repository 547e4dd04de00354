"""Where a rehearsal writes down what would happen, in whatever order it comes to it."""

from __future__ import annotations

from datetime import datetime

from domain.mail_facts import Facts, front_desk_facts
from domain.money import Money
from domain.ports import CalendarMethod
from domain.rehearsal import Circumstances, Moment, MomentKind, PlannedMail, Rehearsal, SeenBy, What

# In the place of ids and secrets: links of a rehearsal lead nowhere, and look like it.
NOWHERE = "…"


class Notes:
    """`around` is what all of it is decided from."""

    def __init__(self, around: Circumstances) -> None:
        self.around = around
        self._moments: list[Moment] = []

    def rehearsal(self) -> Rehearsal:
        # What happens in one moment stays in the order in which it was written down.
        return Rehearsal(moments=tuple(sorted(self._moments, key=lambda one: one.at)))

    @property
    def unsubscribe_link(self) -> str:
        return f"{self.around.site}/unsubscribe/{NOWHERE}"

    def page(self, at: datetime, what: What, *settings: str, by_practice: bool = False, detail: str = "") -> None:
        seen_by = SeenBy.FRONT_DESK if by_practice else SeenBy.CLIENT
        self._add(at, what, MomentKind.PAGE, settings, seen_by=seen_by, detail=detail)

    def waiting(self, at: datetime, what: What, *settings: str) -> None:
        self._add(at, what, MomentKind.WAITING, settings)

    def refusal(self, at: datetime, what: What, *settings: str, detail: str = "") -> None:
        self._add(at, what, MomentKind.REFUSAL, settings, detail=detail)

    def money(self, at: datetime, what: What, money: Money, *settings: str) -> None:
        kind = MomentKind.CHARGE if what is What.FEE else MomentKind.REFUND
        self._add(at, what, kind, settings, money=money)

    def mail(
        self,
        at: datetime,
        what: What,
        letter: str,
        facts: Facts,
        *settings: str,
        calendar: CalendarMethod | None = None,
    ) -> None:
        mail = PlannedMail(letter=letter, facts=facts, calendar=calendar)
        self._add(at, what, MomentKind.MAIL, settings, mail=mail)

    def greeting(self, at: datetime, what: What, *settings: str) -> None:
        mail = PlannedMail(letter="greeting", attachments=self.around.greeting_files or ())
        self._add(at, what, MomentKind.MAIL, settings, mail=mail)

    def front_desk(self, at: datetime, what: What, occurrence: str) -> None:
        site = self.around.site
        facts = front_desk_facts(site=site, occurrence=occurrence, client_id=NOWHERE, ref=NOWHERE)
        mail = PlannedMail(letter="front_desk", facts=facts)
        self._add(at, what, MomentKind.MAIL, (), seen_by=SeenBy.FRONT_DESK, mail=mail)

    def _add(
        self,
        at: datetime,
        what: What,
        kind: MomentKind,
        settings: tuple[str, ...],
        *,
        seen_by: SeenBy = SeenBy.CLIENT,
        detail: str = "",
        mail: PlannedMail | None = None,
        money: Money | None = None,
    ) -> None:
        self._moments.append(
            Moment(
                at=at, what=what, kind=kind, seen_by=seen_by, settings=settings, detail=detail, mail=mail, money=money
            )
        )
