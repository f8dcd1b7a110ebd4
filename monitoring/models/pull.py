"""One time that a source was asked. The row is the claim, and the record of what came of it (RELIABILITY 1)."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from monitoring.models.source import Source


class PullQuerySet(models.QuerySet):
    def unfinished(self):
        return self.filter(finished_at=None)

    def lapsed(self):
        """Unfinished ones whose process is gone: their lease is over."""
        return self.unfinished().filter(lease_until__lte=Now())


class Pull(models.Model):
    """No row for a due time is the definition of having been blind. A killed pull is the same row, attempt + 1."""

    class Why(models.TextChoices):
        SCHEDULE = "schedule"
        NOW = "now"
        BACKFILL = "backfill"

    class Outcome(models.TextChoices):
        OK = "ok"
        PARTIAL = "partial"
        EMPTY = "empty"
        MISSING_METRIC = "missing_metric"
        STALE = "stale"
        TIMEOUT = "timeout"
        REFUSED = "refused"
        HTTP_ERROR = "http_error"
        PARSE_ERROR = "parse_error"
        CUT = "cut"
        OVER_LIMIT = "over_limit"
        DB_ERROR = "db_error"
        KILLED = "killed"

        @classmethod
        def with_data(cls) -> list["Pull.Outcome"]:
            """Outcomes after which the source counts as having spoken."""
            return [cls.OK, cls.PARTIAL]

    source = models.ForeignKey(Source, models.CASCADE, related_name="pulls")
    due_at = models.DateTimeField()
    why = models.CharField(max_length=10, choices=Why, default=Why.SCHEDULE)
    lease_until = models.DateTimeField()
    attempt = models.PositiveSmallIntegerField(default=1)
    started_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=16, choices=Outcome, null=True)  # noqa: DJ001  null: still running
    error = models.CharField(max_length=300, blank=True)
    bytes = models.BigIntegerField(default=0)
    points = models.PositiveIntegerField(default=0)
    duplicates = models.PositiveIntegerField(default=0)
    conflicts = models.PositiveIntegerField(default=0)

    objects = PullQuerySet.as_manager()

    class Meta:
        ordering = ["-due_at"]
        constraints = [
            models.UniqueConstraint(fields=["source", "due_at"], name="pull_once"),
            models.UniqueConstraint(fields=["source"], condition=Q(finished_at=None), name="pull_one_unfinished"),
            models.CheckConstraint(
                condition=Q(finished_at=None, outcome=None) | Q(finished_at__isnull=False, outcome__isnull=False),
                name="pull_finished_with_outcome",
            ),
        ]

    def __str__(self):
        return f"{self.source} at {self.due_at}: {self.outcome or 'running'}"

    @property
    def took_s(self) -> float | None:
        """How long it took; None while it runs."""
        return (self.finished_at - self.started_at).total_seconds() if self.finished_at else None

    @property
    def outcome_words(self) -> str:
        """What came of it, for people."""
        if self.outcome == self.Outcome.OK:
            return "Values came" if self.points else "Nothing new"
        return OUTCOMES.get(self.outcome, "Running")


OUTCOMES = {
    Pull.Outcome.PARTIAL: "Some values came",
    Pull.Outcome.EMPTY: "It answered with nothing",
    Pull.Outcome.MISSING_METRIC: "What is watched is not there",
    Pull.Outcome.STALE: "The values are too old",
    Pull.Outcome.TIMEOUT: "No answer in time",
    Pull.Outcome.REFUSED: "The address is refused",
    Pull.Outcome.HTTP_ERROR: "It answered with an error",
    Pull.Outcome.PARSE_ERROR: "The answer was not understood",
    Pull.Outcome.CUT: "The answer was cut off",
    Pull.Outcome.OVER_LIMIT: "The answer is too large",
    Pull.Outcome.DB_ERROR: "The portal could not store it",
    Pull.Outcome.KILLED: "The worker was killed three times",
}
