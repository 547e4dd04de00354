"""The practice's holidays: what is read, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from domain.errors import ValidationFailed
from domain.holidays import parse_holidays

CHRISTMAS = {"date": "2026-12-25", "name": "Christmas"}


def test_holidays_are_read_in_the_order_of_the_calendar() -> None:
    new_year = {"date": "2026-01-01", "name": "New Year"}
    assert parse_holidays({"holidays": [CHRISTMAS, new_year]}).as_document() == {"holidays": [new_year, CHRISTMAS]}


@pytest.mark.parametrize(
    ("document", "fields"),
    [
        ({}, ["holidays"]),
        ({"holidays": [], "days": []}, ["days"]),
        ({"holidays": [{"date": "2026-12-25"}]}, ["holidays[0].name"]),
        ({"holidays": [CHRISTMAS | {"name": " "}]}, ["holidays[0].name"]),
        ({"holidays": [CHRISTMAS | {"name": 5}]}, ["holidays[0].name"]),
        ({"holidays": [CHRISTMAS | {"date": "25.12."}]}, ["holidays[0].date"]),
        ({"holidays": [CHRISTMAS, CHRISTMAS]}, ["holidays[1].date"]),
        ({"holidays": [CHRISTMAS] * 401}, ["holidays"]),
    ],
)
def test_what_is_wrong_is_refused_by_its_path(document: dict[str, Any], fields: list[str]) -> None:
    with pytest.raises(ValidationFailed) as refusal:
        parse_holidays(document)
    assert [error.field for error in refusal.value.errors] == fields
