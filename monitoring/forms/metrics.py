"""What people say about a metric."""

from django import forms

from monitoring.actions.monitors import BadMonitor, bounds_of_baseline
from monitoring.models import Baseline, Metric, Monitor, Series
from systems.forms.versioned import Versioned

FACTS = ("name", "means", "unit", "kind", "scale", "direction", "target", "leading")


class MetricForm(Versioned, forms.ModelForm):
    """What a metric is."""

    class Meta:
        model = Metric
        fields = list(FACTS)
        labels = {"means": "What it tells", "kind": "Kind", "scale": "Values are", "direction": "Better"}
        help_texts = {
            "name": "As people call it.",
            "means": "One plain sentence for who does not know the word: “The share of …”.",
            "unit": "Such as ms; empty for a share.",
            "kind": "It says who is told: quality the model owner, service the service owner, data the data owner.",
            "target": "The value that is best, where being near it is.",
        }

    leading = forms.BooleanField(
        label="It stands for the system in lists and on its page, instead of the present leading metric", required=False
    )

    def clean(self):
        said = super().clean()
        if said.get("direction") == Metric.Direction.TARGET and said.get("target") is None:
            self.add_error("target", "Say which value is best.")
        return said

    def facts(self) -> dict:
        """Return what edit_metric is handed."""
        return {name: self.cleaned_data[name] for name in FACTS}


SENSITIVITIES = [
    ("calm", "calm: only what is large or lasts"),
    ("normal", "normal"),
    ("eager", "eager: also what is small, with more false alarms"),
]


class ExpectForm(forms.Form):
    """What is expected of one series: limits not to be crossed, how soon a change is told, the baseline."""

    below = forms.FloatField(label="Not below", required=False, help_text="An alert opens when a value is lower.")
    above = forms.FloatField(label="Not above", required=False, help_text="An alert opens when a value is higher.")
    spreads = forms.FloatField(
        label="Or so many spreads from the baseline",
        required=False,
        min_value=0.5,
        max_value=20,
        help_text="Such as 3: the bounds are worked out now, to the side that is worse.",
    )
    severity = forms.ChoiceField(
        label="Crossing a limit is",
        choices=[("warning", "a warning"), ("critical", "critical: it wakes somebody for a system of tier 1 or 2")],
    )
    sensitivity = forms.ChoiceField(label="Quiet change is told", choices=SENSITIVITIES)
    baseline = forms.FloatField(
        label="Baseline", required=False, help_text="What the experiment promised. Empty: learned from a quiet stretch."
    )
    spread = forms.FloatField(
        label="Its spread",
        required=False,
        help_text="One standard deviation. Empty: learned from the values. Where they spread wider, theirs counts.",
    )
    reason = forms.CharField(
        label="Where the baseline comes from",
        max_length=300,
        required=False,
        help_text="Such as: held-out test set of March, 12,000 rows.",
    )

    def __init__(self, *args, series: Series, **kwargs):
        self.series = series
        self.limit = series.monitors.filter(kind=Monitor.Kind.LIMIT).first()
        self.change = series.monitors.filter(kind=Monitor.Kind.CHANGE).first()
        self.newest = series.baselines.exclude(origin=Baseline.Origin.LEARNED).first()
        super().__init__(*args, initial=self._as_it_stands(), **kwargs)
        if self.change is None:
            del self.fields["sensitivity"]

    def _as_it_stands(self) -> dict:
        limit, newest = self.limit, self.newest
        known = {"below": limit.settings.get("below"), "above": limit.settings.get("above")} if limit else {}
        known |= {"severity": limit.severity if limit else "warning"}
        known |= {"sensitivity": self.change.settings.get("sensitivity", "normal")} if self.change else {}
        known |= {"baseline": newest.value, "spread": newest.spread, "reason": newest.reason} if newest else {}
        return known

    @property
    def is_baseline_new(self) -> bool:
        said = self.cleaned_data
        return said.get("baseline") is not None and bool({"baseline", "spread", "reason"} & set(self.changed_data))

    def clean(self):
        said = self.cleaned_data
        if said.get("spreads"):
            self._take_bounds(said)
        if None not in (said.get("below"), said.get("above")) and said["below"] >= said["above"]:
            self.add_error("above", "The upper limit lies below the lower one.")
        if said.get("spread") is not None and said["spread"] <= 0:
            self.add_error("spread", "A spread is a positive number.")
        if self.is_baseline_new and not said.get("reason"):
            self.add_error("reason", "Say where it comes from, so that others can judge it.")
        return said

    def _take_bounds(self, said: dict) -> None:
        """Put bounds from the baseline in the place of typed ones."""
        try:
            said |= {"below": None, "above": None} | bounds_of_baseline(self.series, said["spreads"])
        except BadMonitor as bad:
            self.add_error("spreads", str(bad))
