"""The codec endpoint: lets the Temporal UI show operators what the codec has encrypted."""

from __future__ import annotations

import hmac
import re
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from google.protobuf import json_format
from temporalio.api.common.v1 import Payloads

from dispatch.codec import EncryptionCodec
from domain.errors import Unauthorized, ValidationFailed
from web.bodies import raw_body

codec_router = APIRouter(prefix="/codec", tags=["operations"])

_LIMIT = 8 * 1024 * 1024
_LOOPBACK = re.compile(r"^http://(localhost|127\.0\.0\.1)(:\d+)?$")


def allowed_operator(request: Request) -> None:
    """Outside the demo an operator has to show a token: what is decoded belongs to every practice."""
    _demand(request, request.app.state.operator_tokens)


def allowed_scraper(request: Request) -> None:
    """An operator, or whoever may count and nothing else."""
    operators: tuple[str, ...] | None = request.app.state.operator_tokens
    _demand(request, None if operators is None else operators + request.app.state.metrics_tokens)


def _demand(request: Request, tokens: tuple[str, ...] | None) -> None:
    if tokens is None:
        return
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not any(hmac.compare_digest(given.encode(), one.encode()) for one in tokens):
        raise Unauthorized("Operators need a token here: Authorization: Bearer ...")


def _cors(request: Request) -> dict[str, str]:
    """For the Temporal UI's own origin: the configured one, and loopback in the demo."""
    origin = request.headers.get("origin")
    ui = request.app.state.office.temporal_ui_url.rstrip("/")
    if origin is None or not (origin == ui or (request.app.state.operator_tokens is None and _LOOPBACK.match(origin))):
        return {}
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Methods": "POST, OPTIONS",
        "Access-Control-Allow-Headers": "content-type, x-namespace, authorization",
        "Access-Control-Allow-Credentials": "true",
        "Vary": "Origin",
    }


@codec_router.options("/{operation}", include_in_schema=False)
async def preflight(request: Request, operation: str) -> Response:
    return Response(status_code=204, headers=_cors(request))


@codec_router.post("/decode", summary="Decrypt payloads for the Temporal UI")
async def decode(request: Request, allowed: Annotated[None, Depends(allowed_operator)]) -> Response:
    return await _answer(request, decoding=True)


@codec_router.post("/encode", summary="Encrypt payloads that an operator sends from the Temporal UI")
async def encode(request: Request, allowed: Annotated[None, Depends(allowed_operator)]) -> Response:
    return await _answer(request, decoding=False)


async def _answer(request: Request, *, decoding: bool) -> Response:
    codec = EncryptionCodec(request.app.state.codec_keys)
    try:
        payloads = json_format.Parse(await raw_body(request, _LIMIT), Payloads())
        work = codec.decode if decoding else codec.encode
        result = Payloads(payloads=await work(payloads.payloads))
    except (json_format.ParseError, KeyError, ValueError):
        raise ValidationFailed.of("body", "must be the JSON of Payloads under one of our keys") from None
    return Response(json_format.MessageToJson(result), media_type="application/json", headers=_cors(request))
