"""What an hour of a series came to: one row in the place of many points, for all that looks far back."""

from django.db import models

from monitoring.models.series import Series


class Rollup(models.Model):
    """The points of a closed hour, which begins at `at`; partitioned by year (monitoring/store/partitions.py).

    `fewest` is the smallest number of samples of a point (0: of one it is not known), `weighed` the sum of value ×
    samples, `model_version` the one recorded last of those that there were (0: not known).
    """

    pk = models.CompositePrimaryKey("series_id", "at")
    series = models.ForeignKey(Series, models.CASCADE, related_name="rollups", db_constraint=False, db_index=False)
    at = models.DateTimeField()
    points = models.IntegerField()
    samples = models.FloatField()  # a sum may be more than a whole number of the database holds
    fewest = models.BigIntegerField()
    total = models.FloatField()
    weighed = models.FloatField()
    low = models.FloatField()
    high = models.FloatField()
    is_provisional = models.BooleanField()
    model_version = models.BigIntegerField()

    class Meta:
        ordering = ["at"]

    def __str__(self):
        return f"{self.points} points from {self.at} on"
