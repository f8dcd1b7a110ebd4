"""What to do, by situation: runbooks in versions, and the ranges that are normal."""

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from systems.models.holding import Role
from systems.models.interval import interval_of
from systems.models.system import System


class Situation(models.TextChoices):
    NORMAL = "normal", "What is normal"
    FEED_UNAVAILABLE = "feed_unavailable", "The feed is unavailable"
    ANOMALOUS_INPUT = "anomalous_input", "The input is anomalous"
    LOAD = "load", "Load is high"
    MODEL_ERRS = "model_errs", "The model errs"
    ROLLBACK = "rollback", "Going back to the version before"
    RETRAIN = "retrain", "Training it again"
    ALERT_REACHED = "alert_reached", "An alert reached you"

    @property
    def question(self) -> str:
        """What the text answers, in one sentence."""
        return _ABOUT[self][0]

    @property
    def topic(self) -> str:
        return _ABOUT[self][1]

    @property
    def role(self) -> Role:
        """The role whose holder is told when the text is missing or old."""
        return _ABOUT[self][2]


_ABOUT = {
    Situation.NORMAL: (
        "What does a quiet day look like, and between which figures?",
        "errors",
        Role.OPERATIONS_OWNER,
    ),
    Situation.FEED_UNAVAILABLE: (
        "What do its users get while the input does not come, and who makes it come again?",
        "resilience",
        Role.DATA_OWNER,
    ),
    Situation.ANOMALOUS_INPUT: (
        "What happens to input that no training saw, and who looks at it?",
        "resilience",
        Role.DATA_OWNER,
    ),
    Situation.LOAD: (
        "What gives way first when too much is asked, and what is done then?",
        "resilience",
        Role.SERVICE_OWNER,
    ),
    Situation.MODEL_ERRS: (
        "Who notices that the answers are wrong, and what do they do?",
        "errors",
        Role.MODEL_OWNER,
    ),
    Situation.ROLLBACK: (
        "How does the version before come back, and how long does that take?",
        "errors",
        Role.SERVICE_OWNER,
    ),
    Situation.RETRAIN: (
        "How is it trained again, on which data, and who decides that the new one is better?",
        "retraining",
        Role.MODEL_OWNER,
    ),
    Situation.ALERT_REACHED: (
        "An alert reached you: what do you look at first, and whom do you call?",
        "errors",
        Role.OPERATIONS_OWNER,
    ),
}


class Runbook(models.Model):
    """The text for one situation of a system; `version` is the number of its newest version."""

    system = models.ForeignKey(System, models.CASCADE, related_name="runbooks")
    situation = models.CharField(max_length=20, choices=Situation)
    version = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["system", "situation"]
        constraints = [models.UniqueConstraint(fields=["system", "situation"], name="runbook_once")]

    def __str__(self):
        return f"{self.system}: {self.get_situation_display()}"

    def get_absolute_url(self) -> str:
        return reverse("systems:runbook", args=[self.system.slug, self.situation])


class RunbookVersionQuerySet(models.QuerySet):
    def newest(self):
        """The version of each runbook that holds now; none of one that was retired."""
        return self.filter(n=F("runbook__version")).exclude(body="").select_related("runbook", "by")


class RunbookVersion(models.Model):
    """One text, kept for ever, empty where the runbook was retired; `origin` says where it came from if not typed."""

    runbook = models.ForeignKey(Runbook, models.CASCADE, related_name="versions")
    n = models.PositiveIntegerField()
    body = models.TextField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    origin = models.CharField(max_length=200, blank=True)
    review_by = models.DateField()

    objects = RunbookVersionQuerySet.as_manager()

    class Meta:
        ordering = ["-n"]
        constraints = [models.UniqueConstraint(fields=["runbook", "n"], name="runbook_version_once")]

    def __str__(self):
        return f"{self.runbook}, version {self.n}"


def review_after(system: System) -> timedelta:
    """Return how long a text of `system` holds before somebody has to read it again."""
    return interval_of(system.tier)


class ExpectedRange(models.Model):
    """Between which values a metric is normal, and why that is believed."""

    system = models.ForeignKey(System, models.CASCADE, related_name="expected_ranges")
    metric_key = models.CharField(max_length=80)
    low = models.FloatField(null=True, blank=True)
    high = models.FloatField(null=True, blank=True)
    reason = models.CharField(max_length=300)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["system", "metric_key"]
        constraints = [
            models.UniqueConstraint(fields=["system", "metric_key"], name="expected_range_once"),
            models.CheckConstraint(
                condition=Q(low__isnull=False) | Q(high__isnull=False), name="expected_range_says_something"
            ),
            models.CheckConstraint(
                condition=Q(low=None) | Q(high=None) | Q(low__lte=F("high")), name="expected_range_forward"
            ),
        ]

    def __str__(self):
        return f"{self.metric_key} from {self.low} to {self.high}"
