"""The chart on the page of an incident: the metric that went wrong, from a bit before until now."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from incidents.models import Incident
from monitoring.charts import Drawing, Mark
from monitoring.drawing.series import draw_series
from monitoring.models import Alert, Series
from systems.models import System

SHORTEST_LEAD = timedelta(hours=6)
USUAL_POINTS_BEFORE = 20
MOST_MARKS = 20


@dataclass(frozen=True)
class Chart:
    """What is drawn, and of which series."""

    series: Series
    drawing: Drawing


def chart_of(incident: Incident, systems: list[System], *, at: datetime) -> Chart | None:
    """Return the chart of the first alert's metric, else of the leading metric of `systems`; None without either."""
    series = _series_of(incident, systems)
    if series is None:
        return None
    begins, ends = _around(incident, series, at)
    drawing = draw_series(
        series, from_at=begins, to_at=ends, marks=_marks(incident, series.metric.system, begins, ends)
    )
    return Chart(series, drawing)


def _series_of(incident: Incident, systems: list[System]) -> Series | None:
    shown = Series.objects.filter(metric__system__in=systems).select_related("metric__system")
    alerted = shown.filter(monitors__alerts__membership__incident=incident)
    leading = shown.whole().filter(metric__leading=True)
    return alerted.order_by("monitors__alerts__membership__joined_at").first() or leading.first()


def _around(incident: Incident, series: Series, at: datetime) -> tuple[datetime, datetime]:
    """Return the edges: long enough before to see what was usual, and until it was over or is now."""
    alerts = Alert.objects.filter(membership__incident=incident, monitor__series=series)
    known = [incident.impact_started_at, incident.first_visible_at, incident.noticed_at]
    known += alerts.values_list("onset_at", flat=True)
    begins, over = min(moment for moment in known if moment), incident.resolved_at or at
    usual = timedelta(seconds=(series.rhythm_s or 0) * USUAL_POINTS_BEFORE)
    lead = max((over - begins) / 3, usual, SHORTEST_LEAD)
    return begins - lead, min(over + lead, at) if incident.resolved_at else at


def _marks(incident: Incident, system: System, begins: datetime, ends: datetime) -> list[Mark]:
    happened = [
        ("first visible", incident.first_visible_at),
        ("noticed", incident.noticed_at),
        ("mitigated", incident.mitigated_at),
        ("resolved", incident.resolved_at),
    ]
    deployed = system.deployments.in_production().filter(at__range=(begins, ends)).select_related("model_version")
    marks = [Mark(when, "incident", f"Incident {incident.number} {what}") for what, when in happened if when]
    return marks + [
        Mark(one.at, "deployment", f"Version {one.model_version} deployed") for one in deployed[:MOST_MARKS]
    ]
