"""A worker that is connected but hears nothing ends itself, so that its supervisor starts a fresh one (F5)."""

import os
import signal
import threading
import time

import structlog
from celery.signals import worker_ready
from django.db import DatabaseError, connection

from mlops_portal.engine.broker import broker_answers
from mlops_portal.engine.health import DutyState, read_duties

log = structlog.get_logger(__name__)

DEAF_AFTER_S = 45.0
LOOK_EVERY_S = 5.0


@worker_ready.connect
def start(sender, **kwargs) -> None:
    """Watch in a daemon thread that some duty of the worker's queues is done now and then; else end by SIGTERM."""
    queues = {queue.name for queue in sender.task_consumer.queues}
    threading.Thread(target=_watch, args=(queues, time.monotonic()), name="hearing", daemon=True).start()


def _watch(queues: set[str], started: float) -> None:
    while True:
        time.sleep(LOOK_EVERY_S)
        own = [duty for duty in _read() if duty.queue in queues]
        if time.monotonic() - started > DEAF_AFTER_S and is_deaf(own) and broker_answers():
            log.error("this worker hears nothing, ending it", queues=sorted(queues))
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(30)
            os._exit(70)


def is_deaf(duties: list[DutyState]) -> bool:
    """Whether none of the duties, of which there must be some, was done in the last 45 s."""
    return bool(duties) and all(duty.age_s is None or duty.age_s > DEAF_AFTER_S for duty in duties)


def _read() -> list[DutyState]:
    try:
        return read_duties()
    except DatabaseError:
        return []
    finally:
        connection.close()
