"""Money: integer minor units with a currency, and how people read it (ISO 4217)."""

from __future__ import annotations

from dataclasses import dataclass

# Currencies whose minor unit isn't a hundredth (ISO 4217, as Stripe lists them).
_EXPONENTS = {
    **dict.fromkeys(
        ["bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"], 0
    ),
    **dict.fromkeys(["bhd", "jod", "kwd", "omr", "tnd"], 3),
}
_SIGNS = {"usd": "$", "eur": "€", "gbp": "£"}


@dataclass(frozen=True, kw_only=True)
class Money:
    """An amount in minor units (cents, say) and its lower-case ISO 4217 code."""

    amount_minor: int
    currency: str

    def __str__(self) -> str:
        exponent = _EXPONENTS.get(self.currency, 2)
        whole, rest = divmod(self.amount_minor, 10**exponent)
        number = f"{whole:,}" + (f".{rest:0{exponent}d}" if exponent else "")
        sign = _SIGNS.get(self.currency)
        return f"{sign}{number}" if sign else f"{number} {self.currency.upper()}"
