"""The door of the simulated API: who asks, for whose account, was it asked before, and what is to go wrong."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import json
import re
from contextlib import suppress
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from devstack.simulator import (
    account_links,
    accounts,
    billing_portal,
    catalog,
    charges,
    checkout,
    customers,
    direct_intents,
    direct_subscriptions,
    disputes,
    endpoints,
    event_log,
    intents,
    invoices,
    one_off_invoices,
    payment_methods,
    payment_pages,
    plan_changes,
    refunds,
    subscriptions,
)
from devstack.simulator.answers import Answer, Answers
from devstack.simulator.config import PLATFORM_ACCOUNT
from devstack.simulator.conformity import demand
from devstack.simulator.errors import ApiError, CardDeclined, no_access, not_simulated, rate_limited, server_error
from devstack.simulator.faults import REQUEST_ACTIONS, Fault, Faults, mutated
from devstack.simulator.forms import Form, parse_form
from devstack.simulator.journal import Journal
from devstack.simulator.parameters import check
from devstack.simulator.payers import let_time_act
from devstack.simulator.rendering import expanded
from devstack.simulator.versions import as_of
from devstack.simulator.world import Call, Operation, World, new_id

OPERATIONS: tuple[Operation, ...] = (
    *account_links.OPERATIONS,
    *accounts.OPERATIONS,
    *billing_portal.OPERATIONS,
    *catalog.OPERATIONS,
    *charges.OPERATIONS,
    *checkout.OPERATIONS,
    *customers.OPERATIONS,
    *direct_intents.OPERATIONS,
    *direct_subscriptions.OPERATIONS,
    *endpoints.OPERATIONS,
    *event_log.OPERATIONS,
    *intents.OPERATIONS,
    *plan_changes.OPERATIONS,  # before those of an invoice by its id
    *invoices.OPERATIONS,
    *one_off_invoices.OPERATIONS,
    *payment_methods.OPERATIONS,
    *payment_pages.OPERATIONS,
    *refunds.OPERATIONS,
    *disputes.OPERATIONS,
    *subscriptions.OPERATIONS,
)


@dataclass(frozen=True, kw_only=True)
class Question:
    """One API request as it came; `key` only of a POST, since Stripe ignores it elsewhere."""

    method: str
    path: str
    account: str | None
    key: str | None
    form: Form

    @property
    def fingerprint(self) -> str:
        text = json.dumps([self.method, self.path, self.form], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


class Door:
    """Answers every request under `/v1`."""

    def __init__(self, world: World, faults: Faults, journal: Journal) -> None:
        self._world = world
        self._faults = faults
        self._journal = journal
        self._answers = Answers(world.store, world.clock)
        self._routes = [(_pattern(operation), operation) for operation in OPERATIONS]
        self._in_flight: set[tuple[str, str]] = set()

    async def __call__(self, request: Request) -> Response:
        question = await _read(request)
        replayed = self._answers.knows(question.account or PLATFORM_ACCOUNT, question.key)
        # An answer from memory doesn't fail anew, so it uses up no failure.
        actions = REQUEST_ACTIONS - {"500"} if replayed else REQUEST_ACTIONS
        target = f"{question.method} {question.path} {question.account or ''}"
        fault = self._faults.strike(target, actions)
        while fault is not None and fault.action == "stall":
            await self._until_replaced(request)
            fault = self._faults.strike(target, actions)
        request_id = new_id("req")
        answer = self._answer(question, request, fault, request_id)
        agent = request.headers.get("user-agent", "")
        asked = (question.method, question.path, question.account, question.key, question.form)
        self._journal.write(*asked, agent, answer.status)
        body = mutated(answer.body, fault.set) if fault and fault.action == "mutate" else answer.body
        await self._linger(question, request, fault)
        headers = {"Request-Id": request_id}
        if question.key:
            headers["Idempotency-Key"] = question.key
        if answer.replayed:
            headers["Idempotent-Replayed"] = "true"
        return JSONResponse(body, answer.status, headers)

    async def _linger(self, question: Question, request: Request, fault: Fault | None) -> None:
        if fault is not None and fault.action == "delay":
            # The work is done and its webhook is out; Stripe would still call the key "in use".
            flight = (question.account or PLATFORM_ACCOUNT, question.key or "")
            self._in_flight.add(flight)
            try:
                await asyncio.sleep(fault.seconds)
            finally:
                self._in_flight.discard(flight)
        if fault is not None and fault.action == "timeout":
            # The work is done and the answer is lost on the way: wait until the caller has given up.
            with suppress(TimeoutError):
                async with asyncio.timeout(fault.seconds):
                    await _hang_up(request)
        if fault is not None and fault.action == "hold":
            flight = (question.account or PLATFORM_ACCOUNT, question.key or "")
            self._in_flight.add(flight)
            try:
                await self._until_replaced(request)
            finally:
                self._in_flight.discard(flight)

    async def _until_replaced(self, request: Request) -> None:
        """Until the list of faults is replaced, or the caller has given up."""
        waits = [asyncio.create_task(self._faults.replaced.wait()), asyncio.create_task(_hang_up(request))]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waits:
                one.cancel()

    def _answer(self, question: Question, request: Request, fault: Fault | None, request_id: str) -> Answer:
        try:
            self._check_key(request)
            account = self._account(question)
            operation, ids = self._find(question)
            if fault is not None and fault.action == "429":
                raise rate_limited()
            if question.key is None:
                return self._carry_out(question, operation, account, ids, fault)
            return self._once(question, operation, account, ids, fault, request_id)
        except ApiError as error:
            return Answer(status=error.status, body=error.body)

    def _once(
        self,
        question: Question,
        operation: Operation,
        account: str,
        ids: tuple[str, ...],
        fault: Fault | None,
        request_id: str,
    ) -> Answer:
        key = question.key or ""
        if (account, key) in self._in_flight:
            message = "There is currently another in-progress request using this Idempotency-Key."
            raise ApiError(message, status=409, kind="idempotency_error", code="idempotency_key_in_use")
        stored = self._answers.find(account, key, question.fingerprint)
        if stored is not None:
            return stored
        self._world.events.cause = {"id": request_id, "idempotency_key": key}
        try:
            # What is malformed never began, so its answer isn't kept; the rest is kept with the change itself.
            checked = _checked(operation, question.form)
            with self._world.store.transaction():
                answer = self._carry_out(question, operation, account, ids, fault, checked)
                self._answers.keep(account, key, question.fingerprint, answer)
            return answer
        finally:
            self._world.events.cause = {"id": None, "idempotency_key": None}

    def _carry_out(
        self,
        question: Question,
        operation: Operation,
        account: str,
        ids: tuple[str, ...],
        fault: Fault | None,
        checked: Form | None = None,
    ) -> Answer:
        params = _checked(operation, question.form) if checked is None else checked
        store = self._world.store
        try:
            if fault is not None and fault.action == "500":
                raise server_error()
            if fault is not None and fault.action == "decline":
                raise CardDeclined
            let_time_act(self._world)
            with store.savepoint():
                call = Call(world=self._world, account=account, params=params, ids=ids)
                try:
                    result = operation.handler(call)
                except CardDeclined as error:
                    return Answer(status=error.status, body=error.body)
                shown = expanded(store, account, result, params.get("expand") or [])
                demand(shown)
                return Answer(status=200, body=shown)
        except ApiError as error:
            return Answer(status=error.status, body=error.body)

    def _check_key(self, request: Request) -> None:
        key = _api_key(request.headers.get("Authorization", ""))
        if key.startswith(("sk_live_", "rk_live_")):
            raise ApiError("This is a simulation: live keys are refused.", status=401)
        if not key:
            raise ApiError("You did not provide an API key.", status=401)
        if key != self._world.config.api_key:
            raise ApiError("Invalid API Key provided.", status=401, code="api_key_invalid")

    def _account(self, question: Question) -> str:
        if question.account is None:
            return PLATFORM_ACCOUNT
        if not accounts.is_ours(self._world, question.account):
            raise no_access(question.account)
        return question.account

    def _find(self, question: Question) -> tuple[Operation, tuple[str, ...]]:
        for pattern, operation in self._routes:
            match = pattern.match(question.path)
            if match is not None and operation.method == question.method:
                return operation, match.groups()
        message = f"Unrecognized request URL ({question.method}: {question.path})."
        raise ApiError(message, status=404)


def _pattern(operation: Operation) -> re.Pattern[str]:
    return re.compile(operation.path.replace("{}", r"([^/]+)") + "$")


def _checked(operation: Operation, form: Form) -> Form:
    params = check(operation.params, form)
    if operation.simulated is not None and (others := set(params) - operation.simulated):
        raise not_simulated("that parameter", min(others))
    return params


async def _read(request: Request) -> Question:
    body = (await request.body()).decode("utf-8", "replace")
    method = request.method
    return Question(
        method=method,
        path=request.url.path,
        account=request.headers.get("Stripe-Account"),
        key=request.headers.get("Idempotency-Key") if method == "POST" else None,
        form=as_of(request.headers.get("Stripe-Version"), parse_form(body if method == "POST" else request.url.query)),
    )


def _api_key(authorization: str) -> str:
    """Bearer, or the user of Basic (as with `curl -u key:`)."""
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(value, validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return ""


async def _hang_up(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        continue
