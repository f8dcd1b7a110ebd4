"""The gap report: every failing check of every system, the longest first. One filter for page, API and export."""

import django_filters
from django.db.models import QuerySet

from systems.checking import CHECKS, GAP_OF_TOPIC
from systems.models import Outcome, Person, System, Team

GAPS = {"data": "Data", "monitoring": "Monitoring", "ownership": "Ownership"}
COLUMNS = ["gap", "topic", "check", "system", "team", "tier", "since", "why", "asks", "page"]


def failing(person: Person) -> QuerySet[Outcome]:
    """Return the failing outcomes of systems in use that `person` may see, the longest first."""
    seen = System.objects.visible_to(person).in_use()
    rows = Outcome.objects.with_result().filter(result_now=Outcome.Result.FAIL, check_key__in=CHECKS, system__in=seen)
    return rows.select_related("system__team").order_by("since", "pk")


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


def counts(rows: QuerySet[Outcome]) -> dict[str, int]:
    """Return how many of `rows` belong to each gap, in the order of GAPS."""
    by_gap = dict.fromkeys(GAPS, 0)
    for key in rows.order_by().values_list("check_key", flat=True):
        by_gap[CHECKS[key].gap] += 1
    return by_gap


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
