"""What gunicorn asks before it listens, whoever starts it."""

import os

from mlops_portal.startup.preparation import CannotStart, refuse_public_host

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mlops_portal.settings")


def on_starting(server):
    """Refuse to listen where the portal must not (S36); gunicorn prints a RuntimeError as one line and ends."""
    try:
        for place in server.address:
            if isinstance(place, tuple):  # else a socket of this machine
                refuse_public_host(place[0])
    except CannotStart as why:
        raise RuntimeError(str(why)) from None
