"""What the JSON API takes, gives and refuses, route by route, for /openapi.json."""

from portal.described.called_off_side import CALLED_OFF_SIDE
from portal.described.client_side import CLIENT_SIDE
from portal.described.many_and_all import MANY_AND_ALL
from portal.described.page_side import PAGE_SIDE
from portal.described.practice_side import PRACTICE_SIDE
from portal.described.rehearsal_side import REHEARSAL_SIDE
from portal.described.settings_side import SETTINGS_SIDE
from portal.described.waitlist_side import WAITLIST_SIDE

API = {
    **CLIENT_SIDE,
    **PRACTICE_SIDE,
    **MANY_AND_ALL,
    **CALLED_OFF_SIDE,
    **SETTINGS_SIDE,
    **REHEARSAL_SIDE,
    **WAITLIST_SIDE,
    **PAGE_SIDE,
}

__all__ = ["API"]
