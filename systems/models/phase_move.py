"""The decisions by which a system came from phase to phase."""

from django.conf import settings
from django.db import models

from systems.models.phase import Phase
from systems.models.system import System


class PhaseMove(models.Model):
    """Somebody decided it, with the gaps in `accepted` open: a list of {key, why} as they read that day."""

    system = models.ForeignKey(System, models.CASCADE, related_name="phase_moves")
    from_phase = models.CharField(max_length=12, choices=Phase)
    to_phase = models.CharField(max_length=12, choices=Phase)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    note = models.CharField(max_length=300, blank=True)
    accepted = models.JSONField(default=list)

    class Meta:
        ordering = ["-at", "-pk"]

    def __str__(self):
        return f"{self.system}: {self.from_phase} to {self.to_phase}"
