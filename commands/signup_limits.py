"""How many sign-ups are let in: floods are stopped, and nobody is punished for sharing an address with others.

A clinic's waiting room, a university and a mobile network's clients each come from one address. So what is limited
tightly is what one person would have to do many times; one address may do a lot, and a flood from everywhere costs
those first who send the most. See docs/decisions/0017-website-page-and-embed.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import IPv6Address, ip_address

from commands.rate_limits import Limit, buckets, too_many, used_up
from db.engine import Database
from db.rate_counters import Bucket, count
from domain.errors import RateLimited

# What a full lecture hall doesn't reach, and a robot does.
SIGNUPS_PER_NETWORK = Limit(name="signup-address", requests=300, window_seconds=600)
# The same e-mail address from the same network: a person who corrects a form, or a parent of many.
SIGNUPS_PER_PERSON = Limit(name="signup-person", requests=20, window_seconds=6 * 3600)
SIGNUPS_PER_PROVIDER = Limit(name="signup-provider", requests=2_000, window_seconds=3600)
# Once a provider's are used up: who has sent no more than this in the network's window is still let in, ...
FAIR_SHARE = 10
# ... up to here.
FLOODED = 20_000
_LONGEST_EMAIL = 254  # RFC 5321 4.5.3.1.3

Counted = Sequence[tuple[Limit, str]]


def counted_signup(address: str, provider: str, email: object) -> Counted:
    """What one request to sign up counts for; `email` is whatever was sent as such."""
    network = network_of(address)
    counted = [(SIGNUPS_PER_NETWORK, network), (SIGNUPS_PER_PROVIDER, provider[:100])]
    if isinstance(email, str) and email.strip():
        counted.append((SIGNUPS_PER_PERSON, f"{network} {email.strip()[:_LONGEST_EMAIL]}"))
    return counted


def network_of(address: str) -> str:
    """Who stands behind an address: with IPv6 one household has 2^64 of them (RFC 6177), so their network counts."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return f"{IPv6Address(int(found) >> 64 << 64)}/64"


def signup_refusal_by_rate(counted: Counted, places: Sequence[Bucket], counts: Mapping[str, int]) -> RateLimited | None:
    """The refusal, if this request is one too many; the counts include it."""
    by_limit = {limit: (counts[place[0]], place) for (limit, _), place in zip(counted, places, strict=True)}
    sent, (_, network_since) = by_limit[SIGNUPS_PER_NETWORK]
    taken, (_, provider_since) = by_limit[SIGNUPS_PER_PROVIDER]
    if taken > FLOODED:
        return too_many(SIGNUPS_PER_PROVIDER, provider_since)
    if taken > SIGNUPS_PER_PROVIDER.requests and sent > FAIR_SHARE:
        return too_many(SIGNUPS_PER_NETWORK, network_since)
    alone = [(one, place) for one, place in zip(counted, places, strict=True) if one[0] is not SIGNUPS_PER_PROVIDER]
    return used_up([one for one, _ in alone], [place for _, place in alone], counts)


async def count_signup(database: Database, address: str, provider: str, email: object) -> None:
    """Count one request to sign up; it stays counted, whatever becomes of it. Raises RateLimited."""
    counted = counted_signup(address, provider, email)
    places = buckets(*counted)
    async with database.statements() as session:
        refusal = signup_refusal_by_rate(counted, places, await count(session, places))
    if refusal is not None:
        raise refusal
