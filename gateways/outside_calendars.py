"""Calendars elsewhere, over https: never from a private address, however the name or a redirect leads there.

The address is somebody's input, and the server stands inside our network: so the name is resolved here, every address
that it has must be a public one, and the connection goes to the very address that was judged (OWASP, SSRF prevention).
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urljoin, urlsplit

import httpcore

from domain.busy_calendars import CalendarUnreadable, Fetched, Known, Unreadable, calendar_address
from domain.errors import ValidationFailed

_LARGEST = 5 * 1024 * 1024
_SECONDS = 20
_MOST_REDIRECTS = 3
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
# Public addresses that stand for others: of IPv4 behind a translator.
_TRANSLATED = (ip_network("64:ff9b::/96"), ip_network("64:ff9b:1::/48"))
_TIMEOUTS = {"connect": 5.0, "read": 10.0, "write": 5.0, "pool": 5.0}


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether anybody on the internet could reach it: what stands for another address is judged by that, or refused."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if address.sixtofour is not None or address.teredo is not None:
            return False
        if any(address in one for one in _TRANSLATED):
            return False
    return address.is_global and not address.is_multicast


class HttpsCalendars:
    """`local` (tests): only addresses of this machine, and http too."""

    def __init__(self, *, local: bool = False, largest: int = _LARGEST, seconds: float = _SECONDS) -> None:
        self.local = local
        self._largest = largest
        self._seconds = seconds

    async def fetch(self, address: str, known: Known) -> Fetched:
        """The file, or that it hasn't changed since. Raises CalendarUnreadable."""
        backend = _GuardedBackend(local=self.local)
        pool = httpcore.AsyncConnectionPool(ssl_context=ssl.create_default_context(), network_backend=backend)
        try:
            async with asyncio.timeout(self._seconds), pool:
                for _ in range(_MOST_REDIRECTS + 1):
                    answer = await self._ask(pool, address, known)
                    if isinstance(answer, Fetched):
                        return answer
                    address = self._checked(urljoin(address, answer))
        except (TimeoutError, httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError):
            raise CalendarUnreadable(Unreadable.NO_ANSWER) from None
        raise CalendarUnreadable(Unreadable.NOT_ALLOWED)

    async def _ask(self, pool: httpcore.AsyncConnectionPool, address: str, known: Known) -> Fetched | str:
        """What came, or where it is instead."""
        # No compression: a small answer could become a large one.
        headers = [("Host", urlsplit(address).netloc), ("Accept", "text/calendar"), ("Accept-Encoding", "identity")]
        headers += [("User-Agent", "Portico")]
        headers += [("If-None-Match", known.etag)] if known.etag else []
        headers += [("If-Modified-Since", known.last_modified)] if known.last_modified else []
        async with pool.stream("GET", address, headers=headers, extensions={"timeout": _TIMEOUTS}) as answer:
            said = {name.decode().lower(): value.decode("latin-1") for name, value in answer.headers}
            if answer.status in _REDIRECTS and "location" in said:
                return said["location"]
            if answer.status == 304:
                return Fetched(content=None, known=known)
            if answer.status != 200:
                raise CalendarUnreadable(_why(answer.status))
            content = bytearray()
            async for chunk in answer.aiter_stream():
                content += chunk
                if len(content) > self._largest:
                    raise CalendarUnreadable(Unreadable.TOO_LARGE)
        fresh = Known(etag=_short(said.get("etag")), last_modified=_short(said.get("last-modified")))
        return Fetched(content=bytes(content), known=fresh)

    def _checked(self, address: str) -> str:
        try:
            return calendar_address(address, local=self.local)
        except ValidationFailed:
            raise CalendarUnreadable(Unreadable.NOT_ALLOWED) from None


class _GuardedBackend(httpcore.AsyncNetworkBackend):
    """Connects to what the name stands for, once all of it has been judged; TLS still asks for the name."""

    def __init__(self, *, local: bool) -> None:
        self._inner = httpcore.AnyIOBackend()
        self._local = local

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        addresses = await _addresses_of(host, port)
        if not all(one.is_loopback if self._local else is_public(one) for one in addresses):
            raise CalendarUnreadable(Unreadable.NOT_ALLOWED)
        failed: httpcore.NetworkError | None = None
        for one in addresses[:3]:
            try:
                return await self._inner.connect_tcp(str(one), port, timeout, local_address, socket_options)
            except httpcore.NetworkError as error:
                failed = error
        raise failed or httpcore.ConnectError("no address")

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        raise CalendarUnreadable(Unreadable.NOT_ALLOWED)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


async def _addresses_of(host: str, port: int) -> list[IPv4Address | IPv6Address]:
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise CalendarUnreadable(Unreadable.NO_ANSWER) from None
    return [ip_address(one[4][0]) for one in found]


def _why(status: int) -> Unreadable:
    if status in (404, 410):
        return Unreadable.NOT_FOUND
    return Unreadable.SERVER_ERROR if status >= 500 or status in (408, 429) else Unreadable.REFUSED


def _short(value: str | None) -> str | None:
    """What is worth keeping."""
    return value if value and len(value) <= 300 and value.isprintable() else None
