"""The pages: provider's page and sign-up, the client portal, the provider console."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from portal.pages.accounts import accounts_router
from portal.pages.appointments import appointment_pages_router
from portal.pages.attending import attending_router
from portal.pages.booking import booking_router
from portal.pages.calendar_files import calendar_files_router
from portal.pages.client_account import client_account_router
from portal.pages.console_account import console_account_router
from portal.pages.console_appointments import console_appointments_router
from portal.pages.console_attention import console_attention_router
from portal.pages.console_audit import console_audit_router
from portal.pages.console_availability import console_availability_router
from portal.pages.console_batches import console_batches_router
from portal.pages.console_calendar import console_calendar_router
from portal.pages.console_calendars import console_calendars_router
from portal.pages.console_called_off_days import console_called_off_router
from portal.pages.console_client import console_client_router
from portal.pages.console_clients import console_clients_router
from portal.pages.console_contact import console_contact_router
from portal.pages.console_disputes import console_disputes_router
from portal.pages.console_duplicates import console_duplicates_router
from portal.pages.console_form_editor import console_form_editor_router
from portal.pages.console_forms import console_forms_router
from portal.pages.console_greeting import console_greeting_router
from portal.pages.console_holidays import console_holidays_router
from portal.pages.console_invitation import console_invitation_router
from portal.pages.console_invite_many import console_invite_many_router
from portal.pages.console_keys import console_keys_router
from portal.pages.console_leaving import console_leaving_router
from portal.pages.console_merchant import console_merchant_router
from portal.pages.console_moving import console_moving_router
from portal.pages.console_page import console_page_router
from portal.pages.console_payments import console_payments_router
from portal.pages.console_policies import client_settings_router, practice_settings_router
from portal.pages.console_practice import console_practice_router
from portal.pages.console_record import console_record_router
from portal.pages.console_rehearsal import console_rehearsal_router
from portal.pages.console_settings import console_settings_router
from portal.pages.console_signup_form import console_signup_form_router
from portal.pages.console_staff import console_staff_router
from portal.pages.console_subscription import console_subscription_router
from portal.pages.console_types import console_types_router
from portal.pages.console_unmatched import console_unmatched_router
from portal.pages.console_waitlist import console_client_waitlist_router, console_waitlist_router
from portal.pages.console_waivers import console_waivers_router
from portal.pages.console_website import console_website_router
from portal.pages.console_withdrawing import console_withdrawing_router
from portal.pages.email_links import email_links_router
from portal.pages.embed import embed_router, embed_script_router
from portal.pages.home import home_router
from portal.pages.intake import intake_router
from portal.pages.moving import moving_router
from portal.pages.offers import offers_router
from portal.pages.profile import profile_router
from portal.pages.public import public_router
from portal.pages.receipts import receipts_router
from portal.pages.sessions import sessions_router
from portal.pages.unsubscribing import unsubscribing_router
from portal.pages.waitlist import waitlist_pages_router

pages_router = APIRouter(default_response_class=HTMLResponse)
for _router in (
    public_router,
    embed_script_router,
    embed_router,
    accounts_router,
    calendar_files_router,
    email_links_router,
    sessions_router,
    home_router,
    profile_router,
    client_account_router,
    intake_router,
    booking_router,
    appointment_pages_router,
    moving_router,
    waitlist_pages_router,
    offers_router,
    receipts_router,
    console_clients_router,
    console_invite_many_router,
    console_client_router,
    console_invitation_router,
    console_batches_router,
    console_called_off_router,
    console_duplicates_router,
    console_contact_router,
    console_record_router,
    console_withdrawing_router,
    console_appointments_router,
    console_calendar_router,
    console_moving_router,
    console_disputes_router,
    console_unmatched_router,
    console_payments_router,
    console_attention_router,
    console_form_editor_router,
    console_forms_router,
    console_rehearsal_router,
    console_practice_router,
    console_leaving_router,
    console_keys_router,
    console_settings_router,
    practice_settings_router,
    client_settings_router,
    console_merchant_router,
    console_signup_form_router,
    console_types_router,
    console_waivers_router,
    console_waitlist_router,
    console_client_waitlist_router,
    console_availability_router,
    console_holidays_router,
    console_calendars_router,
    console_greeting_router,
    attending_router,
    unsubscribing_router,
    console_page_router,
    console_website_router,
    console_staff_router,
    console_audit_router,
    console_account_router,
    console_subscription_router,
):
    pages_router.include_router(_router)

__all__ = ["pages_router"]
