"""When and how a model is trained again, and when that was done."""

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Max, Q

from systems.models.model_version import Deployment, ModelVersion
from systems.models.system import System


class Retraining(models.Model):
    """The plan: by the calendar (`every_days`), on `triggers`, or both; `set_at` is when it was last changed."""

    system = models.OneToOneField(System, models.CASCADE, related_name="retraining")
    policy = models.TextField(max_length=2000)
    every_days = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(3650)]
    )
    triggers = ArrayField(models.CharField(max_length=200), default=list, blank=True)
    who = models.CharField(max_length=200)
    set_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(every_days__isnull=True) | Q(every_days__range=(1, 3650)), name="retraining_interval"
            )
        ]

    def __str__(self):
        return f"Retraining of {self.system}"

    def due_at(self, trained_at: datetime | None) -> datetime | None:
        """Return when it is due by the calendar, the last time being `trained_at`; None when there is no interval."""
        return self.every_days and (trained_at or self.set_at) + timedelta(days=self.every_days)


class RetrainingRun(models.Model):
    """A training after the first; `before` and `after` are the leading figure of the old and of the new model.

    What changed requirements ask for may be entered ahead (`asked_at`): it has no `at`, and is open, until a version
    answers it.
    """

    class Cause(models.TextChoices):
        SCHEDULE = "schedule", "The calendar"
        DRIFT = "drift", "The data or the quality moved"
        INCIDENT = "incident", "An incident"
        REQUIREMENTS = "requirements", "Requirements changed"
        OTHER = "other", "Something else"

    system = models.ForeignKey(System, models.CASCADE, related_name="retraining_runs")
    asked_at = models.DateTimeField(null=True, blank=True)
    at = models.DateTimeField(null=True, blank=True)
    cause = models.CharField(max_length=12, choices=Cause)
    before = models.FloatField(null=True, blank=True)
    after = models.FloatField(null=True, blank=True)
    model_version = models.ForeignKey(
        ModelVersion, models.PROTECT, null=True, blank=True, related_name="retraining_runs"
    )
    note = models.CharField(max_length=300, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["system", "at"], name="retraining_run_once"),
            models.CheckConstraint(
                condition=Q(at__isnull=False) | Q(cause="requirements", asked_at__isnull=False),
                name="retraining_run_open_for_requirements",
            ),
        ]

    def __str__(self):
        return f"{self.system} trained again at {self.at}" if self.at else f"{self.system} to be trained again"

    @property
    def is_open(self) -> bool:
        return self.at is None


def last_trained(systems) -> dict[int, datetime]:
    """Return by system id when its model was trained: the last run, or the version that runs when that is younger."""
    live = Deployment.objects.in_production().live().filter(system__in=systems).select_related("model_version")
    trained = {one.system_id: one.model_version.trained_at for one in live if one.model_version.trained_at}
    done = RetrainingRun.objects.filter(system__in=systems, at__isnull=False)
    runs = done.order_by().values_list("system").annotate(Max("at"))
    for pk, at in runs:
        trained[pk] = max(at, trained.get(pk, at))
    return trained
