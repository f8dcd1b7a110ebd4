"""Which situations are to be tried by when, in all systems: what is due now first, then day by day."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import groupby

import django_filters
from django.urls import reverse

from systems.checks.applicable import why_not
from systems.models import Drill, Situation, System, Team
from systems.models.drill import REQUIRED

COLUMNS = ["due_on", "system", "team", "tier", "situation", "standing", "last_at", "incident", "rate", "page"]
NEVER, FAILED, LATE, HOLDS = "never tried", "did not hold", "late", "holds"


class DueFilter(django_filters.FilterSet):
    """The same for page, API and export."""

    team = django_filters.ModelChoiceFilter(queryset=Team.objects.all(), to_field_name="slug", label="Team")
    tier = django_filters.ChoiceFilter(choices=[(str(n), f"Tier {n}") for n in (1, 2, 3, 4)], label="Tier")
    system = django_filters.CharFilter(field_name="slug", max_length=60, label="Short name of a system")

    class Meta:
        model = System
        fields: list[str] = []

    @property
    def qs(self):
        """The systems asked for; none at all when a value of the query string was not understood."""
        return super().qs if self.form.is_valid() or not self.is_bound else self.queryset.none()


@dataclass(frozen=True)
class Due:
    """A situation that the tier of the system asks to be tried, and how that stands."""

    system: System
    situation: Situation
    last: Drill | None
    standing: str

    @property
    def is_now(self) -> bool:
        return self.standing != HOLDS

    @property
    def due_on(self) -> date | None:
        """The day by which it is to be tried again; None for what was never tried, or did not hold: now."""
        return self.last.due_on if self.last and self.last.has_passed else None


def due_drills(systems: Iterable[System], *, today: date) -> list[Due]:
    """Return what `systems` have to try, what is due now first, then by day; one query besides the systems'."""
    asked = [system for system in systems if not why_not(system.slug, system.phase)]
    newest = {
        (one.system_id, one.situation): one
        for one in Drill.objects.newest().filter(system__in=[system.pk for system in asked], situation__in=REQUIRED)
    }
    found = [
        _due(system, situation, newest.get((system.pk, situation)), today)
        for system in asked
        for situation, tiers in REQUIRED.items()
        if system.tier in tiers
    ]
    return sorted(found, key=lambda one: (not one.is_now, one.due_on or date.min, one.system.tier, one.system.slug))


def _due(system: System, situation: Situation, last: Drill | None, today: date) -> Due:
    if last is None:
        return Due(system, situation, None, NEVER)
    last.system = system
    if not last.has_passed:
        return Due(system, situation, last, FAILED)
    return Due(system, situation, last, LATE if last.due_on < today else HOLDS)


def by_month(rows: Iterable[Due]) -> list[tuple[date | None, list[Due]]]:
    """Return the rows month by month, each by its first day; what is due now stands under None."""
    months = groupby(rows, lambda one: None if one.is_now or not one.due_on else one.due_on.replace(day=1))
    return [(month, list(some)) for month, some in months]


def facts(row: Due) -> dict:
    """Return the row as COLUMNS name it."""
    last = row.last
    return {
        "due_on": row.due_on,
        "system": row.system.slug,
        "team": row.system.team.slug,
        "tier": row.system.tier,
        "situation": row.situation.value,
        "standing": row.standing,
        "last_at": last.at if last else None,
        "incident": last.incident if last else None,
        "rate": last.rate if last else None,
        "page": reverse("systems:drills", args=[row.system.slug]),
    }
