"""The one filter of systems: the same query string means the same on the page, in the API and in an export.

How a page uses it:

    chosen = SystemFilter(request.GET, System.objects.visible_to(request.user).for_list_page())
    chosen.qs                   what to show, filtered and ordered; nothing at all when a value was not understood
    chosen.form                 fields to render, `chosen.form.errors` what was not understood
    chosen.without("status")    the same but for one field, for the counts that filter by it

Retired systems are left out unless `phase=retired` asks for them.
"""

import django_filters
from django import forms
from django.db.models import Case, Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce
from drf_spectacular.utils import extend_schema_field

from systems.models import PHASE_ORDER, Feed, Level, Phase, PhasePlan, Scoped, System, Team, Verdict
from systems.models.person import Person

LONGEST_QUERY = 200
MOST_CHOICES = 100  # of one field of a filter; where there are more, the name is typed


def few(choices: QuerySet) -> list | None:
    """Return the choices, one query; None where there are too many to choose from a list."""
    found = list(choices[: MOST_CHOICES + 1])
    return found if len(found) <= MOST_CHOICES else None


def teams_to_choose() -> list | None:
    """Return (slug, name) of every team, or None where they are too many."""
    return few(Team.objects.values_list("slug", "name"))


GROUPED = {
    "team": ["team__name", "team__slug"],
    "phase": [Case(*[When(phase=one, then=Value(n)) for n, one in enumerate(Phase)])],
}


class SystemFilter(django_filters.FilterSet):
    """`data` is a query string, `queryset` systems with `status_now` (System.objects.with_status())."""

    class Sort:
        """What `sort` may be, in words, and the order that it stands for."""

        LABELS = {
            "worst": "Worst first",
            "name": "Name",
            "-name": "Name, Z first",
            "tier": "Most critical first",
            "-tier": "Least critical first",
            "-reality_gap": "Largest reality gap first",
            "reality_gap": "Smallest reality gap first",
            "newest": "Newest first",
            "oldest": "Oldest first",
        }
        ORDERS = {
            "name": ["name", "slug"],
            "-name": ["-name", "-slug"],
            "tier": ["tier", "slug"],
            "-tier": ["-tier", "slug"],
            "-reality_gap": [F("reality_gap").desc(nulls_last=True), "slug"],
            "reality_gap": [F("reality_gap").asc(nulls_last=True), "slug"],
            "newest": ["-registered_at", "-pk"],
            "oldest": ["registered_at", "pk"],
        }

    SEVERAL = ("status", "phase", "verdict", "tier")  # may be asked more than once

    q = django_filters.CharFilter(method="matching", max_length=LONGEST_QUERY, label="Search name, purpose and tags")
    status = django_filters.MultipleChoiceFilter(
        field_name="status_now", choices=Level.choices, distinct=False, label="Status"
    )
    phase = django_filters.MultipleChoiceFilter(choices=Phase.choices, distinct=False, label="Phase")
    verdict = django_filters.MultipleChoiceFilter(choices=Verdict.choices, distinct=False, label="Verdict")
    tier = django_filters.MultipleChoiceFilter(
        choices=[(n, f"Tier {n}") for n in (1, 2, 3, 4)], distinct=False, label="Tier"
    )
    team = django_filters.ModelChoiceFilter(queryset=Team.objects.all(), to_field_name="slug", label="Team")
    owner = extend_schema_field(str)(
        django_filters.ModelChoiceFilter(
            queryset=Person.objects.all(),
            to_field_name="username",
            method="held_by",
            label="Who holds a role, or is a deputy",
            widget=forms.TextInput,
        )
    )
    tag = django_filters.CharFilter(method="tagged", max_length=40, label="Tag")
    scoped = django_filters.ChoiceFilter(method="thought_through", choices=Scoped.choices, label="What is scoped")
    sort = django_filters.ChoiceFilter(
        method="sorted", choices=list(Sort.LABELS.items()), label="Order", empty_label=None, required=False
    )

    group = django_filters.ChoiceFilter(
        method="sorted", choices=[("team", "By team"), ("phase", "By phase")], label="Grouped", required=False
    )

    class Meta:
        model = System
        fields: list[str] = []

    @property
    def qs(self):
        """The systems asked for; none at all when a value of the query string was not understood."""
        return self.without()

    def without(self, *names: str):
        """Return the systems asked for, with the fields of `names` left aside."""
        if self.is_bound and not self.form.is_valid():
            return self.queryset.none()
        given = self.form.cleaned_data if self.is_bound else {}
        found = self.queryset
        for name, one in self.filters.items():
            if name not in names and name not in ("sort", "group"):
                found = one.filter(found, given.get(name))
        if "phase" in names or Phase.RETIRED not in (given.get("phase") or []):
            found = found.in_use()
        found = self.sorted(found, "sort", given.get("sort"))
        return found.order_by(*GROUPED.get(given.get("group"), []), *found.query.order_by)

    def matching(self, systems, name, words):
        return systems.filter(
            Q(slug__icontains=words)
            | Q(name__icontains=words)
            | Q(purpose__icontains=words)
            | Q(tags__contains=[words])
        )

    def held_by(self, systems, name, person):
        held = System.objects.filter(Q(holdings__person=person) | Q(holdings__deputy=person), holdings__to=None)
        return systems.filter(pk__in=held.values("pk"))

    def tagged(self, systems, name, tag):
        return systems.filter(tags__contains=[tag])

    def thought_through(self, systems, name, scoped):
        """Leave those of whose phases dates, budget and exit criterion stand as `scoped` says (Scoped)."""
        plans = PhasePlan.objects.scoped().filter(system=OuterRef("pk")).order_by()
        counted = Coalesce(Subquery(plans.values("system").annotate(n=Count("pk")).values("n")), 0)
        alone = Q(Exists(plans.filter(phase=Phase.RESEARCH)), phases_scoped=1)
        is_so = {
            Scoped.NOTHING: Q(phases_scoped=0),
            Scoped.ONLY_RESEARCH: alone,
            Scoped.PARTLY: Q(phases_scoped__range=(1, len(PHASE_ORDER) - 1)) & ~alone,
            Scoped.ALL: Q(phases_scoped=len(PHASE_ORDER)),
        }
        return systems.alias(phases_scoped=counted).filter(is_so[Scoped(scoped)])

    def sorted(self, systems, name, order):
        return systems.order_by(*self.Sort.ORDERS[order]) if order in self.Sort.ORDERS else systems.worst_first()


class FeedFilter(django_filters.FilterSet):
    """The same for feeds."""

    q = django_filters.CharFilter(method="matching", max_length=LONGEST_QUERY, label="Search name and short name")
    owner = extend_schema_field(str)(
        django_filters.ModelChoiceFilter(
            queryset=Person.objects.all(), to_field_name="username", label="Who owns it", widget=forms.TextInput
        )
    )
    retired = django_filters.ChoiceFilter(
        choices=[("shown", "Retired ones too"), ("only", "Only retired ones")],
        empty_label="In use",
        method="in_use",
        label="Retired",
    )

    class Meta:
        model = Feed
        fields: list[str] = []

    @property
    def qs(self):
        """The feeds asked for, those in use unless `retired` says otherwise; none when something was not understood."""
        if self.is_bound and not self.form.is_valid():
            return self.queryset.none()
        found = super().qs
        return found if self.is_bound and self.form.cleaned_data.get("retired") else found.in_use()

    def in_use(self, feeds, name, asked):
        return feeds.filter(retired_at__isnull=False) if asked == "only" else feeds

    def matching(self, feeds, name, words):
        return feeds.filter(Q(slug__icontains=words) | Q(name__icontains=words))
