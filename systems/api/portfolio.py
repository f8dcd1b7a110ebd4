"""The portfolio for programs: the sums; the systems themselves are at `systems/`, by the same query string."""

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from mlops_portal.engine.api.permissions import Door
from mlops_portal.engine.api.views import Resource
from mlops_portal.engine.spreadsheet import csv_answer
from systems.api.permissions import ByRule
from systems.api.plans import Sum
from systems.filters import SystemFilter
from systems.models import PHASES_IN_USE, Scope, System
from systems.portfolio import portfolio_of
from systems.portfolio_rows import COLUMNS, cells, with_sums


class PhaseShape(serializers.Serializer):
    phase = serializers.ChoiceField(PHASES_IN_USE)
    systems = serializers.IntegerField()
    ready = serializers.IntegerField()
    experiment = serializers.IntegerField()
    only_research_scoped = serializers.IntegerField()


class CoveredShape(serializers.Serializer):
    title = serializers.CharField()
    count = serializers.IntegerField()
    of = serializers.IntegerField()
    share = serializers.FloatField(allow_null=True)


class CostShape(serializers.Serializer):
    """What was planned and spent on a phase, in one currency; `systems` have a budget for it."""

    phase = serializers.ChoiceField(PHASES_IN_USE)
    systems = serializers.IntegerField()
    planned = Sum()
    spent = Sum()

    def to_representation(self, cost) -> dict:
        amounts = {name: {"amount": getattr(cost, name), "currency": cost.currency} for name in ("planned", "spent")}
        return super().to_representation({"phase": cost.phase, "systems": cost.systems, **amounts})


class StepShape(serializers.Serializer):
    words = serializers.CharField(help_text="The size of the gap, as a share of the experiment's figure.")
    count = serializers.IntegerField()


class PortfolioShape(serializers.Serializer):
    """`claimed`: how many are in operations and yet at the experiment stage."""

    systems = serializers.IntegerField()
    ready = serializers.IntegerField()
    claimed = serializers.IntegerField()
    only_research_scoped = serializers.IntegerField()
    phases = PhaseShape(many=True)
    coverage = CoveredShape(many=True)
    costs = CostShape(many=True)
    reality_gaps = StepShape(many=True, source="gaps")


class Portfolio(Resource):
    """How far the systems are, who answers for them, what they cost, and what production keeps."""

    permission_classes = [ByRule]
    serializer_class = PortfolioShape
    doors = {"retrieve": Door(Scope.READ, "read")}
    parameters = {
        "retrieve": [
            OpenApiParameter("format", str, enum=["json", "csv"], description="csv: one row a system."),
            *[
                OpenApiParameter(name, str, many=name in SystemFilter.SEVERAL, description=str(one.label))
                for name, one in SystemFilter.base_filters.items()
            ],
        ]
    }

    def retrieve(self, request):
        kind = request.query_params.get("format", "json")
        found = SystemFilter(request.query_params, System.objects.visible_to(request.user).with_status())
        if not found.form.is_valid() or kind not in ("json", "csv"):
            raise ValidationError(found.form.errors or {"format": ["Either json or csv."]})
        if kind == "csv":
            rows = (cells(system) for system in with_sums(found.qs.for_list_page().defer(None)))
            return csv_answer("portfolio.csv", COLUMNS, rows, by=request.user)
        return Response(PortfolioShape(portfolio_of(found.qs)).data)
