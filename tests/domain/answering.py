"""Everything in a form answered as somebody might, by the fields of its page, whoever has written the form."""

from __future__ import annotations

from domain.questionnaire import Item, ItemType, Questionnaire
from domain.questionnaire_forms import form_values, with_another
from domain.questionnaire_instances import counts_of_form, laid_out
from domain.questionnaire_items import OTHER_SUFFIX, UNIT_SUFFIX

_WORDS = {
    ItemType.BOOLEAN: "true",
    ItemType.DECIMAL: "1.5",
    ItemType.INTEGER: "1",
    ItemType.DATE: "2020-01-31",
    ItemType.DATE_TIME: "2020-01-31T10:00",
    ItemType.TIME: "10:00",
    ItemType.URL: "https://example.com",
    ItemType.QUANTITY: "1",
}


def answered_throughout(questionnaire: Questionnaire) -> dict[str, list[str]]:
    """The first of the answers to choose, two instances of each group that repeats, and what is there to begin with."""
    form = form_values(questionnaire, None)
    for one in questionnaire.flat:
        if one.item.is_repeating_group:
            form = with_another(questionnaire, form, one.item.link_id)
    for one in laid_out(questionnaire, counts_of_form(questionnaire, form)).flat:
        item, name = one.item, one.item.link_id
        if not item.is_question or item.is_fixed:
            continue
        if not form.get(name) and not form.get(name + OTHER_SUFFIX):
            form[name] = [_answer(item)] * (item.limits.min_answers or 1 if item.repeats else 1)
        if item.units and not all(item.unit(unit) for unit in form.get(name + UNIT_SUFFIX, [""])):
            form[name + UNIT_SUFFIX] = [item.units[0].token] * len(form[name])
    return form


def _answer(item: Item) -> str:
    if item.options:
        return item.options[0].token
    least = item.limits.min_value
    return str(least.raw) if least is not None else _WORDS.get(item.type, "words" + "." * (item.limits.min_length or 0))
