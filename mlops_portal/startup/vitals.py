"""Whether a child that runs still does its work. Each question has a thread of its own: none holds up another."""

import http.client
import threading
from collections.abc import Callable
from dataclasses import dataclass

from mlops_portal.engine.duties import SCHEDULER
from mlops_portal.engine.health import DutyState

STANDS_STILL_AFTER_S = 45.0
TICK_MISSED_AFTER_S = 10.0
ANSWER_WITHIN_S = 5.0


@dataclass(frozen=True)
class Vital:
    """A question asked every `every_s` seconds; `misses` failures in a row are a finding."""

    about: str
    ask: Callable[[], bool]
    every_s: float = 2.0
    misses: int = 3

    def watch(self, stop: threading.Event, found: Callable[[str, bool], None]) -> None:
        """Ask until `stop`; report each change: (about, whether it is well)."""
        failures, was_well = 0, True
        while not stop.wait(self.every_s):
            failures = 0 if self._is_well() else failures + 1
            if failures >= self.misses:
                found(self.about, False)
                failures, was_well = 0, False
            elif failures == 0 and not was_well:
                found(self.about, True)
                was_well = True

    def _is_well(self) -> bool:
        try:
            return self.ask()
        except Exception:  # whatever it is that went wrong, the answer did not come
            return False


def web_answers(host: str, port: int) -> bool:
    """Whether the web process answers at all; an answer that refuses is one too."""
    connection = http.client.HTTPConnection(host, port, timeout=ANSWER_WITHIN_S)
    try:
        connection.request("GET", "/healthz/live", headers={"Host": "localhost"})
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def scheduler_ticks(duties: list[DutyState]) -> bool:
    """Whether the tick came lately."""
    return any(duty.queue == SCHEDULER and _age(duty) <= TICK_MISSED_AFTER_S for duty in duties)


def worker_works(duties: list[DutyState], queues: set[str]) -> bool:
    """Whether a duty of these queues was done lately; a worker without nudges, or without duties, is not blamed."""
    own = [duty for duty in duties if duty.queue in queues]
    return not own or not scheduler_ticks(duties) or any(_age(duty) <= STANDS_STILL_AFTER_S for duty in own)


def _age(duty: DutyState) -> float:
    return float("inf") if duty.age_s is None else duty.age_s
