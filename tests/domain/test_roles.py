"""Roles and permissions: one table, and a page of the documentation that says the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.errors import Forbidden
from domain.roles import PERMISSIONS, Permission, Reach, Role, may, require
from portal.staff_words import PERMISSION, ROLE

ROOT = Path(__file__).parents[2]


def test_the_documentation_shows_the_table_that_is_enforced() -> None:
    heading = "| Permission | " + " | ".join(ROLE[role] for role in Role) + " |"
    rows = [
        " | ".join([f"| {PERMISSION[one]}", *("yes" if may(role, one) else "–" for role in Role)]) + " |"
        for one in Permission
    ]
    table = "\n".join([heading, "|---|" + "---|" * len(Role), *rows])
    assert table in (ROOT / "docs" / "roles.md").read_text()


def test_only_owners_manage_staff_and_read_the_audit_log() -> None:
    for permission in (Permission.MANAGE_STAFF, Permission.READ_AUDIT, Permission.CHANGE_PRACTICE):
        assert [role for role in Role if may(role, permission)] == [Role.OWNER]
    assert not may(Role.FRONT_DESK, Permission.READ_ANSWERS)
    assert set(PERMISSIONS) == set(Role)


def test_a_refusal_says_whose_task_it_is() -> None:
    with pytest.raises(Forbidden, match="for an owner or a provider of the practice"):
        require(Role.FRONT_DESK, Permission.READ_ANSWERS)


def test_a_provider_reaches_their_own_and_nobody_elses() -> None:
    everybody, own = Reach(practice_id="prc_1"), Reach(practice_id="prc_1", provider_id="prv_1")
    assert everybody.covers("prc_1", "prv_2")
    assert own.covers("prc_1", "prv_1")
    assert not own.covers("prc_1", "prv_2")
    assert not own.covers("prc_2", "prv_1")
    assert not everybody.covers("prc_2", "prv_1")
