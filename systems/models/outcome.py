"""The stored outcome of each check for each system."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import starmap
from typing import NamedTuple

from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Now

OVERDUE = timedelta(minutes=15)  # a system whose checks are this much past their time is not known any more


class Because(models.TextChoices):
    """Why a question has no confident answer; the first that holds is said."""

    UNANSWERED = "unanswered", "Missing"
    NOT_CONFIDENT = "not_confident", "Not confident"
    UNREVIEWED = "unreviewed", "To review"
    SENT_BACK = "sent_back", "Sent back"
    LAPSED = "lapsed"
    CONTRADICTED = "contradicted"
    EVIDENCE_UNKNOWN = "evidence_unknown", "Evidence not known"


class Found(NamedTuple):
    """An outcome as a list needs it: it costs less to read than the whole row."""

    system_id: int
    check_key: str
    outcome: str
    why: str
    url: str
    since: datetime
    result_now: str


class OutcomeQuerySet(models.QuerySet):
    def as_rows(self) -> Iterator[Found]:
        """Return each as Found, in the order of the query set."""
        return starmap(Found, self.with_result().values_list(*Found._fields))

    def failing(self):
        return self.filter(outcome=Outcome.Result.FAIL)

    def failing_now(self):
        """Those that fail, of systems whose checks ran in time."""
        return self.failing().filter(system__checks_due_at__gte=Now() - OVERDUE)

    def with_result(self):
        """Each with `result_now`: unknown where the checks of its system did not run in time."""
        over = When(system__checks_due_at__lt=Now() - OVERDUE, then=Value(Outcome.Result.UNKNOWN))
        return self.annotate(result_now=Case(over, default=F("outcome"), output_field=models.CharField()))


class Outcome(models.Model):
    """What a check found for a system. Rows change only when what it found changes."""

    class Result(models.TextChoices):
        PASS = "pass"  # noqa: S105
        FAIL = "fail"
        UNKNOWN = "unknown"
        NOT_APPLICABLE = "not_applicable", "Not applicable"
        WAIVED = "waived"

    system = models.ForeignKey("System", models.CASCADE, related_name="outcomes")
    check_key = models.CharField(max_length=60)
    outcome = models.CharField(max_length=16, choices=Result)
    why = models.CharField(max_length=300)
    url = models.CharField(max_length=300, blank=True)
    since = models.DateTimeField()

    objects = OutcomeQuerySet.as_manager()

    class Meta:
        ordering = ["since"]
        constraints = [models.UniqueConstraint(fields=["system", "check_key"], name="outcome_once")]
        indexes = [
            models.Index(fields=["check_key", "outcome", "since"], name="outcome_by_check"),
            models.Index(fields=["since", "id"], condition=Q(outcome="fail"), name="outcome_failing_longest"),
            models.Index(
                fields=["check_key", "system"],
                include=["since"],
                condition=Q(outcome="fail"),
                name="outcome_failing_by_check",
            ),
        ]

    def __str__(self):
        return f"{self.check_key}: {self.outcome}"
