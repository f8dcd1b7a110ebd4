"""The values: one table, partitioned by month (monitoring/store/partitions.py makes the months)."""

from django.db import models
from django.db.models.functions import Now

from monitoring.models.series import Series


class Maturity(models.IntegerChoices):
    PROVISIONAL = 0  # labels still arrive
    FINAL = 1


class Point(models.Model):
    """A value of a series at a source's time; a window's value stands at its start. 0 samples, version: not known."""

    pk = models.CompositePrimaryKey("series_id", "at")
    series = models.ForeignKey(Series, models.CASCADE, related_name="points", db_constraint=False, db_index=False)
    at = models.DateTimeField()
    value = models.FloatField()
    samples = models.BigIntegerField(db_default=0, default=0)
    maturity = models.SmallIntegerField(choices=Maturity, db_default=Maturity.FINAL, default=Maturity.FINAL)
    model_version = models.BigIntegerField(db_default=0, default=0)
    first_seen_at = models.DateTimeField(db_default=Now())
    seen_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["at"]

    def __str__(self):
        return f"{self.value} at {self.at}"


class PointRevision(models.Model):
    """A value that gave way to a newer one: nothing that was seen is lost."""

    series = models.ForeignKey(Series, models.CASCADE, related_name="revisions")
    at = models.DateTimeField()
    value = models.FloatField()
    samples = models.BigIntegerField(default=0)
    maturity = models.SmallIntegerField(choices=Maturity)
    seen_at = models.DateTimeField()
    replaced_at = models.DateTimeField(db_default=Now())
    reason = models.CharField(max_length=300, blank=True)  # why a final value was corrected

    class Meta:
        ordering = ["series", "at", "replaced_at"]
        indexes = [models.Index(fields=["series", "at"], name="point_revision_of")]

    def __str__(self):
        return f"{self.value} at {self.at} until {self.replaced_at}"
