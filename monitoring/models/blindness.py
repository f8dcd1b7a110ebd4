"""A time in which the portal could not see: most of what it asks stopped answering at once."""

from django.db import models
from django.db.models import Q


class BlindnessQuerySet(models.QuerySet):
    def now(self):
        """The one that lasts, if there is one."""
        return self.filter(over_at=None)


class Blindness(models.Model):
    """From when the first of these sources failed until most of them were heard again (null: it lasts)."""

    from_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    over_at = models.DateTimeField(null=True)
    failing = models.PositiveIntegerField()
    asked = models.PositiveIntegerField()
    hosts = models.PositiveIntegerField()
    sentence = models.CharField(max_length=300)

    objects = BlindnessQuerySet.as_manager()

    class Meta:
        ordering = ["-seen_at"]
        verbose_name_plural = "blindness"
        constraints = [
            models.UniqueConstraint(models.Value(1), condition=Q(over_at=None), name="blindness_one_at_a_time"),
            models.CheckConstraint(
                condition=Q(over_at=None) | Q(over_at__gte=models.F("seen_at")), name="blindness_forward"
            ),
        ]

    def __str__(self):
        return self.sentence
