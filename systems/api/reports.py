"""Reports about the registry, for programs."""

from rest_framework import serializers

from mlops_portal.engine.api.fields import Moment
from mlops_portal.engine.api.permissions import Door
from mlops_portal.engine.api.views import Resource
from systems.api.permissions import ByRule
from systems.gaps import GAPS, GapFilter, facts, failing
from systems.models import Outcome, Scope


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
        return failing(self.request.user)

    def paginate_queryset(self, rows):
        return [self._absolute(facts(row)) for row in super().paginate_queryset(rows)]

    def _absolute(self, gap: dict) -> dict:
        return gap | {"page": self.request.build_absolute_uri(gap["page"])}
