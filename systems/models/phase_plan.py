"""What a phase of a system is to take and to cost, and the money that was spent on it."""

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Sum

from systems.models.phase import PHASES_IN_USE


class PhasePlanQuerySet(models.QuerySet):
    def with_money(self):
        """Each with `granted`, what was planned on top of its budget, and `spent`; None where there is no entry."""
        granted = Sum("money__amount", filter=Q(money__kind=Money.Kind.PLANNED))
        return self.annotate(granted=granted, spent=Sum("money__amount", filter=Q(money__kind=Money.Kind.SPENT)))

    def scoped(self):
        """Those with both dates, a budget and an exit criterion."""
        granted = Exists(Money.objects.filter(plan=OuterRef("pk"), kind=Money.Kind.PLANNED))
        dated = self.filter(planned_from__isnull=False, planned_to__isnull=False, exit__gt="")
        return dated.filter(Q(budget__isnull=False) | granted)


class PhasePlan(models.Model):
    """One phase of a system as planned. All its money is in one `currency`, empty while there is none.

    `actual_from` and `actual_to` are told by people where no decision to move says it (systems/plans.py).
    """

    system = models.ForeignKey("System", models.CASCADE, related_name="phase_plans")
    phase = models.CharField(max_length=12, choices=PHASES_IN_USE)
    planned_from = models.DateField(null=True, blank=True)
    planned_to = models.DateField(null=True, blank=True)
    actual_from = models.DateField(null=True, blank=True)
    actual_to = models.DateField(null=True, blank=True)
    budget = models.DecimalField(max_digits=15, decimal_places=2, null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    exit = models.TextField(max_length=1000, blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = PhasePlanQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["system", "phase"], name="phase_plan_once"),
            models.CheckConstraint(
                condition=Q(planned_from=None) | Q(planned_to=None) | Q(planned_to__gte=F("planned_from")),
                name="phase_plan_forward",
            ),
            models.CheckConstraint(condition=Q(budget=None) | Q(budget__gte=0), name="phase_plan_budget"),
            models.CheckConstraint(condition=Q(budget=None) | ~Q(currency=""), name="phase_plan_currency"),
        ]

    def __str__(self):
        return f"{self.get_phase_display()} of {self.system}"

    @property
    def planned(self) -> Decimal | None:
        """What the phase may cost in all: its budget and what was granted later; needs with_money()."""
        said = [amount for amount in (self.budget, self.granted) if amount is not None]
        return sum(said, Decimal()) if said else None


class Money(models.Model):
    """An amount that was spent on a phase, or planned on top of its budget, on a day; in the currency of the plan."""

    class Kind(models.TextChoices):
        SPENT = "spent"
        PLANNED = "planned"

    plan = models.ForeignKey(PhasePlan, models.CASCADE, related_name="money")
    kind = models.CharField(max_length=7, choices=Kind)
    on = models.DateField()
    amount = models.DecimalField(max_digits=15, decimal_places=2)
    note = models.CharField(max_length=300, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["-on", "-pk"]
        constraints = [models.CheckConstraint(condition=Q(amount__gte=0), name="money_not_negative")]

    def __str__(self):
        return f"{self.amount} {self.kind} on {self.on}"
