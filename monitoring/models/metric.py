"""What is measured of a system."""

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.urls import reverse

from systems.models import Role, System

key_is_plain = RegexValidator(
    r"\A[a-z0-9]+([_.-][a-z0-9]+)*\Z", "Use small letters and digits, joined by _ . or -, such as roc_auc."
)


class MetricQuerySet(models.QuerySet):
    def visible_to(self, person):
        return self.filter(system__in=System.objects.visible_to(person))

    def quality(self):
        return self.filter(kind=Metric.Kind.QUALITY)

    def shown_as(self, words):
        """Those with a series that is said to be one of the words (Series.shown_now)."""
        shown = self.model.series.rel.related_model.objects.shown_as(words)
        return self.filter(pk__in=shown.values("metric"))


class Metric(models.Model):
    """`means` says in one plain sentence what a value tells. The leading one stands for its system in lists."""

    class Kind(models.TextChoices):
        QUALITY = "quality"
        DATA = "data"
        SERVICE = "service"
        BUSINESS = "business"

    class Scale(models.TextChoices):
        RATE = "rate", "a share from 0 to 1"
        UNIT = "unit", "a score from 0 to 1, such as AUC"
        POSITIVE = "positive", "a positive number"
        REAL = "real", "any number"

    class Direction(models.TextChoices):
        HIGHER = "higher", "higher is better"
        LOWER = "lower", "lower is better"
        TARGET = "target", "near its target is better"

    system = models.ForeignKey(System, models.CASCADE, related_name="metrics")
    key = models.CharField(max_length=80, validators=[key_is_plain])
    name = models.CharField(max_length=120, blank=True)
    unit = models.CharField(max_length=30, blank=True)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.QUALITY)
    scale = models.CharField(max_length=10, choices=Scale, default=Scale.REAL)
    direction = models.CharField(max_length=8, choices=Direction, default=Direction.HIGHER)
    target = models.FloatField(null=True, blank=True)
    means = models.CharField(max_length=300, blank=True)
    leading = models.BooleanField(default=False)
    made_at = models.DateTimeField(db_default=Now())
    version = models.PositiveIntegerField(default=1)

    objects = MetricQuerySet.as_manager()

    class Meta:
        ordering = ["system", "-leading", "kind", "key"]
        constraints = [
            models.UniqueConstraint(fields=["system", "key"], name="metric_key_once"),
            models.UniqueConstraint(fields=["system"], condition=Q(leading=True), name="metric_one_leading"),
            models.CheckConstraint(
                condition=~Q(direction="target") | Q(target__isnull=False), name="metric_target_is_known"
            ),
        ]

    def __str__(self):
        return self.name or self.key

    def get_absolute_url(self) -> str:
        return reverse("monitoring:metric", args=[self.system.slug, self.key])

    @property
    def role(self) -> str:
        """The role (systems.models.Role) whose holder answers when it goes wrong."""
        return {
            Metric.Kind.QUALITY: Role.MODEL_OWNER,
            Metric.Kind.DATA: Role.DATA_OWNER,
            Metric.Kind.SERVICE: Role.SERVICE_OWNER,
            Metric.Kind.BUSINESS: Role.PRODUCT_OWNER,
        }[Metric.Kind(self.kind)]
