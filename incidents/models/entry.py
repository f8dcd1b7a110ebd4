"""The timeline of an incident: append-only, guarded by a trigger."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.fields.json import KT
from django.db.models.functions import Now

from incidents.models.incident import Incident
from systems.models import System


class EntryQuerySet(models.QuerySet):
    def visible_to(self, person):
        """All but what the portal itself wrote about a system that `person` may not see."""
        hidden = System.objects.hidden_from(person).values("slug")
        return self.annotate(about=KT("data__system")).filter(Q(about__isnull=True) | ~Q(about__in=hidden))


class Entry(models.Model):
    """What happened or was done, when and by whom (nobody: the portal itself). The incident's own audit."""

    class Kind(models.TextChoices):
        OPENED = "opened"
        DECLARED = "declared"
        JOINED = "joined", "Seen again"
        RECOVERED = "recovered"
        ACKNOWLEDGED = "acknowledged"
        MITIGATED = "mitigated"
        RESOLVED = "resolved"
        REOPENED = "reopened"
        NOTE = "note"
        TOLD = "told"
        STEP = "step", "Step of the runbook"
        CHANGED = "changed"

    incident = models.ForeignKey(Incident, models.CASCADE, related_name="timeline")
    n = models.PositiveIntegerField()
    at = models.DateTimeField(db_default=Now())
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    kind = models.CharField(max_length=14, choices=Kind)
    text = models.TextField(blank=True, max_length=10_000)
    data = models.JSONField(default=dict, blank=True)  # for machines: which alert, which step, which system

    objects = EntryQuerySet.as_manager()

    class Meta:
        ordering = ["n"]
        constraints = [models.UniqueConstraint(fields=["incident", "n"], name="entry_number_once")]

    def __str__(self):
        return f"{self.incident_id}/{self.n} {self.kind}"
