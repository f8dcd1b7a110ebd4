"""How often, by tier, something has to be looked at again: one table for confirmations, runbooks and answers."""

from datetime import timedelta

from django.db import models
from django.db.models import OuterRef, Q, Subquery

DAYS = {1: 90, 2: 120, 3: 180, 4: 180}  # what a new portal begins with


class IntervalQuerySet(models.QuerySet):
    def of_tier(self, reference: str) -> Subquery:
        """Return the interval of the tier that the outer query knows as `reference`, as an expression."""
        return Subquery(self.filter(tier=OuterRef(reference)).values("every"))


class Interval(models.Model):
    """The time after which what is said of a system of the tier has to be said anew."""

    tier = models.PositiveSmallIntegerField(primary_key=True)
    every = models.DurationField()
    version = models.PositiveIntegerField(default=1)

    objects = IntervalQuerySet.as_manager()

    class Meta:
        ordering = ["tier"]
        constraints = [
            models.CheckConstraint(condition=Q(tier__range=(1, 4)), name="interval_tier_known"),
            models.CheckConstraint(condition=Q(every__gt=timedelta()), name="interval_positive"),
        ]

    def __str__(self):
        return f"tier {self.tier}: {self.every.days} days"


def interval_of(tier: int) -> timedelta:
    """Return the time after which what is said of a system of `tier` has to be said anew."""
    return Interval.objects.get(tier=tier).every


def seed_intervals() -> None:
    """Make sure that every tier has its interval; called after every migration."""
    rows = [Interval(tier=tier, every=timedelta(days=days)) for tier, days in DAYS.items()]
    Interval.objects.bulk_create(rows, ignore_conflicts=True)
