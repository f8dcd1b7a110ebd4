"""One line of a metric: the whole, or a segment."""

from datetime import datetime
from urllib.parse import urlencode

from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, Value, When
from django.db.models.functions import Now

from monitoring.models.metric import Metric
from monitoring.models.source import Source
from systems.models import Level


class State(models.TextChoices):
    """`no_data`: we asked, nothing usable came; `error`: we could not ask; `unknown`: we did not ask, our fault."""

    OK = "ok", "OK"
    DEGRADED = "degraded"
    FAILING = "failing"
    NO_DATA = "no_data", "No data"
    ERROR = "error"
    UNKNOWN = "unknown"

    @property
    def level(self) -> Level:
        """What this state makes of a system."""
        known = {State.OK: Level.HEALTHY, State.DEGRADED: Level.DEGRADED, State.FAILING: Level.FAILING}
        return known.get(self, Level.UNKNOWN)


SHOWN = [*State.choices, (Level.UNMONITORED.value, Level.UNMONITORED.label)]  # what is said of a series


class SeriesQuerySet(models.QuerySet):
    def unjudged(self):
        return self.filter(unjudged_from__isnull=False)

    def whole(self):
        return self.filter(segment="", estimated=False)

    def with_state(self):
        """Each with `is_watched`, `state_now` and `state_now_since`: as stored, or unknown since its time ran out."""
        over = Q(good_until__lt=Now())
        word = Case(When(over, then=Value(State.UNKNOWN)), default=F("state"), output_field=models.CharField())
        since = Case(When(over, then=F("good_until")), default=F("state_since"))
        watching = self.model.monitors.rel.related_model.objects.filter(series=OuterRef("pk"))
        return self.annotate(state_now=word, state_now_since=since, is_watched=Exists(watching))

    def shown_as(self, words):
        """Those whose `shown_now` is one of the words."""
        known = self.with_state()
        watched = known.filter(is_watched=True, state_now__in=words)
        return watched | known.filter(is_watched=False) if Level.UNMONITORED in words else watched


class Series(models.Model):
    """`segment` is a canonical `name=value,…`, empty for the whole; `selector` says where in its source it is found.

    `rhythm_s` is the usual distance of its points, `unjudged_from` the time of the first point not judged yet,
    `memory` what its connector keeps from one pull to the next, such as the last stand of a counter. The hours before
    `rolled_until` are closed: their rollups stand (models/rollup.py).
    """

    metric = models.ForeignKey(Metric, models.CASCADE, related_name="series", db_index=False)  # series_once begins so
    segment = models.CharField(max_length=200, blank=True)
    estimated = models.BooleanField(default=False)
    source = models.ForeignKey(Source, models.SET_NULL, null=True, blank=True, related_name="series")
    selector = models.JSONField(default=dict, blank=True)
    memory = models.JSONField(default=dict, blank=True)
    rhythm_s = models.FloatField(null=True, blank=True)
    last_at = models.DateTimeField(null=True, blank=True)
    last_value = models.FloatField(null=True, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.UNKNOWN)
    state_since = models.DateTimeField(db_default=Now())
    sentence = models.CharField(max_length=300, default="No value has come yet.")
    good_until = models.DateTimeField(null=True, blank=True)
    unjudged_from = models.DateTimeField(null=True, blank=True)
    rolled_until = models.DateTimeField(null=True, blank=True)

    objects = SeriesQuerySet.as_manager()

    class Meta:
        ordering = ["metric", "segment"]
        verbose_name_plural = "series"
        constraints = [models.UniqueConstraint(fields=["metric", "segment", "estimated"], name="series_once")]
        indexes = [
            models.Index(fields=["unjudged_from"], condition=Q(unjudged_from__isnull=False), name="series_unjudged")
        ]

    def __str__(self):
        return f"{self.metric} · {self.segment}" if self.segment else str(self.metric)

    @property
    def called(self) -> str:
        """What it is called among the others of its metric."""
        name = self.segment or "the whole"
        return f"{name}, estimated" if self.estimated else name

    @property
    def address(self) -> str:
        """The page of its metric that shows this one."""
        return (
            f"{self.metric.get_absolute_url()}?{urlencode(self.query)}"
            if self.query
            else self.metric.get_absolute_url()
        )

    @property
    def query(self) -> dict[str, str]:
        """What of a query string says which series of its metric is meant; nothing for the whole."""
        return ({"segment": self.segment} if self.segment or self.estimated else {}) | (
            {"estimated": "1"} if self.estimated else {}
        )

    @property
    def shown_now(self) -> str:
        """The word that stands for it everywhere: its state, or that nothing watches it; after with_state()."""
        return self.state_now if self.is_watched else Level.UNMONITORED

    @property
    def shown_now_since(self) -> datetime | None:
        """Since when that is so; of what nothing watches that is not known. After with_state()."""
        return self.state_now_since if self.is_watched else None

    @property
    def level_now(self) -> Level:
        """What it makes of a system; after with_state()."""
        return State(self.state_now).level if self.is_watched else Level.UNMONITORED
