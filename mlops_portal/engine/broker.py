"""Sending nudges: best effort, quick to give up, never an error to whoever nudged."""

import time

import structlog
from celery import current_app

log = structlog.get_logger(__name__)

PAUSE_AFTER_FAILURE_S = 5.0  # a broker that is down is not asked by every request
_silent_until = 0.0


def send(name: str, *, queue: str, expires_s: float) -> bool:
    """Send the message `name`; return whether the broker took it."""
    global _silent_until
    if time.monotonic() < _silent_until:
        return False
    try:
        current_app.send_task(name, queue=queue, expires=expires_s, retry=False)
    except Exception as error:  # every transport has its own errors; a lost nudge is made good by the tick
        _silent_until = time.monotonic() + PAUSE_AFTER_FAILURE_S
        log.warning("nudge not sent", nudged=name, error=type(error).__name__)
        return False
    return True


def broker_answers(within_s: float = 2.0) -> bool:
    """Whether the broker can be reached within `within_s` seconds."""
    try:
        with current_app.connection_for_read() as connection:
            connection.ensure_connection(max_retries=1, timeout=within_s)
    except Exception:  # as above
        return False
    return True
