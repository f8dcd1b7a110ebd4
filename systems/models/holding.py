"""Who holds which role of a system, as a dated chain."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q


class Role(models.TextChoices):
    PRODUCT_OWNER = "product_owner", "Product owner"
    MODEL_OWNER = "model_owner", "Model owner"
    SERVICE_OWNER = "service_owner", "Service owner"
    OPERATIONS_OWNER = "operations_owner", "Operations owner"
    DATA_OWNER = "data_owner", "Data owner"


class HoldingQuerySet(models.QuerySet):
    def current(self):
        return self.filter(to=None)


class Holding(models.Model):
    """A named person in a role of a system, from a day on, with an optional deputy; `to` is null while it lasts."""

    system = models.ForeignKey("System", models.CASCADE, related_name="holdings")
    role = models.CharField(max_length=20, choices=Role)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="holdings")
    deputy = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="deputy_holdings"
    )
    from_at = models.DateTimeField()
    to = models.DateTimeField(null=True)
    note = models.CharField(max_length=300, blank=True)
    confirmed_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    objects = HoldingQuerySet.as_manager()

    class Meta:
        ordering = ["system", "role", "-from_at"]
        constraints = [
            models.UniqueConstraint(fields=["system", "role"], condition=Q(to=None), name="holding_one_current"),
            models.CheckConstraint(condition=Q(to=None) | Q(to__gte=F("from_at")), name="holding_forward"),
        ]

    def __str__(self):
        return f"{self.person}, {self.get_role_display()}"
