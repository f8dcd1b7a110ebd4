"""The incident report for programs."""

from dataclasses import asdict

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from incidents.reports import COLUMNS, DAYS, RangeForm, report_for, rows
from mlops_portal.engine.api.permissions import Door
from mlops_portal.engine.api.views import Resource
from mlops_portal.engine.spreadsheet import csv_answer
from systems.api.permissions import ByRule
from systems.models import Scope


class FigureShape(serializers.Serializer):
    median_h = serializers.FloatField(allow_null=True)
    p90_h = serializers.FloatField(allow_null=True)
    n = serializers.IntegerField(help_text="How many could be measured.")
    of = serializers.IntegerField()


class MeasureShape(FigureShape):
    key = serializers.CharField()
    definition = serializers.CharField()


class GroupShape(serializers.Serializer):
    key = serializers.CharField()
    count = serializers.IntegerField()
    by_monitoring = serializers.IntegerField()
    noticing = FigureShape()


class OftenShape(serializers.Serializer):
    system = serializers.CharField()
    name = serializers.CharField()
    count = serializers.IntegerField()


class ReportShape(serializers.Serializer):
    """What the incidents declared in the last `days` teach; times in hours."""

    days = serializers.IntegerField()
    incidents = serializers.IntegerField()
    unresolved = serializers.IntegerField()
    by_monitoring = serializers.IntegerField()
    share_by_monitoring = serializers.FloatField(allow_null=True)
    severities = serializers.DictField(child=serializers.IntegerField())
    noticed = serializers.DictField(child=serializers.IntegerField())
    measures = MeasureShape(many=True)
    topics = GroupShape(many=True)
    months = GroupShape(many=True)
    systems = OftenShape(many=True)


def _one_of(name: str, values: list[str], text: str) -> OpenApiParameter:
    return OpenApiParameter(name, str, enum=values, description=text)


class Report(Resource):
    """Who noticed, how late, and how long each step took."""

    permission_classes = [ByRule]
    serializer_class = ReportShape
    doors = {"retrieve": Door(Scope.READ, "read")}
    parameters = {
        "retrieve": [
            _one_of("days", [days for days, _ in DAYS], "How far back; 90 unless said."),
            _one_of("format", ["json", "csv"], "csv: one row an incident, for a spreadsheet."),
        ]
    }

    def retrieve(self, request):
        form = RangeForm(request.query_params)
        kind = request.query_params.get("format", "json")
        if not form.is_valid() or kind not in ("json", "csv"):
            raise ValidationError(form.errors or {"format": ["Either json or csv."]})
        asked = {"days": form.cleaned_data["days"], "at": timezone.now()}
        if kind == "csv":
            return csv_answer("incidents.csv", COLUMNS, rows(request.user, **asked), by=request.user)
        return Response(ReportShape(_plain(report_for(request.user, **asked))).data)


def _plain(report: dict) -> dict:
    measures = [asdict(figure) | {"key": one.key, "definition": one.definition} for one, figure in report["measures"]]
    noticed = {how: count for how, _, count in report["noticed"]}
    return report | {"severities": dict(report["severities"]), "noticed": noticed, "measures": measures}
