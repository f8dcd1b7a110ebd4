"""A stretch of the past that is read from a source, piece by piece."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from monitoring.models.source import Source


class BackfillQuerySet(models.QuerySet):
    def visible_to(self, person):
        return self.filter(source__in=Source.objects.visible_to(person))

    def unfinished(self):
        return self.filter(ended_at=None)

    def due(self):
        """Those of which nobody is reading a piece: their turn has come, or their process is gone."""
        in_use = Q(source__enabled=True, source__system__retired_at=None)
        return self.unfinished().filter(in_use, lease_until__lte=Now()).order_by("lease_until")


class Backfill(models.Model):
    """The row is the claim (`lease_until`, `attempt`) and the record: everything before `cursor` has been read."""

    class Outcome(models.TextChoices):
        DONE = "done"
        FAILED = "failed"
        CANCELLED = "cancelled"

    source = models.ForeignKey(Source, models.CASCADE, related_name="backfills")
    from_at = models.DateTimeField()
    to_at = models.DateTimeField()
    cursor = models.DateTimeField()
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField()
    lease_until = models.DateTimeField(db_default=Now())
    attempt = models.PositiveSmallIntegerField(default=0)
    ended_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=10, choices=Outcome, null=True)  # noqa: DJ001  null: not at its end
    error = models.CharField(max_length=300, blank=True)
    points = models.PositiveIntegerField(default=0)
    duplicates = models.PositiveIntegerField(default=0)
    conflicts = models.PositiveIntegerField(default=0)

    objects = BackfillQuerySet.as_manager()

    class Meta:
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["source"], condition=Q(ended_at=None), name="backfill_one_unfinished"),
            models.CheckConstraint(
                condition=Q(to_at__gt=F("from_at"), cursor__gte=F("from_at"), cursor__lte=F("to_at")),
                name="backfill_forward",
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None, outcome=None) | Q(ended_at__isnull=False, outcome__isnull=False),
                name="backfill_ended_with_outcome",
            ),
        ]

    def __str__(self):
        return f"{self.source} from {self.from_at:%Y-%m-%d} to {self.to_at:%Y-%m-%d}"

    @property
    def system(self):
        return self.source.system

    @property
    def share(self) -> float:
        """How much of the stretch has been read, from 0 to 1."""
        return (self.cursor - self.from_at) / (self.to_at - self.from_at)

    @property
    def percent(self) -> int:
        return int(self.share * 100)
