"""What is submitted of a response: all of it but the instances of repeating groups in which nothing is answered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from domain.questionnaire_instances import blank_instances, pairs, placed
from domain.questionnaire_items import Item, Questionnaire
from domain.questionnaire_validation import read_response


def without_blanks(questionnaire: Questionnaire, response: Mapping[str, Any]) -> dict[str, Any]:
    """The response without them, otherwise just as it is; one that `check_response` has nothing against."""
    kept = dict(response)
    if questionnaire.group_around and isinstance(kept.get("item"), list):
        reading = read_response(questionnaire, response)
        kept["item"] = _Sieve(blank_instances(reading.questionnaire, reading.values)).kept(
            questionnaire.items, kept["item"]
        )
        if not kept["item"]:
            del kept["item"]
    return kept


class _Sieve:
    """Counts the instances as it comes by them."""

    def __init__(self, blank: frozenset[str]) -> None:
        self._blank = blank
        self._seen: Counter[str] = Counter()

    def kept(self, items: tuple[Item, ...], entries: list[Any]) -> list[Any]:
        kept: list[Any] = []
        for item, entry in pairs(items, entries):
            if item is None:
                kept.append(entry)
            elif item.is_repeating_group:
                self._seen[item.link_id] += 1
                if placed(item.link_id, self._seen[item.link_id]) not in self._blank:
                    kept.append(entry)
            elif item.is_question:
                answers = entry.get("answer")
                if isinstance(answers, list):
                    entry = {**entry, "answer": [self._with_less(item, answer) for answer in answers]}
                kept.append(entry)
            else:
                less = self._with_less(item, entry)
                if "item" in less or "item" not in entry:
                    kept.append(less)
        return kept

    def _with_less(self, item: Item, part: Any) -> Any:
        """A group or an answer: without the list of what stands within, once nothing is left of it."""
        if not isinstance(part, Mapping) or not isinstance(part.get("item"), list):
            return part
        within = self.kept(item.items, part["item"])
        rest = {name: value for name, value in part.items() if name != "item"}
        return rest | {"item": within} if within else rest
