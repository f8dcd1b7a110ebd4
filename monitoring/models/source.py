"""Where metrics are pulled from."""

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now
from django.urls import reverse

from mlops_portal.engine.secrets import SealedField
from systems.models import System


class SourceQuerySet(models.QuerySet):
    def visible_to(self, person):
        return self.filter(system__in=System.objects.visible_to(person))

    def in_use(self):
        return self.filter(enabled=True, system__retired_at=None)

    def due(self):
        """Sources that are to be asked now and that nobody is asking."""
        free = Q(back_off_until=None) | Q(back_off_until__lte=Now())
        idle = ~Q(pulls__finished_at=None, pulls__isnull=False)
        return self.in_use().filter(free, idle, next_due_at__lte=Now()).order_by("next_due_at")


class Source(models.Model):
    """A connector kind with its settings, asked every `interval_s` seconds. `secret` is sealed, bound to this row."""

    system = models.ForeignKey(System, models.CASCADE, related_name="sources")
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=30)
    settings = models.JSONField(default=dict)
    secret = SealedField(blank=True)
    interval_s = models.PositiveIntegerField(default=60, validators=[MinValueValidator(1)])
    max_age_s = models.PositiveIntegerField(null=True, blank=True)
    enabled = models.BooleanField(default=True)
    made_at = models.DateTimeField(db_default=Now())
    next_due_at = models.DateTimeField(db_default=Now())
    failing_since = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0)
    back_off_until = models.DateTimeField(null=True, blank=True)
    last_success_at = models.DateTimeField(null=True, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)  # last success that had all its series in view
    last_error = models.CharField(max_length=300, blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = SourceQuerySet.as_manager()

    class Meta:
        ordering = ["system", "name"]
        constraints = [models.UniqueConstraint("system", Lower("name"), name="source_name_once")]
        indexes = [models.Index(fields=["next_due_at"], condition=Q(enabled=True), name="source_due")]

    def __str__(self):
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("monitoring:source", args=[self.pk])


class SchemaSeen(models.Model):
    """The columns that a source delivered from `at` on; a row is written only where they changed."""

    source = models.ForeignKey(Source, models.CASCADE, related_name="schemas_seen")
    at = models.DateTimeField()
    columns = ArrayField(models.CharField(max_length=200))

    class Meta:
        ordering = ["-at"]
        constraints = [models.UniqueConstraint(fields=["source", "at"], name="schema_seen_once")]

    def __str__(self):
        return f"{self.source} at {self.at}"
