"""That a situation was tried, before it came by itself."""

from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import Q

from systems.models.interval import Interval
from systems.models.runbook import Situation, review_after
from systems.models.system import System
from systems.models.words import words_are_seen

# Which situations have to be tried, by tier.
REQUIRED: dict[Situation, tuple[int, ...]] = {
    Situation.FEED_UNAVAILABLE: (1, 2, 3, 4),
    Situation.ANOMALOUS_INPUT: (1, 2),
    Situation.LOAD: (1, 2),
}
CAN_BE_TRIED = [choice for choice in Situation.choices if choice[0] != Situation.NORMAL]


class DrillQuerySet(models.QuerySet):
    def newest(self):
        """The newest drill of each situation of each system."""
        return self.order_by("system_id", "situation", "-at", "-pk").distinct("system_id", "situation")


class DrillManager(models.Manager.from_queryset(DrillQuerySet)):
    """Brings with each drill how long it holds, so that many cost no query each."""

    def get_queryset(self):
        return super().get_queryset().annotate(holds_for=Interval.objects.of_tier("system__tier"))


class Drill(models.Model):
    """A dated record that a situation was tried; `rate` is what was reached under load, in requests a second.

    One with the number of an `incident` was not tried: it came by itself, and counts as one.
    """

    class Result(models.TextChoices):
        PASSED = "passed", "It held"
        FAILED = "failed", "It did not hold"

    system = models.ForeignKey(System, models.CASCADE, related_name="drills")
    situation = models.CharField(max_length=20, choices=Situation)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    result = models.CharField(max_length=6, choices=Result)
    rate = models.FloatField(null=True, blank=True)
    evidence = models.TextField(max_length=2000, blank=True, validators=[words_are_seen])
    incident = models.PositiveIntegerField(null=True, blank=True)

    objects = DrillManager()

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["system", "situation", "at"], condition=Q(incident=None), name="drill_once"
            ),
            models.UniqueConstraint(
                fields=["system", "incident"], condition=Q(incident__isnull=False), name="drill_incident_once"
            ),
            models.CheckConstraint(condition=Q(rate=None) | Q(rate__gt=0), name="drill_rate"),
        ]

    def __str__(self):
        return f"{self.get_situation_display()} of {self.system} at {self.at}"

    @property
    def due_on(self) -> date:
        """The day by which it has to be tried again; by the tier that the system has now."""
        return (self.at + (getattr(self, "holds_for", None) or review_after(self.system))).date()

    @property
    def has_passed(self) -> bool:
        return self.result == Drill.Result.PASSED
