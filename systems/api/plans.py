"""Phases and money of a system, for programs."""

from types import SimpleNamespace

from django.shortcuts import get_object_or_404
from django.utils import timezone
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from mlops_portal.engine.api.fields import Amount, Choice, Day, Moment, Text
from mlops_portal.engine.api.permissions import Door
from mlops_portal.engine.api.serializers import Strict
from systems.actions.plans import DoesNotFit, add_money, remove_money, set_plan
from systems.api.promise_shapes import OfSystemShape
from systems.api.promises import Promise
from systems.models import PHASES_IN_USE, Money, PhasePlan, Scope
from systems.plans import standing_of


class Sum(Strict):
    amount = Amount()
    currency = Text(max_length=3)


def _sum(amount, currency: str) -> dict | None:
    return None if amount is None else {"amount": amount, "currency": currency}


class PhasePlanShape(OfSystemShape):
    """`budget` is what was planned at first, `planned` that and what was granted later, `spent` what was paid."""

    api_name = page_name = "phase-plan"
    phase = serializers.ChoiceField(PHASES_IN_USE, read_only=True)
    planned_from = Day(required=False, allow_null=True)
    planned_to = Day(required=False, allow_null=True)
    actual_from = Day(required=False, allow_null=True, help_text="Read only where a decision to move says it.")
    actual_to = Day(required=False, allow_null=True, help_text="Read only where a decision to move says it.")
    budget = Sum(required=False, allow_null=True)
    exit = Text(
        required=False, allow_blank=True, trim_whitespace=False, help_text="What must be so before it moves on."
    )
    planned = Sum(read_only=True, allow_null=True)
    spent = Sum(read_only=True, allow_null=True)
    days_late = serializers.IntegerField(read_only=True)
    over_budget = Sum(read_only=True, allow_null=True)
    lacks = serializers.ListField(child=serializers.CharField(), read_only=True)
    version = serializers.IntegerField(read_only=True)

    def own_arguments(self, row) -> list:
        return [row.system.slug, row.phase]

    page_arguments = own_arguments

    def to_representation(self, plan: PhasePlan):
        now = standing_of(plan.system, plan.phase)
        told = ("planned_from", "planned_to", "actual_from", "actual_to", "exit", "days_late", "lacks")
        sums = {"budget": now.plan and now.plan.budget, "planned": now.planned, "spent": now.spent}
        sums["over_budget"] = now.over or None
        shown = {name: _sum(amount, now.currency) for name, amount in sums.items()}
        shown |= {name: getattr(now, name) for name in told} | {"version": now.plan.version if now.plan else 0}
        return super().to_representation(SimpleNamespace(system=plan.system, phase=plan.phase, **shown))


class MoneyShape(OfSystemShape):
    api_name = "money-entry"
    page_name = "phase-plan"
    id = serializers.CharField(source="pk", read_only=True)
    phase = Choice(PHASES_IN_USE, source="plan.phase")
    kind = Choice(Money.Kind.choices)
    on = Day()
    amount = Amount()
    currency = Text(max_length=3, source="plan.currency")
    note = Text(required=False, allow_blank=True, trim_whitespace=False)
    by = serializers.CharField(source="by.username", read_only=True, allow_null=True)
    at = Moment(read_only=True)

    def own_arguments(self, row) -> list:
        return [row.plan.system.slug, row.pk]

    def page_arguments(self, row) -> list:
        return [row.plan.system.slug, row.plan.phase]


class PhasePlans(Promise):
    """One of the three phases: its plan, and what became of it."""

    queryset = PhasePlan.objects.all()
    serializer_class = PhasePlanShape
    versioned = ("update",)
    doors = {
        "retrieve": Door(Scope.READ, "read"),
        "update": Door(Scope.WRITE, "plan.write", takes=PhasePlanShape),
    }

    def get_object(self) -> PhasePlan:
        return PhasePlan(system=self.system, phase=self.kwargs["phase"])

    def update(self, request, slug, phase) -> Response:
        facts = self.asked()
        facts |= {"budget": None} | _flat(facts.pop("budget", None))
        try:
            plan = set_plan(
                system=self.system, phase=phase, by=request.user, at=timezone.now(), seen=self.seen, **facts
            )
        except DoesNotFit as misfit:
            paths = {"budget": "budget.amount", "currency": "budget.currency"}
            raise ValidationError({paths.get(name, name): [text] for name, text in misfit.errors.items()}) from None
        return self.answer(plan)


def _flat(budget: dict | None) -> dict:
    return {"budget": budget["amount"], "currency": budget["currency"]} if budget else {}


class MoneyEntries(Promise):
    """What was spent on the phases, or planned on top of their budgets; the newest day first."""

    queryset = Money.objects.select_related("plan__system", "by")
    serializer_class = MoneyShape
    lookup_url_kwarg = "money"
    doors = {
        "list": Door(Scope.READ, "read"),
        "retrieve": Door(Scope.READ, "read"),
        "create": Door(Scope.WRITE, "plan.write", takes=MoneyShape, status=201),
        "destroy": Door(Scope.WRITE, "plan.write", status=204),
    }

    def get_queryset(self):
        return self.queryset.filter(plan__system=self.system)

    def create(self, request, slug) -> Response:
        facts = self.asked()
        facts |= facts.pop("plan")
        try:
            entry = add_money(system=self.system, by=request.user, at=timezone.now(), **facts)
        except DoesNotFit as misfit:
            raise ValidationError({name: [text] for name, text in misfit.errors.items()}) from None
        return self.answer(entry, created=True)

    def destroy(self, request, slug, money) -> Response:
        """Take out an entry that was wrong; the history of the system keeps what it said."""
        self.check_object_permissions(request, self.system)
        remove_money(entry=get_object_or_404(self.get_queryset(), pk=money), by=request.user, at=timezone.now())
        return Response(status=204)
