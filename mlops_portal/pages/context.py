"""What every page needs: the banner when the portal itself is late, and what waits for who is signed in."""

from django.conf import settings

from mlops_portal.demo.places import demo_folder, past_noted
from mlops_portal.engine.health import lateness
from systems.access import may
from systems.models import Notice
from systems.readiness import count_to_review


def portal(request) -> dict:
    """Template context for who is signed in: `lateness` (Lateness or None), `unread_count`, `may_register`, the number
    of decisions that wait (`review_count`) for who may review (`may_review`), and how far a demo has been filled.

    A view that has read what is counted says so in `request.counted`: `unread` and `to_review`.
    """
    person = getattr(request, "user", None)
    if person is None or not person.is_authenticated:
        return {}
    counted = getattr(request, "counted", {})
    return {
        "lateness": lateness(),
        "demo_past": past_noted(demo_folder(settings.DATA_DIR)),
        "unread_count": counted["unread"] if "unread" in counted else Notice.objects.unread_by(person).count(),
        "may_register": may(person, "system.register"),
        "may_review": may(person, "review"),
        "review_count": counted["to_review"] if "to_review" in counted else count_to_review(person),
    }
