"""A role that goes on to somebody on a day to come."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from mlops_portal.engine.texts import plain_line
from systems.models.holding import Role


class HandOverQuerySet(models.QuerySet):
    def in_use(self):
        return self.filter(system__retired_at=None)

    def with_people(self):
        return self.select_related("person", "deputy", "by")


class HandOver(models.Model):
    """That `person` takes a role over at `from_at`, as planned beforehand; gone when it was done or called off.

    The rest is what the holding will have. What became of each stands in the audit trail.
    """

    system = models.ForeignKey("System", models.CASCADE, related_name="hand_overs")
    role = models.CharField(max_length=20, choices=Role)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    deputy = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    from_at = models.DateTimeField(db_index=True)
    until = models.DateTimeField(null=True, blank=True)
    note = models.CharField(max_length=300, blank=True, validators=[plain_line])
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    version = models.PositiveIntegerField(default=1)

    objects = HandOverQuerySet.as_manager()

    class Meta:
        ordering = ["from_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["system", "role"], name="hand_over_one_planned"),
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gt=models.F("from_at")), name="hand_over_forward"
            ),
        ]

    def __str__(self):
        return f"{self.person}, {self.get_role_display()}"

    @property
    def role_words(self) -> str:
        return self.get_role_display().lower()

    @property
    def page(self) -> str:
        """The page of the role."""
        return reverse("systems:owner", args=[self.system.slug, self.role])
