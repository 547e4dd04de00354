"""What a failed step says of itself: a final refusal or weather, in code-only words."""

from __future__ import annotations

from temporalio import exceptions
from temporalio.exceptions import ActivityError, ApplicationError


def is_final(error: ActivityError) -> bool:
    return isinstance(error.cause, ApplicationError) and error.cause.non_retryable


def final_reason(error: ActivityError) -> str:
    """The code-only reason of a final refusal; anything else is ours to fix, and is raised again."""
    if not is_final(error):
        raise error
    assert isinstance(error.cause, ApplicationError)
    return error.cause.message


def weather_reason(error: ActivityError) -> str:
    """Code-only words for what isn't final."""
    if isinstance(error.cause, ApplicationError):
        return error.cause.message
    return "no answer in time" if isinstance(error.cause, exceptions.TimeoutError) else "no worker answered"
