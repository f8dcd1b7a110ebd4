"""How a backtest looks to programs, and what it takes from them."""

from rest_framework import serializers

from mlops_portal.engine.api.fields import Moment
from mlops_portal.engine.api.serializers import Strict


class BacktestAsked(Strict):
    """Left out: the settings that it has, the year until now."""

    settings = serializers.DictField(required=False)
    to = Moment(required=False)

    def get_fields(self) -> dict:
        return super().get_fields() | {"from": Moment(required=False)}


class NoticedShape(serializers.Serializer):
    """One alarm: when it would have been told, and since when, by then, it was so."""

    onset_at = Moment()
    told_at = Moment(help_text="Time of the value with which it would have been told.")
    over_at = Moment(allow_null=True)
    before = serializers.FloatField(source="reading.before", default=None, allow_null=True)
    level = serializers.FloatField(source="reading.level")
    size = serializers.FloatField(allow_null=True, help_text="In the metric's unit; null of a limit.")
    sentence = serializers.CharField()


class BacktestShape(serializers.Serializer):
    """`points` were judged, until `judged_until`: before `to` only where the time for it ran out."""

    to = Moment(source="to_at")
    judged_until = Moment()
    points = serializers.IntegerField()
    step_s = serializers.IntegerField(allow_null=True, help_text="Seconds of the windows that stand for points.")
    lag_s = serializers.SerializerMethodField(help_text="Seconds after its own time at which a value usually comes.")
    found = NoticedShape(many=True)

    def get_lag_s(self, done) -> int:
        return int(done.lag.total_seconds())

    def get_fields(self) -> dict:
        return {"from": Moment(source="from_at")} | super().get_fields()
