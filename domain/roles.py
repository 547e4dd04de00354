"""What staff may do: roles, permissions, and whose clients somebody may reach."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from domain.errors import Forbidden


class Role(StrEnum):
    """A staff member has one; `provider` is tied to one provider of the practice."""

    OWNER = "owner"
    PROVIDER = "provider"
    FRONT_DESK = "front_desk"


class Permission(StrEnum):
    SEE_CLIENTS = "see_clients"  # contact data, where they stand, appointments, fees, timeline, attention
    SERVE_CLIENTS = (
        "serve_clients"  # invite, send forms, book, move, cancel, refund, waive, answer what needs attention
    )
    READ_ANSWERS = "read_answers"  # intake answers, and what a sign-up says of health or in the client's own words
    EXPORT_CLIENT = "export_client"  # all that is held about one client, answers included
    ERASE_CLIENT = "erase_client"
    MAKE_EXCEPTIONS = "make_exceptions"  # portal settings of one client
    CHANGE_PROVIDER = "change_provider"  # a provider's portal settings, page, forms, greeting, availability
    CHANGE_PRACTICE = "change_practice"  # the practice's portal settings
    MANAGE_SUBSCRIPTION = "manage_subscription"  # the practice's own, at the processor
    MANAGE_KEYS = "manage_keys"  # of other programs: API keys, secrets of webhooks
    MANAGE_STAFF = "manage_staff"
    READ_AUDIT = "read_audit"


# The only table of who may do what; docs/roles.md shows it.
PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.OWNER: frozenset(Permission),
    # Of their own clients, and their own settings, only.
    Role.PROVIDER: frozenset(
        {
            Permission.SEE_CLIENTS,
            Permission.SERVE_CLIENTS,
            Permission.READ_ANSWERS,
            Permission.EXPORT_CLIENT,
            Permission.MAKE_EXCEPTIONS,
            Permission.CHANGE_PROVIDER,
        }
    ),
    Role.FRONT_DESK: frozenset({Permission.SEE_CLIENTS, Permission.SERVE_CLIENTS}),
}


@dataclass(frozen=True, kw_only=True)
class Reach:
    """Whose records somebody may reach: a practice's, or (for a provider) those of their own clients only."""

    practice_id: str
    provider_id: str | None = None

    def covers(self, practice_id: str, provider_id: str) -> bool:
        return self.practice_id == practice_id and self.provider_id in (None, provider_id)


def may(role: Role, permission: Permission) -> bool:
    return permission in PERMISSIONS[role]


def require(role: Role, permission: Permission) -> None:
    """Raises Forbidden, saying whose task it is."""
    if not may(role, permission):
        who = [ROLE_NAMES[one] for one in Role if may(one, permission)]
        raise Forbidden(f"That is for {' or '.join(who)} of the practice.")


# As they are spoken of in a refusal.
ROLE_NAMES = {Role.OWNER: "an owner", Role.PROVIDER: "a provider", Role.FRONT_DESK: "the front desk"}
