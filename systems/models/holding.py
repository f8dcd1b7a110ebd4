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

    @property
    def meaning(self) -> str:
        """What the person in this role answers for, in one sentence."""
        return {
            Role.PRODUCT_OWNER: "Is accountable: what the system is for, and whether it may run.",
            Role.MODEL_OWNER: "Answers for the model: how good it is, and when it is trained again.",
            Role.SERVICE_OWNER: "Answers for the service that gives the predictions.",
            Role.OPERATIONS_OWNER: "Answers for its running day and night: on-call and runbook.",
            Role.DATA_OWNER: "Answers for the data that it receives.",
        }[self]


class HoldingQuerySet(models.QuerySet):
    def current(self):
        return self.filter(to=None)

    def of(self, person):
        """Holdings in which `person` answers, as the holder or as the deputy."""
        return self.filter(Q(person=person) | Q(deputy=person))


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
