"""The hosted page as a person uses it, and the simulator as a process that can die at any moment."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import httpx
import pytest

from domain.ports import CheckoutStatus
from gateways.stripe_payments import StripePayments
from tests.simulator.stage import API_KEY, MERCHANT, Board, Stage, a_checkout, a_stage, listen

ROOT = Path(__file__).parents[2]


async def test_paying_on_the_page_leads_to_the_success_page(stage: Stage) -> None:
    checkout = await stage.payments.open_checkout(a_checkout())
    path = f"/c/pay/{checkout.session_id}"

    page = await stage.http.get(path)
    paid = await stage.http.post(path, data={"action": "pay"})

    assert "SIMULATION" in page.text
    assert "$40.00" in page.text
    assert "<input" not in page.text
    assert (paid.status_code, paid.headers["Location"]) == (
        303,
        f"http://portico.test/paid?session={checkout.session_id}",
    )
    assert (await stage.http.get(path)).status_code == 303


async def test_the_overview_says_what_became_of_each_checkout(stage: Stage) -> None:
    assert "Nobody has been sent" in (await stage.http.get("/")).text
    paid = await stage.payments.open_checkout(a_checkout())
    await stage.http.post(f"/c/pay/{paid.session_id}", data={"action": "pay"})
    still_open = await stage.payments.open_checkout(a_checkout(idempotency_key="test:fee_2:1:session"))

    page = (await stage.http.get("/")).text

    assert "SIMULATION" in page
    assert page.index(still_open.session_id) < page.index(paid.session_id)
    assert page.count("authorised") == 1
    assert f"/c/pay/{still_open.session_id}" in page
    assert f"/c/pay/{paid.session_id}" not in page


async def test_closing_leads_back_and_leaves_the_checkout_open(stage: Stage) -> None:
    checkout = await stage.payments.open_checkout(a_checkout())

    closed = await stage.http.post(f"/c/pay/{checkout.session_id}", data={"action": "close"})

    assert (closed.status_code, closed.headers["Location"]) == (303, "http://portico.test/back")
    assert (await stage.payments.read_checkout(MERCHANT, checkout.session_id)).status is CheckoutStatus.OPEN


async def test_a_declined_card_is_said_on_the_page(stage: Stage) -> None:
    checkout = await stage.payments.open_checkout(a_checkout())

    page = await stage.http.post(f"/c/pay/{checkout.session_id}", data={"action": "decline"})

    assert "declined" in page.text
    assert 'value="pay"' in page.text


async def test_an_expired_checkout_says_so(stage: Stage) -> None:
    checkout = await stage.payments.open_checkout(a_checkout())
    path = f"/c/pay/{checkout.session_id}"
    await stage.payments.expire_checkout(MERCHANT, checkout.session_id)

    for page in (await stage.http.get(path), await stage.http.post(path, data={"action": "pay"})):
        assert "expired" in page.text
        assert 'value="pay"' not in page.text


async def test_paying_after_a_delay_happens_by_itself(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("devstack.simulator.hosted_page._DELAY_SECONDS", 0.3)
    checkout = await stage.payments.open_checkout(a_checkout())

    page = await stage.http.post(f"/c/pay/{checkout.session_id}", data={"action": "later"})
    before = await stage.payments.read_checkout(MERCHANT, checkout.session_id)
    await stage.receiver.until("checkout.session.completed")

    assert 'http-equiv="refresh"' in page.text
    assert before.status is CheckoutStatus.OPEN
    assert (await stage.payments.read_checkout(MERCHANT, checkout.session_id)).status is CheckoutStatus.AUTHORIZED


async def test_an_unknown_checkout_is_not_found(stage: Stage) -> None:
    assert (await stage.http.get("/c/pay/cs_test_unknown")).status_code == 404
    assert (await stage.http.post("/_sim/sessions/cs_test_unknown/pay")).status_code == 404


async def test_an_undelivered_webhook_outlives_a_restart(board: Board, tmp_path: Path) -> None:
    async with a_stage(board, tmp_path) as first:
        first.receiver.refusals = 1_000
        session = (await first.payments.open_checkout(a_checkout())).session_id
        await first.act(session, "pay")

    async with a_stage(board, tmp_path) as second:
        event, _ = await second.receiver.until("checkout.session.completed")

    assert event.object_id == session


async def test_a_checkout_is_still_payable_after_the_process_was_killed(tmp_path: Path) -> None:
    listener, url = listen()
    port = listener.getsockname()[1]
    listener.close()
    request = a_checkout()
    async with aclosing(StripePayments(API_KEY, url)) as payments:
        async with _process(tmp_path, port, url) as killed:
            async with httpx.AsyncClient(base_url=url, verify=False) as http:
                await http.post("/_sim/accounts", json={"id": MERCHANT, "charges_enabled": True})
                await http.put("/_sim/clock", json={"offset_seconds": 60})
            opened = await payments.open_checkout(request)
            killed.send_signal(signal.SIGKILL)
            await killed.wait()

        async with _process(tmp_path, port, url), httpx.AsyncClient(base_url=url, verify=False) as http:
            assert (await http.get("/_sim/clock")).json()["offset_seconds"] == 60
            assert await payments.open_checkout(request) == opened
            (await http.post(f"/_sim/sessions/{opened.session_id}/pay")).raise_for_status()
            assert (await payments.capture(MERCHANT, opened.session_id)).status is CheckoutStatus.CAPTURED


async def test_a_port_in_use_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    listener, _ = listen()
    port = listener.getsockname()[1]

    process = await _start(tmp_path, port)
    _, errors = await process.communicate()
    listener.close()

    assert process.returncode == 2
    assert len(errors.decode().splitlines()) == 1
    assert str(port) in errors.decode()


async def _start(data_dir: Path, port: int) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "devstack.simulator", "--port", str(port), "--data-dir", str(data_dir)),
        *("--webhook", "fees=http://127.0.0.1:9/fees,whsec_sim", "--api-key", API_KEY),
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stderr=PIPE,
    )


@asynccontextmanager
async def _process(data_dir: Path, port: int, url: str) -> AsyncIterator[Process]:
    process = await _start(data_dir, port)
    try:
        retrying = httpx.AsyncHTTPTransport(verify=False, retries=8)  # pauses of 0, 0.5, 1, 2, ... seconds
        async with httpx.AsyncClient(base_url=url, transport=retrying) as http:
            (await http.get("/_sim/health")).raise_for_status()
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
