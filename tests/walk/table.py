"""Every page of Portico, and who opens it in which state.

A new page is a line here: `see("/its/{route}", by)`, where `by` is somebody of `clients.py` or `staff.py`. Give it more
lines for what it looks like when there is nothing to show, when something was refused, and after it has worked.
"""

from __future__ import annotations

from tests.walk.visits import first, open_up, press, see, stand_still, type_in

_WRONG = {"email": "nobody@example.com", "password": "not the password"}

PUBLIC = (
    see("/"),
    see("/there-is-nothing-here", state="no such page", status=404),
    see("/p/{provider}"),
    see("/p/{provider}", "closed_door", "closed"),
    see("/p/{provider}", "hidden_door", "not published", status=404),
    see("/p/{provider}/signup"),
    see("/p/{provider}/signup", state="errors", after=press("Send")),
    see("/p/{provider}/signup", "closed_door", "closed"),
    see("/p/{provider}/signup/done"),
    see("/invitations/{token}", "invited"),
    see("/invitations/{token}", "invited", "errors", after=press("Open my account")),
    see("/invitations/{token}", "invited_relative", "has an account"),
    see("/invitations/{token}", "used_link", "used", status=410),
    see("/invitations/{token}", "old_link", "replaced", status=410),
    see("/password"),
    see("/password", state="errors", after=press("Send the link")),
    see("/password", state="sent", after=type_in({"email": "nobody@example.com"}, "Send the link")),
    see("/password/{token}", "forgetful"),
    see("/password/{token}", "forgetful", "errors", after=press("Save the new password")),
    see("/password/{token}", "used_reset", "used", status=410),
    see("/portal/sign-in"),
    see("/portal/sign-in", state="asked for a page", query="?next=/portal/intake"),
    see("/portal/sign-in", state="errors", after=type_in(_WRONG, "Sign in")),
    see("/console/sign-in"),
    see("/console/sign-in", state="errors", after=type_in(_WRONG, "Sign in")),
    see("/console/sign-in/code", "half_way"),
    see("/console/sign-in/code", "half_way", "errors", after=type_in({"code": "000000"}, "Sign in")),
)

PORTAL = (
    see("/portal", "client_with_form"),
    see("/portal", "client_with_draft"),
    see("/portal", "client_ready"),
    see("/portal", "client_invited"),
    see("/portal", "client_holding"),
    see("/portal", "client_booked"),
    see("/portal", "client_cancelled"),
    see("/portal", "client_choosing"),
    see("/portal", "client_blocked"),
    see("/portal", "family"),
    see("/portal/intake", "client_with_form"),
    see("/portal/intake", "client_with_draft"),
    see("/portal/intake", "client_ready", "submitted"),
    see("/portal/intake", "client_invited", "no form"),
    see("/portal/intake/review", "client_with_draft", "answers missing"),
    see("/portal/intake/review", "client_before_signing"),
    see(
        "/portal/intake/review", "client_before_signing", "errors", after=type_in({"signature": ""}, "Sign and submit")
    ),
    see("/portal/book", "client_ready"),
    see("/portal/book", "client_ready", "errors", after=press("Bill Pay")),
    see("/portal/book", "client_invited"),
    see("/portal/book", "client_blocked", "closed"),
    see("/portal/appointments/{appointment_id}", "client_holding"),
    see(
        "/portal/appointments/{appointment_id}", "client_holding", "checking", query="?checking=1", after=stand_still()
    ),
    see("/portal/appointments/{appointment_id}", "client_booked"),
    see("/portal/appointments/{appointment_id}", "client_cancelled"),
    see("/portal/appointments/{appointment_id}", "client_choosing"),
    see("/portal/appointments/{appointment_id}/cancel", "client_booked"),
    see("/portal/appointments/{appointment_id}/cancel", "client_cancelled", "too late"),
    see("/portal/appointments/{appointment_id}/cancel", "client_choosing"),
    see("/portal/appointments/{appointment_id}/move", "client_booked"),
    see("/portal/appointments/{appointment_id}/move", "client_choosing"),
    see("/portal/appointments/{appointment_id}/move", "client_cancelled", "too late"),
    see("/portal/bill-pay", "client_invited", "nothing yet"),
    see("/portal/bill-pay", "client_holding"),
    see("/portal/bill-pay", "client_booked"),
    see("/portal/bill-pay", "client_cancelled"),
    see("/portal/payments/{payment_id}/return", "payer_signed_out"),
)

CONSOLE = (
    see("/console", "newcomer", "empty"),
    see("/console", "owner"),
    see("/console", "owner", "nothing found", query="?q=nobody-of-this-name"),
    see("/console", "front_desk"),
    see("/console/attention", "newcomer", "empty"),
    see("/console/attention", "owner_of_stuck"),
    see("/console/appointments", "newcomer", "empty"),
    see("/console/appointments", "owner"),
    see("/console/appointments/{appointment_id}/cancel", "owner"),
    see("/console/appointments/{appointment_id}/move", "owner"),
    see("/console/clients/new", "owner"),
    see("/console/clients/new", "owner", "errors", after=press("Invite")),
    see("/console/clients/{client_id}", "owner", after=open_up()),
    see("/console/clients/{client_id}", "owner", "with answers", query="?intake=true"),
    see("/console/clients/{client_id}", "front_desk"),
    see("/console/clients/{client_id}", "owner_of_invited"),
    see("/console/clients/{client_id}", "owner_of_stuck"),
    see("/console/clients/{client_id}", "owner_of_signed_up"),
    see("/console/clients/{client_id}/book", "owner_of_signed_up"),
    see("/console/clients/{client_id}/book", "owner_of_invited", "errors", after=press("Book")),
    see("/console/clients/{client_id}/settings", "owner_of_invited"),
    see(
        "/console/clients/{client_id}/settings",
        "owner_of_invited",
        "errors",
        after=type_in({"cancel_notice_minutes": "soon"}, "Save", nth=1),
    ),
    see("/console/clients/{client_id}/settings/seen", "owner_of_invited"),
    see("/console/clients/{client_id}/settings/versions", "owner_of_invited", "empty"),
    see("/console/practice-settings", "owner"),
    see(
        "/console/practice-settings", "owner", "errors", after=type_in({"cancel_notice_minutes": "soon"}, "Save", nth=1)
    ),
    see("/console/practice-settings/versions", "owner"),
    see("/console/settings", "owner"),
    see("/console/settings/{provider}", "owner", after=open_up()),
    see("/console/settings/{provider}/seen", "owner"),
    see("/console/settings/{provider}/versions", "owner"),
    see("/console/providers/{provider}/signup-form", "owner", after=open_up()),
    see("/console/providers/{provider}/signup-form", "owner", "errors", after=type_in({"label.phone": ""}, "Save")),
    see("/console/providers/{provider}/signup-form/versions/{version}", "owner"),
    see("/console/forms", "owner"),
    see("/console/forms/{provider}", "owner"),
    see("/console/forms/{provider}", "owner", "refused", after=type_in({"text": "{}"}, "Import")),
    see("/console/forms/{provider}/new", "owner", after=open_up()),
    see("/console/forms/{provider}/new", "owner", "errors", after=press("Save")),
    see(
        "/console/forms/{provider}/new",
        "owner",
        "growing",
        after=first(press("Add a question"), press("Add a section")),
    ),
    see("/console/forms/{provider}/{form_id}", "owner", after=open_up()),
    see("/console/forms/{provider}/{form_id}/edit", "owner", after=open_up()),
    see("/console/staff", "newcomer"),
    see("/console/staff", "owner_of_colleague"),
    see("/console/staff", "owner", "errors", after=press("Invite")),
    see("/console/staff/{staff_id}", "owner"),
    see("/console/staff/{staff_id}", "owner_of_colleague"),
    see("/console/staff/{staff_id}", "owner_of_invited_colleague"),
    see("/console/staff", "front_desk", "not allowed", status=403),
    see("/console/audit", "owner"),
    see("/console/audit", "owner", "nothing found", query="?from=2001-01-01&to=2001-01-02"),
    see("/console/account", "owner"),
    see("/console/account", "with_second_factor", after=open_up()),
    see("/console/account", "with_second_factor", "errors", after=first(open_up(), press("Turn it off"))),
    see("/console/account/two-factor", "enrolling"),
    see("/console/account/two-factor", "enrolling", "errors", after=press("Turn it on")),
)

# What a browser opens and isn't a page.
FILES = {
    "/console/audit/export.csv",
    "/console/clients/{client_id}/intake.json",
    "/console/clients/{client_id}/intake.pdf",
    "/console/forms/{provider}/{form_id}/questionnaire.json",
}
