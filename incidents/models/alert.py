"""Which incident an alert belongs to."""

from django.db import models

from incidents.models.incident import Incident
from monitoring.models import Alert


class IncidentAlertQuerySet(models.QuerySet):
    def still_open(self):
        return self.filter(alert__cleared_at=None)

    def visible_to(self, person):
        return self.filter(alert__in=Alert.objects.visible_to(person))

    def with_alert(self):
        """With all that the alert's sentence, role and links ask for."""
        origin = ("monitor__series__metric__system", "monitor__source__system")
        return self.select_related("alert", *(f"alert__{way}" for way in origin))


class IncidentAlert(models.Model):
    """An alert is in one incident, for good; `recovered_at` is when the timeline was told that it had cleared."""

    alert = models.OneToOneField(Alert, models.CASCADE, related_name="membership")
    incident = models.ForeignKey(Incident, models.CASCADE, related_name="memberships")
    joined_at = models.DateTimeField()
    recovered_at = models.DateTimeField(null=True, blank=True)

    objects = IncidentAlertQuerySet.as_manager()

    class Meta:
        ordering = ["joined_at", "pk"]

    def __str__(self):
        return f"{self.alert} in {self.incident}"
