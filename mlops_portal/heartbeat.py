"""The heartbeat to the outside: the only thing that can speak when the portal cannot."""

from urllib.request import Request, urlopen

from django.conf import settings

from mlops_portal.engine.health import late_duties

DEADLINE_S = 10


def beat_if_well() -> bool:
    """Ping PORTAL_HEARTBEAT_URL, if one is set and every other duty is on time; return whether it was pinged.

    Raises OSError when the address does not answer: the duty then shows the error.
    """
    if not settings.HEARTBEAT_URL or [duty for duty in late_duties() if duty.name != "beat_out"]:
        return False
    with urlopen(Request(settings.HEARTBEAT_URL, method="POST"), timeout=DEADLINE_S) as answer:  # noqa: S310
        answer.read(1000)
    return True
