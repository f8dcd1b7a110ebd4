"""The incident report: which incidents a person is told of, and all that page, API and spreadsheet show of them."""

from datetime import datetime, timedelta

from django import forms
from django.db.models import Count

from incidents.models import Incident, IncidentSystem
from incidents.models.incident import NOTICED
from incidents.statistics import MEASURES, MONITOR, by_month, by_noticing, by_severity, by_topic, figure
from systems.models import Person, System

DAYS = [("30", "30 days"), ("90", "90 days"), ("365", "a year")]
USUAL = "90"
MOST_SYSTEMS = 10


class RangeForm(forms.Form):
    """The one question of the report: how far back."""

    days = forms.ChoiceField(choices=DAYS, required=False)

    def clean_days(self) -> int:
        return int(self.cleaned_data["days"] or USUAL)


def declared_within(person: Person, *, days: int, at: datetime):
    """Return the incidents declared in the last `days` that `person` may see, the newest first."""
    declared = Incident.objects.visible_to(person).filter(
        declared_at__gt=at - timedelta(days=days), declared_at__lte=at
    )
    return declared.for_list_page(person).order_by("-declared_at")


def report_for(person: Person, *, days: int, at: datetime) -> dict:
    """Return the report as plain values: counts, groups, and the figures of each measure."""
    incidents = list(declared_within(person, days=days, at=at))
    found = sum(one.noticed_how == MONITOR for one in incidents)
    return {
        "days": days,
        "incidents": len(incidents),
        "unresolved": sum(one.resolved_at is None for one in incidents),
        "by_monitoring": found,
        "share_by_monitoring": found / len(incidents) if incidents else None,
        "severities": by_severity(incidents),
        "noticed": [(how, NOTICED[how], count) for how, count in by_noticing(incidents)],
        "measures": [(measure, figure(measure, incidents)) for measure in MEASURES],
        "topics": by_topic(incidents),
        "months": by_month(incidents),
        "systems": _most_often(person, incidents),
    }


def _most_often(person: Person, incidents: list[Incident]) -> list[dict]:
    """Return the systems that more than one of the incidents touched, the most often touched first."""
    touched = IncidentSystem.objects.filter(incident__in=incidents, system__in=System.objects.visible_to(person))
    counted = touched.values("system__slug", "system__name").annotate(count=Count("pk")).filter(count__gt=1)
    rows = counted.order_by("-count", "system__slug")[:MOST_SYSTEMS]
    return [{"system": row["system__slug"], "name": row["system__name"], "count": row["count"]} for row in rows]


STAMPS = ["impact_started", "first_visible", "noticed", "declared", "acknowledged", "mitigated", "resolved"]
COLUMNS = [
    *["incident", "title", "severity", "topic", "state", "noticed_how", "systems"],
    *[f"{stamp}_at" for stamp in STAMPS],
    *[f"{measure.key}_h" for measure in MEASURES],
]


def rows(person: Person, *, days: int, at: datetime):
    """Yield one row of COLUMNS for each incident, for a spreadsheet."""
    for one in declared_within(person, days=days, at=at):
        stamps = [getattr(one, f"{stamp}_at") for stamp in STAMPS]
        hours = [measure.hours(one) for measure in MEASURES]
        yield [
            *[one.number, one.title, one.severity, one.topic, str(one.state), one.noticed_how],
            " ".join(system.slug for system in one.shown_systems),
            *[stamp.isoformat(timespec="seconds") if stamp else "" for stamp in stamps],
            *["" if value is None else round(value, 3) for value in hours],
        ]
