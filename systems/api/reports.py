"""Reports about the registry, for programs."""

from django.utils import timezone
from rest_framework import serializers

from mlops_portal.engine.api.fields import Moment
from mlops_portal.engine.api.permissions import Door
from mlops_portal.engine.api.views import Resource
from systems import due_drills
from systems.api.permissions import ByRule
from systems.gaps import GAPS, GapFilter, facts, failing
from systems.models import Outcome, Scope, Situation, System


class GapShape(serializers.Serializer):
    """One failing check of one system."""

    gap = serializers.ChoiceField(list(GAPS.items()))
    topic = serializers.CharField()
    check = serializers.CharField()
    system = serializers.CharField()
    team = serializers.CharField()
    tier = serializers.IntegerField()
    since = Moment()
    why = serializers.CharField()
    asks = serializers.CharField()
    page = serializers.URLField()


class Gaps(Resource):
    """Every failing check, the longest first."""

    permission_classes = [ByRule]
    queryset = Outcome.objects.none()
    serializer_class = GapShape
    filterset_class = GapFilter
    doors = {"list": Door(Scope.READ, "read")}

    def get_queryset(self):
        return failing(self.request.user).select_related("system__team")

    def paginate_queryset(self, rows):
        return [self._absolute(facts(row)) for row in super().paginate_queryset(rows)]

    def _absolute(self, gap: dict) -> dict:
        return gap | {"page": self.request.build_absolute_uri(gap["page"])}


class DueShape(serializers.Serializer):
    """A situation that a system has to try: `due_on` is null for what is due now and has no day."""

    due_on = serializers.DateField(allow_null=True)
    system = serializers.CharField()
    team = serializers.CharField()
    tier = serializers.IntegerField()
    situation = serializers.ChoiceField(Situation.choices)
    standing = serializers.CharField(help_text="never tried, did not hold, late or holds")
    last_at = Moment(allow_null=True)
    incident = serializers.IntegerField(allow_null=True)
    rate = serializers.FloatField(allow_null=True)
    page = serializers.URLField()


class DueDrills(Resource):
    """What has to be tried by when in all systems that the caller sees: what is due now first, then by day."""

    permission_classes = [ByRule]
    queryset = System.objects.none()
    serializer_class = DueShape
    filterset_class = due_drills.DueFilter
    doors = {"list": Door(Scope.READ, "read")}

    def get_queryset(self):
        return System.objects.visible_to(self.request.user).in_use().select_related("team")

    def paginate_queryset(self, systems):
        rows = due_drills.due_drills(systems, today=timezone.now().date())
        return [self._absolute(due_drills.facts(row)) for row in super().paginate_queryset(rows)]

    def _absolute(self, row: dict) -> dict:
        return row | {"page": self.request.build_absolute_uri(row["page"])}
