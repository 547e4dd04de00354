"""What a new password has to be (NIST 800-63B): long enough, not a common one, no rules of composition."""

from __future__ import annotations

from domain.errors import ValidationFailed

SHORTEST = 8
LONGEST = 200

# The most common ones of eight characters and more; a longer list is a file away.
_COMMON = frozenset(
    [
        "12345678",
        "123456789",
        "1234567890",
        "password",
        "password1",
        "password123",
        "passw0rd",
        "qwertyui",
        "qwertyuiop",
        "qwerty123",
        "iloveyou",
        "sunshine",
        "princess",
        "football",
        "baseball",
        "superman",
        "trustno1",
        "11111111",
        "00000000",
        "88888888",
        "abcd1234",
        "abc12345",
        "1q2w3e4r",
        "1qaz2wsx",
        "qazwsxedc",
        "zaq12wsx",
        "asdfghjk",
        "asdfghjkl",
        "letmein1",
        "welcome1",
        "welcome123",
        "admin123",
        "computer",
        "michelle",
        "jennifer",
        "starwars",
        "whatever",
        "dragon123",
        "master123",
        "monkey123",
        "shadow123",
        "q1w2e3r4",
        "87654321",
        "987654321",
        "password!",
    ]
)


def check_new_password(password: str, email: str) -> None:
    """Raises ValidationFailed on the field `password`."""
    if len(password) < SHORTEST:
        raise ValidationFailed.of("password", f"Please use at least {SHORTEST} characters.")
    if len(password) > LONGEST:
        raise ValidationFailed.of("password", f"Please use at most {LONGEST} characters.")
    if password.lower() in _COMMON or len(set(password)) == 1:
        raise ValidationFailed.of("password", "This password is on every guesser's list. Please choose another one.")
    if password.lower() in (email, email.partition("@")[0]):
        raise ValidationFailed.of("password", "Your address is too easy to guess as a password.")
