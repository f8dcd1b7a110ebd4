"""How often one may: counted by caller, over all web processes that share a cache (RELIABILITY S33).

A window begins anew every so many seconds by the clock. One atomic step in the cache counts a request, so that many
processes together let through no more than one alone. Without the cache nothing is counted: it is a courtesy to the
others, and a lost cache must not close the door. Signing in is another matter.
"""

import math
import time

import structlog
from django.conf import settings
from django.core.cache import cache
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)

PAUSE_AFTER_FAILURE_S = 5.0  # a cache that is away is not waited for by every request
_silent_until = 0.0


class TooMany(Exception):
    """More than is allowed in this window; in `wait_s` seconds the next one begins."""

    def __init__(self, wait_s: int):
        super().__init__(f"That was too often in a short time: try again in {wait_s} s.")
        self.wait_s = wait_s


def spend(what: str, *, by) -> None:
    """Count one more `what` (a name of settings.LIMITS) of a person, through whichever door. Raises TooMany."""
    if wait_s := wait_for(what, f"person-{by.pk}"):
        raise TooMany(wait_s)


def wait_for(what: str, who: str) -> int:
    """Count one more `what` of `who`; return in how many seconds they may again, 0 when they may now."""
    most, per_s = settings.LIMITS[what]
    window, passed = divmod(now(), per_s)
    if _count(f"limit:{what}:{who}:{window:.0f}", per_s) <= most:
        return 0
    return math.ceil(per_s - passed)


def now() -> float:
    return time.time()


def _count(key: str, per_s: int) -> int:
    """Return how many there were with this one; 0 when that cannot be known."""
    global _silent_until
    if time.monotonic() < _silent_until:
        return 0
    try:
        cache.add(key, 0, timeout=per_s * 2)
        return cache.incr(key)
    except ValueError:  # the cache forgot it in between
        return 0
    except RedisError as error:
        _silent_until = time.monotonic() + PAUSE_AFTER_FAILURE_S
        log.warning("requests are not counted: the cache does not answer", error=type(error).__name__)
        return 0
