"""The gap report: every failing check of every system, the longest first. One filter for page, API and export."""

from dataclasses import dataclass
from datetime import timedelta

import django_filters
from django import forms
from django.db import models
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema_field

from systems.checking import CHECKS, GAP_OF_TOPIC
from systems.models import Holding, Outcome, Person, Role, System, Team

GAPS = {"data": "Data", "monitoring": "Monitoring", "ownership": "Ownership"}
MOST_DAYS = 10_000
COLUMNS = ["gap", "topic", "check", "system", "team", "tier", "since", "why", "asks", "page"]


def failing(person: Person) -> QuerySet[Outcome]:
    """Return the failing outcomes of systems in use that `person` may see, the longest first."""
    seen = System.objects.visible_to(person).in_use()
    return Outcome.objects.failing_now().filter(check_key__in=CHECKS, system__in=seen).order_by("since", "pk")


def _keys(*, gap: str = "", topic: str = "") -> list[str]:
    return [key for key, one in CHECKS.items() if (not gap or one.gap == gap) and (not topic or one.topic == topic)]


class GapFilter(django_filters.FilterSet):
    gap = django_filters.ChoiceFilter(choices=list(GAPS.items()), method="of_gap", label="Gap")
    topic = django_filters.ChoiceFilter(
        choices=[(topic, topic.capitalize()) for topic in GAP_OF_TOPIC], method="of_topic", label="Topic"
    )
    system = django_filters.CharFilter(field_name="system__slug", max_length=60, label="Short name of a system")
    team = django_filters.ModelChoiceFilter(
        queryset=Team.objects.all(), to_field_name="slug", field_name="system__team", label="Team"
    )
    tier = django_filters.ChoiceFilter(
        choices=[(str(n), f"Tier {n}") for n in (1, 2, 3, 4)], field_name="system__tier", label="Tier"
    )
    holder = extend_schema_field(str)(
        django_filters.ModelChoiceFilter(
            queryset=Person.objects.all(),
            to_field_name="username",
            method="asking",
            label="Who holds the role that is asked, or is its deputy",
            widget=forms.TextInput,
        )
    )
    days = django_filters.NumberFilter(
        method="older", label="Days that it has stood, at least", min_value=0, max_value=MOST_DAYS, decimal_places=0
    )

    class Meta:
        model = Outcome
        fields: list[str] = []

    @property
    def qs(self):
        """The rows asked for; none at all when a value of the query string was not understood."""
        return super().qs if self.form.is_valid() or not self.is_bound else self.queryset.none()

    def of_gap(self, rows, name, gap):
        return rows.filter(check_key__in=_keys(gap=gap))

    def of_topic(self, rows, name, topic):
        return rows.filter(check_key__in=_keys(topic=topic))

    def asking(self, rows, name, person):
        held = Holding.objects.current().of(person)
        asked = Q()
        for role in Role.values:
            keys = [key for key, one in CHECKS.items() if one.for_role == role]
            asked |= Q(check_key__in=keys, system__in=held.filter(role=role).values("system"))
        return rows.filter(asked)

    def older(self, rows, name, days):
        return rows.filter(since__lte=timezone.now() - timedelta(days=int(days)))


@dataclass(frozen=True)
class Count:
    """How many gaps and how many systems with one there are, and how many gaps of each kind in the order of GAPS."""

    gaps: int
    systems: int
    by_gap: dict[str, int]


def count(found: "GapFilter", person: Person) -> Count:
    """Return how much of what `person` may see the filter found; `by_gap` leaves aside the gap that is asked for."""
    whatever = found.data.copy()
    whatever.pop("gap", None)
    rows = GapFilter(whatever, failing(person)).qs
    # Counted by nothing of the row, so that the index alone is read.
    by_check = dict(rows.order_by().values_list("check_key").annotate(n=models.Count("*")))
    asked = found.form.cleaned_data.get("gap") if found.is_valid() else ""
    by_gap = {gap: sum(by_check.get(key, 0) for key in _keys(gap=gap)) for gap in GAPS}
    gaps = by_gap[asked] if asked else sum(by_gap.values())
    if not found.is_valid():
        return Count(0, 0, by_gap)
    known = Outcome.objects.failing().filter(check_key__in=CHECKS)
    of_one = GapFilter(found.data, known).qs.filter(system=OuterRef("pk"))
    with_one = System.objects.visible_to(person).in_use().checked_in_time().filter(Exists(of_one))
    return Count(gaps, with_one.count(), by_gap)


def facts(row: Outcome) -> dict:
    """Return the row as COLUMNS name it."""
    check = CHECKS[row.check_key]
    system = row.system
    return {
        "gap": check.gap,
        "topic": check.topic,
        "check": check.key,
        "system": system.slug,
        "team": system.team.slug,
        "tier": system.tier,
        "since": row.since,
        "why": row.why,
        "asks": check.for_role,
        "page": row.url or system.get_absolute_url(),
    }
