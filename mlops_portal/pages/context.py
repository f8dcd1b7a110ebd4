"""What every page needs: the banner when the portal itself is late, and the number of unread notices."""

from mlops_portal.engine.health import lateness
from systems.access import may
from systems.models import Notice


def portal(request) -> dict:
    """Template context for who is signed in: `lateness` (Lateness or None), `unread_count`, `may_register`."""
    person = getattr(request, "user", None)
    if person is None or not person.is_authenticated:
        return {}
    return {
        "lateness": lateness(),
        "unread_count": Notice.objects.unread_by(person).count(),
        "may_register": may(person, "system.register"),
    }
