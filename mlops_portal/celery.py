"""The Celery application: tasks are duties, the one beat entry is the tick."""

import ctypes
import os
import signal
import sys

from celery import Celery
from celery.beat import Scheduler
from celery.signals import setup_logging, worker_process_init
from django.db import close_old_connections

from mlops_portal.engine import folder  # noqa: F401  the transport of folder:// urls
from mlops_portal.engine.memory import collect_seldom

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mlops_portal.settings")

app = Celery("mlops_portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


class InProcessScheduler(Scheduler):
    """Beat that runs its one entry, the tick, in its own process, so that no dead worker can hold up the others.

    Its plain in-memory schedule has no state file that a kill could spoil (docs/decisions/0004).
    """

    def apply_async(self, entry, producer=None, advance=True, **kwargs):
        entry = self.reserve(entry) if advance else entry
        close_old_connections()  # after a database that was away, the next tick connects anew
        self.app.tasks[entry.task]()


@setup_logging.connect
def keep_our_logging(**kwargs):
    """Django has configured logging already; Celery is kept from replacing it."""


@worker_process_init.connect
def die_with_parent(**kwargs):
    """A pool child whose worker was killed -9 must not go on as an orphan."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


@worker_process_init.connect
def look_for_garbage_seldom(**kwargs):
    """A pool child makes many small things that die by themselves."""
    collect_seldom()
