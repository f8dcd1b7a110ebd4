"""A system's own page: what it is, how it does, the seven topics, and what happened to it."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple

from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from incidents.for_page import for_page as incidents
from mlops_portal.engine.models import Change
from monitoring.for_page import for_page as monitoring
from systems.access import Rights
from systems.checking import CHECKS
from systems.daily import counted, days_until
from systems.doors import rule
from systems.for_page import promises_of
from systems.forms.registry import TIERS
from systems.models import Outcome, System
from systems.models.outcome import Found
from systems.ownership import ownership_of
from systems.readiness import readiness_of

STRIP_DAYS = 90
HISTORY_SIZE = 10
FOUND = Outcome.Result


@dataclass(frozen=True)
class Topic:
    """One of the seven questions that production asks (DESIGN 1), and the fragment that answers it."""

    key: str
    title: str
    question: str
    template: str


TOPICS = [
    Topic("data", "Data", "How does it receive data for its predictions?", "monitoring/_system_data.html"),
    Topic(
        "quality", "Quality", "How good are its predictions, and is that all right?", "monitoring/_system_quality.html"
    ),
    Topic("errors", "When it errs", "Who notices, and what do they do?", "systems/_system_errors.html"),
    Topic("retraining", "Retraining", "How and when is it trained again?", "systems/_system_retraining.html"),
    Topic("resilience", "Resilience", "What if its data or its servers fail?", "systems/_system_resilience.html"),
    Topic(
        "ownership", "Ownership", "Who is responsible, and when did they last say so?", "systems/_system_ownership.html"
    ),
    Topic("phases", "Phases and cost", "How far is it really?", "systems/_system_phases.html"),
]


@require_safe
@rule("read")
def detail(request, slug):
    """One system: what it is, how it does, who answers for it, what is missing, what happened."""
    person = request.user
    system = get_object_or_404(System.objects.visible_to(person).with_status().select_related("team"), slug=slug)
    history = Change.objects.filter(system__in=system.slugs)
    roles = system.roles()
    outcomes = list(system.outcomes.filter(check_key__in=CHECKS).as_rows())
    rights = Rights(person, [system])
    may_edit = system.retired_at is None and rights.may("system.edit", system)
    held = [holding for _, holding in roles if holding]
    context = {
        "system": system,
        "links": [(name, to) for name, to in system.links.items() if to.startswith(("http://", "https://"))],
        "tier": dict(TIERS)[system.tier],
        "roles": roles,
        "ownership": ownership_of(roles, list(system.hand_overs.with_people()), at=timezone.now()),
        "topics": topics_of(system, outcomes, rights),
        "monitoring": monitoring(system, may_edit=may_edit),
        "promises": promises_of(system, rights, held=held),
        "readiness": readiness_of(system, rights, outcomes=outcomes),
        **incidents(system),
        "history": history[:HISTORY_SIZE],
        "may_edit": may_edit,
        "may_assign": rights.may("role.assign", system),
    }
    return render(request, "systems/detail.html", context | strip(system))


def strip(system: System) -> dict:
    """Return the ninety days of status until today, and how many there were of each."""
    today = timezone.now().astimezone(UTC).date()
    begins = datetime.combine(today - timedelta(days=STRIP_DAYS - 1), time.min, UTC)
    days = days_until(today, system.status_history(since=begins), count=STRIP_DAYS)
    return {"days": days, "days_counted": counted(days)}


class Gap(NamedTuple):
    """A check that fails: why, since when, and where it is mended; `may_mend`: by who looks at it."""

    why: str
    since: datetime
    url: str
    may_mend: bool


def topics_of(system: System, outcomes: list[Found], rights: Rights) -> list[dict]:
    """Return the seven topics: of the checks of each those `failing` as Gap, and whether some `unknown` or `passed`."""
    by_topic: dict[str, dict[str, list[Found]]] = defaultdict(lambda: defaultdict(list))
    for one in outcomes:
        by_topic[CHECKS[one.check_key].topic][one.result_now].append(one)

    def judged(found: dict[str, list[Found]]) -> dict:
        gaps = [Gap(one.why, one.since, one.url, rights.may_mend(one.url, system)) for one in found[FOUND.FAIL]]
        return {"failing": gaps, "unknown": bool(found[FOUND.UNKNOWN]), "passed": bool(found[FOUND.PASS])}

    return [{"topic": topic, "judged": judged(by_topic[topic.key])} for topic in TOPICS]
