"""Metrics and their values."""

from dataclasses import replace

from django.core.exceptions import ValidationError as NotValid
from django.db import transaction
from django.db.models import Prefetch
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from mlops_portal.engine.api.errors import Conflict
from mlops_portal.engine.api.fields import Moment
from mlops_portal.engine.api.paging import Newest
from mlops_portal.engine.api.permissions import Door
from mlops_portal.engine.api.views import Resource
from monitoring.actions.baselines import set_baseline
from monitoring.actions.metrics import AlreadyWatched, Watch, add_metrics, edit_metric, remove_metric
from monitoring.api import shapes
from monitoring.api.sources import OfASystem
from monitoring.drawing.bands import Band, bands_of, normals_of
from monitoring.filters import MetricFilter
from monitoring.models import Baseline, Maturity, Metric, Point, Series
from monitoring.store.windows import Gathered, Window, points_between
from systems.access import require
from systems.api.permissions import ByRule
from systems.models import ModelVersion, Scope

BASELINE_OF = {"value": "baseline", "spread": "baseline_spread", "reason": "baseline_reason"}  # names of a Watch
SHORTEST_STEP_S, LONGEST_STEP_S = 60, 400 * 86400


def _shown(metrics):
    rows = Series.objects.with_state().prefetch_related("baselines").order_by("segment", "estimated")
    return metrics.select_related("system").prefetch_related(Prefetch("series", rows, to_attr="series_shown"))


class Metrics(OfASystem):
    queryset = Metric.objects.order_by("-pk")
    serializer_class = shapes.MetricShape
    filterset_class = MetricFilter
    lookup_url_kwarg = "metric_id"
    versioned = ("partial_update", "destroy")
    doors = {
        "list": Door(Scope.READ, "read"),
        "retrieve": Door(Scope.READ, "read"),
        "create": Door(Scope.WRITE, "system.edit", takes=shapes.NewMetric, status=201),
        "partial_update": Door(Scope.WRITE, "system.edit", takes=shapes.MetricChange),
        "destroy": Door(Scope.WRITE, "system.edit", status=204),
    }

    def get_queryset(self):
        return _shown(super().get_queryset()).visible_to(self.request.user)

    def paginate_queryset(self, queryset):
        rows = super().paginate_queryset(queryset)
        self.normals = normals_of([series for metric in rows for series in metric.series_shown])
        return rows

    def get_serializer_context(self) -> dict:
        return super().get_serializer_context() | {"normals": getattr(self, "normals", None)}

    def represent(self, row) -> dict:
        return super().represent(_shown(Metric.objects).get(pk=row.pk))

    def create(self, request) -> Response:
        facts = self.given()
        system = facts.pop("system")
        require(request.user, "system.edit", system)
        source, parts, expected = facts.pop("source", None), facts.pop("segments", []), facts.pop("baseline", {})
        watches = [_watch(facts, segment) for segment in ["", *parts]]
        watches[0] = replace(watches[0], **{BASELINE_OF[name]: value for name, value in expected.items()})
        try:
            series = add_metrics(system=system, watches=watches, source=source, by=request.user, at=timezone.now())
        except AlreadyWatched as already:
            raise Conflict(str(already), self.represent(already.metric)["url"]) from None
        return self.answer(series[0].metric, created=True)

    def partial_update(self, request, metric_id) -> Response:
        metric = self.get_object()
        facts, now = self.given(metric), timezone.now()
        expected = facts.pop("baseline", None)
        try:
            with transaction.atomic():
                edited = edit_metric(metric=metric, by=request.user, at=now, seen=self.seen, **facts)
                if expected:
                    whole = get_object_or_404(Series.objects.whole(), metric=edited)
                    set_baseline(whole, origin=Baseline.Origin.EXPERIMENT, by=request.user, at=now, **expected)
        except NotValid as wrong:
            raise ValidationError({"target": wrong.messages}) from None
        return self.answer(edited)

    def destroy(self, request, metric_id) -> Response:
        """Stop watching it, and forget its values."""
        remove_metric(metric=self.get_object(), by=request.user, at=timezone.now(), seen=self.seen)
        return Response(status=204)


def _watch(facts: dict, segment: str) -> Watch:
    selector = facts.get("selector", {}) | ({"segment": segment} if segment else {})
    return Watch(**facts | {"selector": selector, "segment": segment})


def _parameter(name: str, schema: dict, text: str) -> OpenApiParameter:
    return OpenApiParameter(name, schema, description=text)


class Points(Resource):
    """The values of one series, newest first, from `from` on and before `to`; with `step` gathered into windows."""

    permission_classes = [ByRule]
    queryset = Point.objects.all()
    serializer_class = shapes.PointShape
    pagination_class = Newest
    doors = {"list": Door(Scope.READ, "read", gives=shapes.PointOrWindow)}
    time = {"type": "string", "format": "date-time"}
    parameters = {
        "list": [
            _parameter("segment", {"type": "string", "maxLength": 200}, "Left out: the whole."),
            _parameter("from", time, "RFC 3339, with an offset."),
            _parameter("to", time, "RFC 3339, with an offset."),
            _parameter(
                "step",
                {"type": "integer", "minimum": SHORTEST_STEP_S, "maximum": LONGEST_STEP_S},
                "Seconds of a window; the answer then holds {at, mean, min, max, samples, points}.",
            ),
            _parameter("band", {"type": "boolean"}, "Whether it is said between which values each is normal."),
        ]
    }

    def list(self, request, metric_id) -> Response:
        """Return one page of values, or of windows."""
        metric = get_object_or_404(Metric.objects.visible_to(request.user), pk=metric_id)
        series = get_object_or_404(metric.series, segment=request.query_params.get("segment", ""), estimated=False)
        begin, end, step_s, with_band = self._moment("from"), self._moment("to"), self._step(), self._with_band()
        if step_s:
            rows = [_window(row) for row in self.paginate_queryset(Gathered([series.pk], begin, end, step_s))]
        else:
            rows = _points(metric, self.paginate_queryset(points_between(series, begin, end).order_by("-at")))
        band = bands_of([series]).get(series.pk) if with_band else None
        rows = [row | _edges(band, row, of_samples=not step_s) for row in rows]
        shape = shapes.WindowShape if step_s else shapes.PointShape
        return self.get_paginated_response(shape(rows, many=True).data)

    def _moment(self, name: str):
        given = self.request.query_params.get(name)
        try:
            return Moment().run_validation(given) if given is not None else None
        except ValidationError as error:
            raise ValidationError({name: error.detail}) from None

    def _with_band(self) -> bool:
        given = self.request.query_params.get("band", "false")
        if given not in ("true", "false"):
            raise ValidationError({"band": ["true or false."]})
        return given == "true"

    def _step(self) -> int | None:
        given = self.request.query_params.get("step")
        if given is None:
            return None
        is_number = given.isascii() and given.isdecimal() and len(given) < 10
        if not is_number or not SHORTEST_STEP_S <= int(given) <= LONGEST_STEP_S:
            raise ValidationError({"step": [f"A whole number of seconds from {SHORTEST_STEP_S} to {LONGEST_STEP_S}."]})
        return int(given)


def _edges(band: Band | None, row: dict, *, of_samples: bool) -> dict:
    """Return between which values a row is normal; nulls while that is not known, or not asked for."""
    edges = band.at(row["at"], float((of_samples and row["samples"]) or 0)) if band else None
    return dict(zip(("normal_low", "normal_high"), edges or (None, None), strict=True))


def _window(window: Window) -> dict:
    known = {name: getattr(window, name) for name in ("at", "mean", "min", "max", "points")}
    return known | {"samples": window.samples if window.is_counted else None}


def _points(metric: Metric, points) -> list[dict]:
    wanted = {point.model_version for point in points if point.model_version}
    names = dict(ModelVersion.objects.filter(system=metric.system_id, pk__in=wanted).values_list("pk", "name"))
    return [
        {
            "at": point.at,
            "value": point.value,
            "samples": point.samples or None,
            "maturity": Maturity(point.maturity).name.lower(),
            "version": names.get(point.model_version),
        }
        for point in points
    ]
