"""With the codec off nothing hides a leak: what people type isn't in Temporal, logs, figures or payments."""

from __future__ import annotations

from tests.canary.journeys import journeys_with_canaries, nothing_leaked
from tests.canary.searching import found_in_temporal
from tests.virtual_time.conftest import TravellingWorld


async def test_with_payloads_in_the_clear_no_canary_is_found(world: TravellingWorld) -> None:
    canaries = await journeys_with_canaries(world)
    await nothing_leaked(canaries)
    # The search would have found them: this is what a payload, a refusal and a database's error look like there.
    seen = [f'"client_id":"{one}"' for one in canaries.clients]
    seen += [f'"appointment_id":"{one}"' for one in canaries.appointments]
    seen += ["The mail was refused (550)", "database: "]
    assert found_in_temporal(world, seen) == set(seen)
