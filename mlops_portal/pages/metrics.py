"""A metric's page, with the incidents of its system marked on the chart."""

from datetime import datetime

from django.views.decorators.http import require_safe

from incidents.models import Incident
from monitoring.charts import Mark
from monitoring.models import Metric
from monitoring.views import metrics
from systems.doors import rule

MOST_MARKS = 20


def incidents_of(metric: Metric, from_at: datetime, to_at: datetime) -> list[Mark]:
    """Return a mark for each incident of the metric's system that was noticed between two times, the newest first."""
    noticed = Incident.objects.filter(systems=metric.system, noticed_at__range=(from_at, to_at)).order_by("-noticed_at")
    return [Mark(one.noticed_at, "incident", f"#{one.number} {one.title}") for one in noticed[:MOST_MARKS]]


@require_safe
@rule("read")
def metric(request, slug, key):
    """One metric: how it does, since when, and what happened meanwhile."""
    return metrics.page(request, slug, key, marks_of=incidents_of)


@require_safe
@rule("read")
def figure(request, slug, key):
    """What the interactive chart draws."""
    return metrics.figure(request, slug, key, marks_of=incidents_of)
