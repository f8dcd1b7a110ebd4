"""Times in which it is known beforehand that a system is worked on."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from systems.models import System


class MaintenanceQuerySet(models.QuerySet):
    def at(self, moment):
        """Those that hold at the moment."""
        return self.filter(from_at__lte=moment, to_at__gt=moment)

    def visible_to(self, person):
        return self.filter(system__in=System.objects.visible_to(person))


class Maintenance(models.Model):
    """From when to when, why, and who said so: alerts of that time open no incident. One that ends early: `to_at`."""

    system = models.ForeignKey(System, models.CASCADE, related_name="maintenance")
    from_at = models.DateTimeField()
    to_at = models.DateTimeField()
    why = models.CharField(max_length=300)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    objects = MaintenanceQuerySet.as_manager()

    class Meta:
        ordering = ["-from_at", "-pk"]
        verbose_name_plural = "maintenance"
        constraints = [models.CheckConstraint(condition=Q(to_at__gte=F("from_at")), name="maintenance_forward")]
        indexes = [models.Index(fields=["system", "to_at"], name="maintenance_of_system")]

    def __str__(self):
        return f"{self.system}: {self.why}"

    def holds_at(self, moment) -> bool:
        return self.from_at <= moment < self.to_at
