"""What a series is expected to be, and why."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from monitoring.models.series import Series


class Baseline(models.Model):
    """Expected value and spread (one standard deviation) from a day on; the newest one holds."""

    class Origin(models.TextChoices):
        EXPERIMENT = "experiment", "the experiment's test set"
        LEARNED = "learned", "a quiet stretch of production"

    series = models.ForeignKey(Series, models.CASCADE, related_name="baselines")
    value = models.FloatField()
    spread = models.FloatField(null=True, blank=True)
    from_at = models.DateTimeField()
    origin = models.CharField(max_length=12, choices=Origin)
    reason = models.CharField(max_length=300)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-from_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(spread=None) | Q(spread__gte=0), name="baseline_spread_positive")
        ]

    def __str__(self):
        return f"{self.value} from {self.get_origin_display()}"
