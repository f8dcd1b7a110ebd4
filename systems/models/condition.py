"""What monitoring and incidents each report of a system, and the status that is folded from it."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now


class Level(models.TextChoices):
    """The status words of a system, which are the levels of a condition too."""

    FAILING = "failing"
    DEGRADED = "degraded"
    UNKNOWN = "unknown"
    UNMONITORED = "unmonitored", "Not monitored"
    HEALTHY = "healthy"

    @classmethod
    def worst_first(cls) -> list["Level"]:
        """Return the levels in the order in which one prevails over the next."""
        return [cls.FAILING, cls.DEGRADED, cls.UNKNOWN, cls.UNMONITORED, cls.HEALTHY]


class Condition(models.Model):
    """One floor's judgement of one system, believed until `good_until` (null: until it is changed)."""

    system = models.ForeignKey("System", models.CASCADE, related_name="conditions")
    who = models.CharField(max_length=20)
    level = models.CharField(max_length=12, choices=Level)
    sentence = models.CharField(max_length=300)
    since = models.DateTimeField()
    good_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["system", "who"], name="condition_once")]

    def __str__(self):
        return f"{self.who}: {self.level}"


class StatusSpanQuerySet(models.QuerySet):
    def since(self, moment):
        """Spans that lasted beyond `moment`."""
        return self.filter(Q(to_at=None) | Q(to_at__gt=moment))


class StatusSpan(models.Model):
    """A stretch of time in which a system had one status."""

    system = models.ForeignKey("System", models.CASCADE, related_name="status_spans")
    status = models.CharField(max_length=12, choices=Level)
    sentence = models.CharField(max_length=300)
    from_at = models.DateTimeField(db_default=Now())
    to_at = models.DateTimeField(null=True)

    objects = StatusSpanQuerySet.as_manager()

    class Meta:
        ordering = ["-from_at"]
        constraints = [
            models.UniqueConstraint(fields=["system"], condition=Q(to_at=None), name="status_span_one_open"),
            models.CheckConstraint(condition=Q(to_at=None) | Q(to_at__gte=F("from_at")), name="status_span_forward"),
        ]

    def __str__(self):
        return f"{self.status} since {self.from_at}"
