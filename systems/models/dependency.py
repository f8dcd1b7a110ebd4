"""What a system cannot do without: other systems, and feeds."""

from django.db import models
from django.db.models import F, Q

from systems.models.feed import Feed
from systems.models.system import System


class DependencyQuerySet(models.QuerySet):
    def seen_by(self, person):
        """Those that `person` may know of: what is hidden from them stays hidden at either end."""
        if person.sees_every_system:
            return self
        seen = System.objects.visible_to(person).values("pk")
        return self.filter(Q(on_system=None) | Q(on_system__in=seen), system__in=seen)


class Dependency(models.Model):
    """`system` needs another system, or a feed; circles are refused by the action."""

    system = models.ForeignKey(System, models.CASCADE, related_name="dependencies")
    on_system = models.ForeignKey(System, models.CASCADE, null=True, blank=True, related_name="dependents")
    on_feed = models.ForeignKey(Feed, models.PROTECT, null=True, blank=True, related_name="dependencies")

    objects = DependencyQuerySet.as_manager()

    class Meta:
        ordering = ["system", "on_feed__slug", "on_system__slug"]
        constraints = [
            models.CheckConstraint(
                condition=Q(on_system=None, on_feed__isnull=False) | Q(on_system__isnull=False, on_feed=None),
                name="dependency_on_one",
            ),
            models.CheckConstraint(condition=~Q(system=F("on_system")), name="dependency_on_another"),
            models.UniqueConstraint(fields=["system", "on_system"], name="dependency_on_system_once"),
            models.UniqueConstraint(fields=["system", "on_feed"], name="dependency_on_feed_once"),
        ]

    def __str__(self):
        return f"{self.system} needs {self.on_system or self.on_feed}"
