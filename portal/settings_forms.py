"""Between the sections of the settings page and the documents of the contract."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from domain.states import SettingsKind
from portal.forms import Form

Document = dict[str, Any]

# The sections of the page that are documents of their own; the portal settings are `portal.policy_forms`.
SECTIONS: dict[str, SettingsKind] = {
    "greeting": SettingsKind.GREETING,
}


def fields_shown(section: str, document: Document) -> dict[str, str]:
    """What the section's inputs hold; a checkbox that isn't checked is left out."""
    return _SHOWN[SECTIONS[section]](document)


def document_from(section: str, form: Form) -> Document:
    """The document to save."""
    assert SECTIONS[section] is SettingsKind.GREETING
    ids = form.values.get("attachment", [])
    body = form.first("body").replace("\r\n", "\n")
    return {"subject": form.text("subject"), "body": body, "attachments": [{"id": one} for one in ids]}


def _greeting_shown(document: Document) -> dict[str, str]:
    chosen = {f"attachment.{one['id']}": "on" for one in document["attachments"]}
    return {"subject": document["subject"], "body": document["body"], **chosen}


_SHOWN: dict[SettingsKind, Callable[[Document], dict[str, str]]] = {
    SettingsKind.GREETING: _greeting_shown,
}
