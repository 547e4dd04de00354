"""One boundary for errors: answers become final failures, weather stays retryable, and nothing personal leaves."""

from __future__ import annotations

import logging
import traceback
from pathlib import Path
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from domain.errors import DomainError, FinalRefusal, Unavailable

logger = logging.getLogger("portico.activities")


class ErrorTranslation(Interceptor):
    """Worker interceptor; every activity failure that reaches a history has gone through `translate`."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return _Translating(next)


class _Translating(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        try:
            return await super().execute_activity(input)
        except ApplicationError:
            raise
        except Exception as error:  # The one place: whatever it is, its text must not reach the history.
            failure = translate(error)
            info = activity.info()
            logger.warning(
                "activity %s of %s, attempt %d: %s", info.activity_type, info.workflow_id, info.attempt, failure.message
            )
            raise failure from None


def translate(error: Exception) -> ApplicationError:
    """Codes and places only: an SMTP refusal echoes the address, an SQL error its parameters."""
    if isinstance(error, FinalRefusal):
        return ApplicationError(f"{error.title} ({error.code})", error.code, type=error.slug, non_retryable=True)
    if isinstance(error, DomainError):
        return ApplicationError(error.title, type=error.slug, non_retryable=True)
    if isinstance(error, Unavailable):
        return ApplicationError(str(error), type=f"{error.part} unavailable")
    if isinstance(error, SQLAlchemyError):
        return ApplicationError(f"database: {type(error).__name__}", type="database unavailable")
    return ApplicationError(f"unexpected {type(error).__name__} at {_place(error)}", type="unexpected")


def _place(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames[-3:]))
