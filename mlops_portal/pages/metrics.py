"""A metric's page, with the incidents of its system marked on the chart."""

from datetime import datetime

from django.views.decorators.http import require_safe

from incidents.models import Incident
from monitoring.charts import Mark
from monitoring.models import Metric
from monitoring.views import backtesting, metrics
from monitoring.views.backtesting import Known
from systems.doors import rule

MOST_MARKS = 20
MOST_KNOWN = 200


def incidents_of(metric: Metric, from_at: datetime, to_at: datetime) -> list[Mark]:
    """Return a mark for each incident of the metric's system that was noticed between two times, the newest first."""
    noticed = Incident.objects.filter(systems=metric.system, noticed_at__range=(from_at, to_at)).order_by("-noticed_at")
    return [Mark(one.noticed_at, "incident", f"#{one.number} {one.title}") for one in noticed[:MOST_MARKS]]


def known_of(metric: Metric, from_at: datetime, to_at: datetime) -> list[Known]:
    """Return what is known to have gone wrong between two times: the incidents of the metric's system."""
    noticed = Incident.objects.filter(systems=metric.system, noticed_at__range=(from_at, to_at)).order_by("noticed_at")
    return [Known(one.noticed_at, f"#{one.number} {one.title}", one.get_absolute_url()) for one in noticed[:MOST_KNOWN]]


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


@require_safe
@rule("read")
def backtest(request, slug, key):
    """What would have been noticed of the metric, and how that compares with the incidents that there were."""
    return backtesting.page(request, slug, key, known_of=known_of)
