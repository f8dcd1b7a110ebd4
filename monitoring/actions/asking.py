"""Letting a connector work: within its time and bounds, connecting only where it may, its failures in our words."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from django.conf import settings

from mlops_portal.engine import fetching
from mlops_portal.engine.egress import Refused
from mlops_portal.engine.guard import guarded
from mlops_portal.engine.redaction import redact
from mlops_portal.engine.secrets import CannotUnseal
from monitoring.connectors.connector import BadSettings, Failed, Limits
from monitoring.models import Pull, Source

log = structlog.get_logger(__name__)

LONGEST_DEADLINE_S = 35  # with what follows it, below the soft limit of a task
SHORTEST_DEADLINE_S = 2


def limits_of(source: Source) -> Limits:
    """Return what one pull of the source may take."""
    return Limits(deadline_s(source.interval_s), settings.PULL_MAX_BYTES, settings.PULL_MAX_SERIES)


def deadline_s(interval_s: float) -> float:
    """Return how long a pull may take, in seconds: no longer than half the interval."""
    return max(SHORTEST_DEADLINE_S, min(settings.PULL_DEADLINE_S, interval_s / 2, LONGEST_DEADLINE_S))


@asynccontextmanager
async def asking(limits: Limits) -> AsyncIterator[None]:
    """Let a connector work inside for as long as it may, and connect only where it may. Raises Failed alone."""
    try:
        with guarded():
            async with asyncio.timeout(limits.deadline_s):
                yield
    except Exception as error:
        raise failure_of(error, limits) from None


def failure_of(error: Exception, limits: Limits) -> Failed:
    """Return in the words of the pulls' table what an error means, without the credentials that were at hand."""
    match error:
        case Failed() | fetching.FetchFailed():
            return Failed(error.outcome, redact(str(error)))
        case TimeoutError():
            return Failed(Pull.Outcome.TIMEOUT, f"No whole answer came within {limits.deadline_s:g} s.")
        case Refused() | CannotUnseal() | BadSettings():
            return Failed(Pull.Outcome.REFUSED, redact(str(error)))
    log.error("connector failed", exc_info=error)
    return Failed(
        Pull.Outcome.PARSE_ERROR, "What came could not be read: the connector met something it does not know."
    )
