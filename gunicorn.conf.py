"""What gunicorn reads by itself where it is started: what it asks before it listens, how it logs and begins to work."""

import os

from mlops_portal.engine.logs import logging_config
from mlops_portal.engine.memory import collect_seldom
from mlops_portal.startup.preparation import CannotStart, refuse_public_host

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mlops_portal.settings")
logconfig_dict = logging_config("INFO")  # its own lines are JSON too (S30)


def on_starting(server):
    """Refuse to listen where the portal must not (S36); gunicorn prints a RuntimeError as one line and ends."""
    try:
        for place in server.address:
            if isinstance(place, tuple):  # else a socket of this machine
                refuse_public_host(place[0])
    except CannotStart as why:
        raise RuntimeError(str(why)) from None


def post_worker_init(worker):
    """Look for garbage seldom: what a request makes dies with it, and pushed points are a great many things."""
    collect_seldom()
