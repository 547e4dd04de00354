"""Calendars elsewhere: what is fetched, and that nothing on our own network can be reached by somebody's address."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from domain.busy_calendars import CalendarUnreadable, Known, Unreadable, calendar_address
from domain.errors import ValidationFailed
from gateways.outside_calendars import HttpsCalendars, is_public
from tests.outside import elsewhere

NOTHING = Known()


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("127.0.0.1", False),
        ("0.0.0.0", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("100.64.0.1", False),
        ("169.254.169.254", False),  # where clouds keep their secrets
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1", False),
        ("fd00::1", False),
        ("ff02::1", False),
        ("::ffff:10.0.0.1", False),
        ("::ffff:93.184.215.14", True),
        ("64:ff9b::a00:1", False),
        ("2002:a00:1::1", False),
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", False),
    ],
)
def test_only_what_anybody_can_reach_is_public(address: str, public: bool) -> None:
    assert is_public(ip_address(address)) is public


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        (" webcal://example.com/my.ics ", "https://example.com/my.ics"),
        ("https://example.com/my.ics?token=a#top", "https://example.com/my.ics?token=a"),
        ("", None),
        ("http://example.com/my.ics", None),
        ("file:///etc/passwd", None),
        ("https://", None),
        ("https://name:word@example.com/", None),
        ("https://example.com:port/", None),
        ("https://exa mple.com/", None),
        (f"https://example.com/{'a' * 2000}", None),
    ],
)
def test_an_address_is_an_https_one_without_secrets_of_its_own(typed: str, address: str | None) -> None:
    if address is None:
        with pytest.raises(ValidationFailed):
            calendar_address(typed, local=False)
    else:
        assert calendar_address(typed, local=False) == address


async def refused(calendars: HttpsCalendars, address: str) -> Unreadable:
    with pytest.raises(CalendarUnreadable) as refusal:
        await calendars.fetch(address, NOTHING)
    return refusal.value.why


async def test_nothing_on_our_own_network_is_asked() -> None:
    async with elsewhere() as there:
        there.publish(b"secret")
        for host in ("127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1", "0"):
            assert await refused(HttpsCalendars(), f"https://{host}:{there.port}/my.ics") is Unreadable.NOT_ALLOWED
        assert there.asked == []


async def test_a_redirect_is_followed_where_it_may_be() -> None:
    calendars = HttpsCalendars(local=True)
    async with elsewhere() as there:
        there.answers["/other.ics"] = (200, (), b"found")
        there.publish(b"", "Location: /other.ics", status=302)
        assert (await calendars.fetch(there.address, NOTHING)).content == b"found"
        for away in ("https://192.168.1.1/my.ics", "ftp://127.0.0.1/my.ics", f"http://a:b@127.0.0.1:{there.port}/"):
            there.publish(b"", f"Location: {away}", status=301)
            assert await refused(calendars, there.address) is Unreadable.NOT_ALLOWED
        there.publish(b"", "Location: /my.ics", status=307)
        there.asked.clear()
        assert await refused(calendars, there.address) is Unreadable.NOT_ALLOWED
        assert len(there.asked) == 4


async def test_a_file_is_taken_once_and_within_limits() -> None:
    async with elsewhere() as there:
        there.publish(b"x" * 1000, 'ETag: "one"')
        calendars = HttpsCalendars(local=True, largest=1000)
        first = await calendars.fetch(there.address, NOTHING)
        assert (first.content, first.known.etag) == (b"x" * 1000, '"one"')
        assert (await calendars.fetch(there.address, first.known)).content is None
        there.publish(b"x" * 1001)
        assert await refused(calendars, there.address) is Unreadable.TOO_LARGE
        for status, why in (
            (404, Unreadable.NOT_FOUND),
            (410, Unreadable.NOT_FOUND),
            (401, Unreadable.REFUSED),
            (503, Unreadable.SERVER_ERROR),
        ):
            there.publish(b"", status=status)
            assert await refused(calendars, there.address) is why
        assert "gzip" not in "".join(there.asked)
    assert await refused(calendars, there.address) is Unreadable.NO_ANSWER
