"""Authenticator apps: codes by pyotp, pictures by segno."""

from __future__ import annotations

from datetime import datetime
from hmac import compare_digest

import pyotp
import segno

_STEP_SECONDS = 30


class AuthenticatorApps:
    """RFC 6238 with what every app takes: SHA-1, six digits, thirty seconds; clocks may differ by one step."""

    def new_secret(self) -> str:
        return pyotp.random_base32()

    def picture(self, secret: str, account: str, issuer: str) -> str:
        address = pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=issuer)
        return segno.make(address, error="m").svg_inline(border=4, light="#fff", omitsize=True)

    def step_of(self, secret: str, code: str, at: datetime, *, after: int) -> int | None:
        digits = code.replace(" ", "")
        if not (digits.isascii() and digits.isdigit()):
            return None
        now = int(at.timestamp()) // _STEP_SECONDS
        codes = pyotp.TOTP(secret)
        for step in (now - 1, now, now + 1):
            if compare_digest(codes.generate_otp(step), digits) and step > after:
                return step
        return None
