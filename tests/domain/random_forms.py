"""Random questionnaires of every supported shape, and random responses to them, right and wrong."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.domain.questionnaires import codes, document, extension, item, response, when

Json = dict[str, Any]

WORDS = st.sampled_from(["a", "b", "word", "two words", "12", "abc", "山", ""])
UNITS = [{"system": "http://unitsofmeasure.org", "code": code, "display": code} for code in ("kg", "g")]
VALUES: dict[str, tuple[str, st.SearchStrategy[Any]]] = {
    "boolean": ("Boolean", st.booleans()),
    "decimal": ("Decimal", st.sampled_from([0, 1, 1.5, 2.25, 3, -4])),
    "integer": ("Integer", st.integers(-2, 4)),
    "date": ("Date", st.sampled_from(["2026-01-01", "2026-05-31", "2027-02-01"])),
    "dateTime": ("DateTime", st.sampled_from(["2026-01-01T10:00:00+00:00", "2026-05-31T09:30:00+02:00"])),
    "time": ("Time", st.sampled_from(["09:00:00", "12:30:00", "23:59:59"])),
    "string": ("String", WORDS | st.just("two\nlines")),
    "text": ("String", WORDS | st.just("two\nlines")),
    "url": ("Uri", st.sampled_from(["https://example.com", "https://example.com/b"])),
    "choice": ("Coding", st.sampled_from([one["valueCoding"] for one in codes("a", "b", "z")])),
    "open-choice": ("Coding", st.sampled_from([one["valueCoding"] for one in codes("a", "b", "z")])),
    "quantity": (
        "Quantity",
        st.builds(lambda value, code: {"value": value, "code": code}, st.integers(0, 3), st.sampled_from(["kg", "g"])),
    ),
}
ORDERED = ("decimal", "integer", "date", "dateTime", "time", "quantity")
WRITTEN = ("string", "text", "url")


class _Maker:
    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.count = 0
        self.questions: list[tuple[Json, str | None]] = []
        self.around: str | None = None  # the repeating group that is being made

    def item(self, depth: int) -> Json:
        self.count += 1
        kinds = [*VALUES, "display", "group", "group"] if depth < 2 else [*VALUES, "display"]
        kind = self.draw(st.sampled_from(kinds))
        made = item(f"q{self.count}", kind)
        self.conditions(made)
        if kind in VALUES:
            self.question(made, kind)
        elif kind == "group":
            made["required"] = self.draw(st.booleans())
            if self.around is None and self.draw(st.booleans()):
                return self.repeating(made, depth)
        if kind == "group" or (kind in VALUES and depth < 2 and self.draw(st.integers(0, 4)) == 0):
            made["item"] = [self.item(depth + 1) for _ in range(self.draw(st.integers(1, 3)))]
            if kind in VALUES and any(one["type"] != "display" for one in made["item"]):
                made["repeats"] = False
        return made

    def list_of_some(self) -> Json:
        """What groups that repeat are mostly for: medications, children."""
        self.count += 1
        return self.repeating(item(f"q{self.count}", "group", required=self.draw(st.booleans())), 1)

    def repeating(self, made: Json, depth: int) -> Json:
        made["repeats"], self.around = True, made["linkId"]
        made["item"] = [self.item(depth + 1) for _ in range(self.draw(st.integers(1, 3)))]
        names = ["questionnaire-minOccurs", "questionnaire-maxOccurs"]
        made["extension"] = [extension(name, "Integer", 2) for name in names if self.draw(st.integers(0, 2)) == 0]
        self.around = None
        return made

    def question(self, made: Json, kind: str) -> None:
        made["required"], made["repeats"] = self.draw(st.booleans()), self.draw(st.booleans())
        if kind in ("choice", "open-choice"):
            made["answerOption"] = codes("a", "b")
        if kind == "quantity":
            made["extension"] = [extension("questionnaire-unitOption", "Coding", unit) for unit in UNITS]
        if self.draw(st.integers(0, 2)) == 0:
            limits = self.limits(made, kind)
            if limits:
                made.setdefault("extension", []).extend(limits)
        self.questions.append((made, self.around))

    def limits(self, made: Json, kind: str) -> list[Json]:
        kind_of_value, values = VALUES[kind]
        if kind in ORDERED and kind != "quantity":
            return [extension(self.draw(st.sampled_from(["minValue", "maxValue"])), kind_of_value, self.draw(values))]
        if kind in WRITTEN:
            made["maxLength"] = self.draw(st.integers(1, 30))
            more = [extension("minLength", "Integer", 2), extension("regex", "String", "[a-z:/. ]+")]
            return [one for one in more if self.draw(st.booleans())]
        if made["repeats"]:
            names = ["questionnaire-minOccurs", "questionnaire-maxOccurs"]
            return [extension(self.draw(st.sampled_from(names)), "Integer", 2)]
        return []

    def conditions(self, made: Json) -> None:
        # What stands in a group that repeats is a condition for what stands in the same instance only.
        sources = [one for one, around in self.questions if around in (None, self.around)]
        for _ in range(self.draw(st.integers(0, 2)) if sources else 0):
            source = self.draw(st.sampled_from(sources))
            kind, values = VALUES[source["type"]]
            operators = ["exists", "=", "!=", *([">", "<", ">=", "<="] if source["type"] in ORDERED else [])]
            if source["type"] == "url":  # R4 has no answerUri
                operators = ["exists"]
            sort = self.draw(st.sampled_from(operators))
            answer = {"answerBoolean": self.draw(st.booleans())} if sort == "exists" else None
            made.setdefault("enableWhen", []).append(
                when(
                    source["linkId"],
                    sort,
                    **(answer or {f"answer{kind}": self.draw(values.filter(lambda value: value != ""))}),
                )
            )
        if "enableWhen" in made:
            made["enableBehavior"] = self.draw(st.sampled_from(["any", "all"]))


@st.composite
def questionnaires(draw: st.DrawFn) -> Json:
    """Conditions may look forward as well: the items stand in a random order."""
    maker = _Maker(draw)
    some = [maker.list_of_some()] if draw(st.booleans()) else []
    items = some + [maker.item(0) for _ in range(draw(st.integers(0 if some else 1, 5)))]
    return document(*draw(st.permutations(items)))


def answers_to(draw: st.DrawFn, items: list[Json], chance: int) -> list[Json]:
    """To about one in `chance` questions nothing is said."""
    entries = []
    for one in items:
        if one["type"] == "group" and one.get("repeats"):
            for _ in range(draw(st.integers(0, 3))):
                inner = answers_to(draw, one["item"], chance)
                entries.append({"linkId": one["linkId"]} | ({"item": inner} if inner else {}))
            continue
        inner = answers_to(draw, one.get("item", []), chance)
        if one["type"] not in VALUES:
            if inner:
                entries.append({"linkId": one["linkId"], "item": inner})
        elif draw(st.integers(1, chance)) > 1:
            answers = [_answer(draw, one) for _ in range(draw(st.integers(1, 3)) if one["repeats"] else 1)]
            if inner:
                answers[0] = answers[0] | {"item": inner}
            entries.append({"linkId": one["linkId"], "answer": answers})
    return entries


def _answer(draw: st.DrawFn, one: Json) -> Json:
    kind, values = VALUES[one["type"]]
    sort = draw(st.integers(0, 11))
    if one["type"] == "open-choice" and sort < 4:
        return {"valueString": draw(WORDS)}
    if sort == 11:  # of another kind
        return draw(st.sampled_from([{"valueString": "x"}, {"valueInteger": 1}, {"valueBoolean": True}]))
    return {f"value{kind}": draw(values)}


@st.composite
def forms_and_responses(draw: st.DrawFn) -> tuple[Json, Json]:
    made = draw(questionnaires())
    return made, response(*answers_to(draw, made["item"], draw(st.sampled_from([2, 4, 20]))))
