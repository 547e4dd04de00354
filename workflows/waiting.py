"""Waiting for an answer, up to a moment: the line that operators read beside the timer says what for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from temporalio import workflow


async def answered_within(answered: Callable[[], bool], longest: timedelta, summary: str) -> bool:
    """False when the time was over first."""
    try:
        await workflow.wait_condition(answered, timeout=max(longest, timedelta()), timeout_summary=summary)
    except TimeoutError:
        return False
    return True
