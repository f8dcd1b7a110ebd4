"""Who holds which role of a system, as a dated chain."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import ExpressionWrapper, F, Q
from django.urls import reverse

from mlops_portal.engine.texts import plain_line
from systems.models.interval import Interval


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

    def chain(self, system, role: str):
        """Who held the role of the system, the newest first."""
        return self.filter(system=system, role=role).select_related("person", "deputy").order_by("-from_at", "-pk")

    def in_use(self):
        return self.filter(system__retired_at=None)

    def with_confirm_by(self):
        """Each with `confirm_by`: when the holder has to say again that it is so, by the tier of the system."""
        due = F("confirmed_at") + Interval.objects.of_tier("system__tier")
        return self.annotate(confirm_by=ExpressionWrapper(due, models.DateTimeField()))

    def unanswered(self, at: datetime):
        """Those whose holder is out or has not confirmed in time; needs with_confirm_by()."""
        out = Q(person__is_active=False) | Q(person__until__lte=at) | Q(until__lte=at)
        return self.filter(out | Q(confirm_by__lte=at))

    def of(self, person):
        """Holdings in which `person` answers, as the holder or as the deputy."""
        return self.filter(Q(person=person) | Q(deputy=person))


class Holding(models.Model):
    """A named person in a role of a system, from a moment on, with an optional deputy.

    `to` is null while it lasts; `until` is the end that is known beforehand. `replaced_by` is the next of the chain.
    """

    system = models.ForeignKey("System", models.CASCADE, related_name="holdings")
    role = models.CharField(max_length=20, choices=Role)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="holdings")
    deputy = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="deputy_holdings"
    )
    from_at = models.DateTimeField()
    to = models.DateTimeField(null=True)
    until = models.DateTimeField(null=True, blank=True)
    replaced_by = models.OneToOneField("self", models.SET_NULL, null=True, related_name="replaces")
    note = models.CharField(max_length=300, blank=True, validators=[plain_line])
    confirmed_at = models.DateTimeField()
    deputy_asked_at = models.DateTimeField(null=True)  # since when the deputy knows that the holder is not there
    version = models.PositiveIntegerField(default=1)

    plan: Any = None  # the hand-over to come, where with_plans() has looked
    stands_in: Any = None  # the deputy who answers instead, where ownership_of() has looked

    objects = HoldingQuerySet.as_manager()

    class Meta:
        ordering = ["system", "role", "-from_at"]
        constraints = [
            models.UniqueConstraint(fields=["system", "role"], condition=Q(to=None), name="holding_one_current"),
            models.CheckConstraint(condition=Q(to=None) | Q(to__gte=F("from_at")), name="holding_forward"),
            models.CheckConstraint(condition=Q(until=None) | Q(until__gt=F("from_at")), name="holding_until_forward"),
        ]

    def __str__(self):
        return f"{self.person if self.person_id else 'nobody'}, {self.get_role_display()}"

    @property
    def ends_at(self) -> datetime | None:
        """When it is known to end: at its own end, or when the person leaves, whichever comes first."""
        return min(filter(None, [self.until, self.person.until]), default=None)

    def is_filled(self, at: datetime) -> bool:
        """Whether the holder is here at the moment: may sign in, and has not reached the known end."""
        return self.person.is_active and (self.ends_at is None or self.ends_at > at)

    def is_unanswered(self, at: datetime) -> bool:
        """Whether HoldingQuerySet.unanswered() would have it; needs with_confirm_by()."""
        return not self.is_filled(at) or self.confirm_by <= at

    def answers(self, at: datetime):
        """Return who answers at the moment: the holder who is here, else the deputy who is, else None."""
        if self.is_filled(at):
            return self.person
        return self.deputy if self.deputy and self.deputy.may_answer(at) else None

    @property
    def role_words(self) -> str:
        return self.get_role_display().lower()

    @property
    def page(self) -> str:
        """The page of the role."""
        return reverse("systems:owner", args=[self.system.slug, self.role])
