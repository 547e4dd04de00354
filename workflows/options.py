"""Timeouts and retries by what a step talks to, as named presets: `**MAIL`, `**RECORDS`, ..."""

from __future__ import annotations

from datetime import timedelta

from temporalio.common import RetryPolicy
from temporalio.workflow import ActivityConfig, LocalActivityConfig

# Short weather is waited out inside the step. What lasts longer comes back to the journey, which shows it, and tries
# again at its own pace (steps.py). Final refusals come back at once, as non-retryable failures.
_SHORTLY = RetryPolicy(
    initial_interval=timedelta(seconds=1),
    backoff_coefficient=2.0,
    maximum_interval=timedelta(seconds=10),
    maximum_attempts=4,
)

# Where nobody else waits, and where time presses, the step itself goes on trying.
PATIENT = RetryPolicy(
    initial_interval=timedelta(seconds=1), backoff_coefficient=2.0, maximum_interval=timedelta(minutes=1)
)

# Steps beat while they are under way (activities/heartbeat.py): a killed worker's step is taken up after this.
_BEAT = timedelta(seconds=5)

# One hand-over to the mail server (whose answers we await for 20 s), a few megabytes of attachment included.
MAIL = ActivityConfig(start_to_close_timeout=timedelta(seconds=30), heartbeat_timeout=_BEAT, retry_policy=_SHORTLY)

# One call to the payment processor (the SDK gives up after 10 s) and one transaction of ours.
PAYMENT = ActivityConfig(start_to_close_timeout=timedelta(seconds=20), heartbeat_timeout=_BEAT, retry_policy=_SHORTLY)

# One conditional create in the record system, and two transactions of ours.
RECORD_SYSTEM = ActivityConfig(
    start_to_close_timeout=timedelta(seconds=20), heartbeat_timeout=_BEAT, retry_policy=_SHORTLY
)

# One transaction in our own database, as a step that operators should see.
RECORDS = ActivityConfig(start_to_close_timeout=timedelta(seconds=15), heartbeat_timeout=_BEAT, retry_policy=PATIENT)

# Calendars elsewhere, four at a time, each with a time limit of its own; the schedule comes by again soon.
CALENDARS = ActivityConfig(start_to_close_timeout=timedelta(minutes=10), heartbeat_timeout=_BEAT, retry_policy=_SHORTLY)

# As many calls to the payment processor as there are payments under way.
COMPARISON = ActivityConfig(
    start_to_close_timeout=timedelta(minutes=30), heartbeat_timeout=_BEAT, retry_policy=_SHORTLY
)

# Bookkeeping that operators needn't see. It stays short, since a local activity holds its workflow task.
BOOKKEEPING = LocalActivityConfig(
    start_to_close_timeout=timedelta(seconds=2),
    schedule_to_close_timeout=timedelta(seconds=5),
    retry_policy=RetryPolicy(initial_interval=timedelta(milliseconds=200), maximum_attempts=3),
)

# The link works for an hour; a mail that would come later than this is dropped.
PASSWORD_RESET_MAIL = ActivityConfig(
    schedule_to_close_timeout=timedelta(minutes=50),
    start_to_close_timeout=timedelta(seconds=30),
    heartbeat_timeout=_BEAT,
    retry_policy=PATIENT,
)

# Whoever sends a greeting to themselves waits for it; an hour later they have tried again.
TEST_MAIL = ActivityConfig(
    schedule_to_close_timeout=timedelta(hours=1),
    start_to_close_timeout=timedelta(seconds=30),
    heartbeat_timeout=_BEAT,
    retry_policy=PATIENT,
)

# The link works for a day.
EMAIL_CHANGE_MAIL = ActivityConfig(
    schedule_to_close_timeout=timedelta(hours=20),
    start_to_close_timeout=timedelta(seconds=30),
    heartbeat_timeout=_BEAT,
    retry_policy=PATIENT,
)

# Weather that outlasts a step: pauses between the journey's own tries, and when somebody is told of it.
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(minutes=15)
TOLD_OF_WEATHER_AFTER = timedelta(hours=1)


def named(preset: ActivityConfig, summary: str) -> ActivityConfig:
    """The preset with the line that operators read beside the step in the Temporal UI."""
    return {**preset, "summary": summary}


def named_locally(preset: LocalActivityConfig, summary: str) -> LocalActivityConfig:
    return {**preset, "summary": summary}
