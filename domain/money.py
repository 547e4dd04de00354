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
# Of a currency with three decimals only amounts that end in 0 can be charged (Stripe, "Three-decimal currencies").
_PAYABLE_STEPS = dict.fromkeys([code for code, exponent in _EXPONENTS.items() if exponent == 3], 10)
_SIGNS = {"usd": "$", "eur": "€", "gbp": "£"}


def decimals(currency: str) -> int:
    """How many digits of an amount stand behind the point."""
    return _EXPONENTS.get(currency, 2)


@dataclass(frozen=True, kw_only=True)
class Money:
    """An amount in minor units (cents, say) and its lower-case ISO 4217 code."""

    amount_minor: int
    currency: str

    @property
    def payable_step(self) -> int:
        """The smallest difference between two amounts that can be charged, in minor units."""
        return _PAYABLE_STEPS.get(self.currency, 1)

    def __str__(self) -> str:
        exponent = decimals(self.currency)
        whole, rest = divmod(abs(self.amount_minor), 10**exponent)
        minus = "-" if self.amount_minor < 0 else ""  # of an invoice that credits something
        number = f"{whole:,}" + (f".{rest:0{exponent}d}" if exponent else "")
        sign = _SIGNS.get(self.currency)
        return minus + (f"{sign}{number}" if sign else f"{number} {self.currency.upper()}")
