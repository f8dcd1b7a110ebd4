"""An incident: what went wrong, when each thing about it happened, and who did it."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.urls import reverse

from systems.models import System


class Severity(models.TextChoices):
    SEV1 = "sev1", "SEV 1"
    SEV2 = "sev2", "SEV 2"
    SEV3 = "sev3", "SEV 3"
    SEV4 = "sev4", "SEV 4"


class IncidentQuerySet(models.QuerySet):
    def unresolved(self):
        return self.filter(resolved_at=None)

    def visible_to(self, person):
        """Incidents that touch no system, or at least one that `person` may see."""
        seen = System.objects.visible_to(person).values("pk")
        return self.filter(Q(systems=None) | Q(systems__in=seen)).distinct()

    def for_list_page(self):
        return self.prefetch_related("systems").select_related("acknowledged_by", "resolved_by")

    def open_first(self):
        return self.order_by(models.F("resolved_at").asc(nulls_first=True), "-declared_at")


def _who(name: str) -> models.ForeignKey:
    return models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name=name)


class Incident(models.Model):
    """Each stamp is set once, by its event; `cause` names what it is about, `system:portal` for one."""

    class NoticedHow(models.TextChoices):
        MONITOR = "monitor"
        ON_CALL = "on_call", "On-call engineer"
        DATA_SCIENTIST = "data_scientist", "Data scientist"
        USER_REPORT = "user_report", "User report"
        BUSINESS_METRIC = "business_metric", "Business metric"
        OTHER = "other"

    class State(models.TextChoices):
        OPEN = "open"
        ACKNOWLEDGED = "acknowledged"
        MITIGATED = "mitigated"
        RESOLVED = "resolved"

    number = models.PositiveIntegerField(unique=True)
    cause = models.CharField(max_length=120, blank=True)
    title = models.CharField(max_length=200)
    severity = models.CharField(max_length=4, choices=Severity)
    systems = models.ManyToManyField(System, through="IncidentSystem", related_name="incidents")
    by_alert = models.BooleanField(default=False)
    noticed_how = models.CharField(max_length=16, choices=NoticedHow)
    noticed_by = _who("noticed_incidents")
    impact_started_at = models.DateTimeField(null=True, blank=True)
    first_visible_at = models.DateTimeField(null=True, blank=True)
    noticed_at = models.DateTimeField()
    declared_at = models.DateTimeField(db_default=Now())
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = _who("acknowledged_incidents")
    mitigated_at = models.DateTimeField(null=True, blank=True)
    mitigated_by = _who("mitigated_incidents")
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = _who("resolved_incidents")
    version = models.PositiveIntegerField(default=1)

    objects = IncidentQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["cause"], condition=Q(by_alert=True, resolved_at=None), name="incident_one_per_cause"
            ),
            *[
                models.CheckConstraint(
                    condition=Q(**{f"{step}_at": None, f"{step}_by": None})
                    | Q(**{f"{step}_at__isnull": False, f"{step}_by__isnull": False}),
                    name=f"incident_{step}_when_and_who",
                )
                for step in ("acknowledged", "mitigated", "resolved")
            ],
        ]

    def __str__(self):
        return f"#{self.number} {self.title}"

    def get_absolute_url(self) -> str:
        return reverse("incidents:detail", args=[self.number])

    @property
    def state(self) -> str:
        """The furthest step that was taken (Incident.State)."""
        for step in (self.State.RESOLVED, self.State.MITIGATED, self.State.ACKNOWLEDGED):
            if getattr(self, f"{step.value}_at"):
                return step
        return self.State.OPEN


class IncidentSystem(models.Model):
    incident = models.ForeignKey(Incident, models.CASCADE)
    system = models.ForeignKey(System, models.PROTECT)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["incident", "system"], name="incident_system_once")]

    def __str__(self):
        return f"{self.incident} touches {self.system}"
