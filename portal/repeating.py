"""The buttons of an intake form's groups that repeat: one instance more, and one less, once that is certain."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo

from domain.questionnaire import Item, Questionnaire
from domain.questionnaire_forms import with_another
from domain.questionnaire_instances import (
    answered_in,
    count_in,
    counts_of_form,
    laid_out,
    most_instances,
    placed,
    without_one,
)
from portal.forms import Form
from portal.paths import identifier


@dataclass(frozen=True, kw_only=True)
class Pressed:
    """The form after a button. `place` is the id to go on at, `done` what is said there.

    `asking` names an instance that isn't removed yet: there is something in it, so that is asked first.
    """

    form: Form
    place: str | None = None
    done: str | None = None
    asking: str | None = None


def press(questionnaire: Questionnaire, form: Form, timezone: tzinfo) -> Pressed:
    """`action` is `add:<linkId>`, `remove:<n>:<linkId>`, `remove-filled:<n>:<linkId>`, or none of ours."""
    verb, _, rest = form.first("action").partition(":")
    number, _, link_id = rest.partition(":") if verb != "add" else ("", "", rest)
    one = questionnaire.by_link_id.get(link_id)
    if verb not in ("add", "remove", "remove-filled") or one is None or not one.item.is_repeating_group:
        return Pressed(form=form)
    if verb == "add":
        more = Form(with_another(questionnaire, form.values, link_id, timezone))
        last = count_in(more.values, one.item)
        return Pressed(form=more, place=identifier(placed(link_id, last)), done="instance-added")
    which = int(number) if number.isascii() and number.isdigit() and len(number) < 5 else 0
    if verb == "remove" and answered_in(questionnaire, form.values, link_id, which):
        return Pressed(form=form, asking=placed(link_id, which))
    less = Form(without_one(questionnaire, form.values, link_id, which))
    return Pressed(form=less, place=whole_group(link_id), done="instance-removed")


def whole_group(link_id: str) -> str:
    """The id of all instances of a group together: no linkId has an identifier like it."""
    return identifier(link_id) + "_all"


def instances_shown(questionnaire: Questionnaire, form: Form) -> Questionnaire:
    return laid_out(questionnaire, counts_of_form(questionnaire, form.values))


def removable(group: Item) -> bool:
    """Whether an instance can be taken away: the only one too, where the form begins it with answers of its own."""
    assert group.instance is not None
    return group.instance.of > 1 or (not group.required and _begun(group))


def _begun(item: Item) -> bool:
    return any((inner.initial and not inner.is_fixed) or _begun(inner) for inner in item.items)


def instances_note(group: Item) -> str:
    """How many there may be, in words."""
    least, most = group.limits.min_answers or 0, most_instances(group)
    if least > 1:
        note = f"Please fill in at least {least} of these" + (f", {most} at most." if most > least else ".")
    else:
        note = f"You can add more, up to {most} in all." if most > 1 else ""
    return note if group.required else f"If there are none, leave this empty. {note}".strip()
