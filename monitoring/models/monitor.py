"""Rules that watch a series or a source."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from monitoring.models.series import Series
from monitoring.models.source import Source
from systems.models import Role, System


class MonitorQuerySet(models.QuerySet):
    def visible_to(self, person):
        seen = System.objects.visible_to(person)
        return self.filter(Q(series__metric__system__in=seen) | Q(source__system__in=seen))


class Monitor(models.Model):
    """`limit` {below?, above?, bad?=1, of?=1}, `change` {sensitivity}, `silence` {after_s?}, `schema` {}.

    `snoozed_since` is since when it has been snoozed without a break, `tuned_at` when its settings last changed.
    """

    class Kind(models.TextChoices):
        LIMIT = "limit"
        CHANGE = "change", "quiet change"
        SILENCE = "silence"
        SCHEMA = "schema", "change of format"

    class Severity(models.TextChoices):
        WARNING = "warning"
        CRITICAL = "critical"

    series = models.ForeignKey(Series, models.CASCADE, null=True, blank=True, related_name="monitors")
    source = models.ForeignKey(Source, models.CASCADE, null=True, blank=True, related_name="monitors")
    kind = models.CharField(max_length=10, choices=Kind)
    settings = models.JSONField(default=dict, blank=True)
    severity = models.CharField(max_length=10, choices=Severity, default=Severity.WARNING)
    snoozed_until = models.DateTimeField(null=True, blank=True)
    snoozed_since = models.DateTimeField(null=True, blank=True)
    tuned_at = models.DateTimeField(null=True, blank=True)
    evaluated_at = models.DateTimeField(null=True, blank=True)
    why = models.CharField(max_length=300, blank=True)
    made_at = models.DateTimeField(db_default=Now())
    version = models.PositiveIntegerField(default=1)

    objects = MonitorQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(series__isnull=False, source=None) | Q(series=None, source__isnull=False),
                name="monitor_of_exactly_one",
            ),
            models.UniqueConstraint(
                fields=["series", "kind"], condition=Q(kind__in=["change", "silence"]), name="monitor_series_kind_once"
            ),
            models.UniqueConstraint(
                fields=["source", "kind"], condition=Q(source__isnull=False), name="monitor_source_kind_once"
            ),
        ]

    def __str__(self):
        return f"{self.get_kind_display()} of {self.series or self.source}"

    @property
    def system(self):
        """The system that it watches for."""
        return self.series.metric.system if self.series else self.source.system

    @property
    def role(self) -> str:
        """The role whose holder is told: by the kind of metric; of a source, who answers for the data."""
        return self.series.metric.role if self.series else Role.DATA_OWNER


class Snapshot(models.Model):
    """The detector's state after the point at `at`, from which judging goes on, or is done again after a late point."""

    monitor = models.ForeignKey(Monitor, models.CASCADE, related_name="snapshots")
    at = models.DateTimeField()
    state = models.JSONField()

    class Meta:
        ordering = ["-at"]
        constraints = [models.UniqueConstraint(fields=["monitor", "at"], name="snapshot_once")]

    def __str__(self):
        return f"{self.monitor} at {self.at}"
