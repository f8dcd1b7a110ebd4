"""What a test found, as rows to tick and to correct in place."""

import json

from django import forms
from django.forms.utils import ErrorDict

from monitoring.actions.metrics import Watch
from monitoring.connectors.connector import Found
from monitoring.models import Metric
from monitoring.models.metric import key_is_plain

MOST = 60  # rows on the page; an address that has more is asked through the API
LONGEST_SELECTOR = 2000


class WatchForm(forms.Form):
    """One series that was found."""

    watch = forms.BooleanField(label="Watch", required=False)
    name = forms.CharField(label="Name", max_length=120, required=False)
    unit = forms.CharField(label="Unit", max_length=30, required=False)
    kind = forms.ChoiceField(label="Kind", choices=Metric.Kind.choices)
    direction = forms.ChoiceField(
        label="Better", choices=[(Metric.Direction.HIGHER, "higher"), (Metric.Direction.LOWER, "lower")]
    )
    baseline = forms.FloatField(label="Baseline", required=False)
    key = forms.CharField(max_length=80, validators=[key_is_plain], widget=forms.HiddenInput)
    scale = forms.ChoiceField(choices=Metric.Scale.choices, widget=forms.HiddenInput)
    means = forms.CharField(max_length=300, required=False, widget=forms.HiddenInput)
    selector = forms.CharField(max_length=LONGEST_SELECTOR, widget=forms.HiddenInput)
    last = forms.FloatField(required=False, widget=forms.HiddenInput)

    def full_clean(self):
        """Only what is ticked must be right: of the other rows nothing is kept."""
        super().full_clean()
        if self.is_bound and not self.cleaned_data.get("watch"):
            self._errors = ErrorDict()
            self.cleaned_data = {"watch": False}

    def clean_selector(self):
        try:
            selector = json.loads(self.cleaned_data["selector"])
        except (ValueError, RecursionError):
            selector = None
        if not isinstance(selector, dict):
            raise forms.ValidationError("This is not what the test found.")
        return selector

    @property
    def where(self) -> str:
        """Where it is found in its source, as one line."""
        try:
            selector = json.loads(self["selector"].value())
        except (TypeError, ValueError, RecursionError):
            return ""
        return " · ".join(_words(name, value) for name, value in selector.items())

    @property
    def last_value(self) -> float | None:
        try:
            return float(self["last"].value())
        except (TypeError, ValueError):
            return None

    def as_watch(self, taken: set[str]) -> Watch:
        """Return what is to be watched, under a key that is not among `taken`."""
        said = self.cleaned_data
        facts = {name: said[name] for name in ("name", "unit", "kind", "direction", "scale", "means", "selector")}
        reason = "typed when the source was connected" if said["baseline"] is not None else ""
        segment = str(said["selector"].get("segment", ""))[:200]
        key = said["key"] if segment else free_key(said["key"], taken)
        return Watch(key, segment=segment, baseline=said["baseline"], baseline_reason=reason, **facts)


def _words(name: str, value) -> str:
    if isinstance(value, dict) and "series" in value:
        return f"{name} " + " · ".join(_words(*part) for part in value.items() if part[1])
    if isinstance(value, dict):
        return ", ".join(f"{inner}={text}" for inner, text in value.items())
    is_plain = isinstance(value, str) and name in ("metric", "series", "segment", "value")
    return str(value) if is_plain else f"{name} {value}"


def free_key(key: str, taken: set[str]) -> str:
    """Return `key`, or the first of key_2, key_3 … that is not taken."""
    if key not in taken:
        return key
    return next(f"{key[:76]}_{n}" for n in range(2, 1000) if f"{key[:76]}_{n}" not in taken)


class _Rows(forms.BaseFormSet):
    def clean(self):
        if not any(self.errors) and not self.chosen():
            raise forms.ValidationError("Tick at least one series to watch.")

    def chosen(self) -> list[WatchForm]:
        return [form for form in self.forms if form.cleaned_data.get("watch")]

    def watches(self, system) -> list[Watch]:
        """Return what was ticked, each under a key that the system does not have yet."""
        taken = set(system.metrics.values_list("key", flat=True))
        watches = []
        for form in self.chosen():
            watches.append(form.as_watch(taken))
            if not watches[-1].segment:
                taken.add(watches[-1].key)
        return watches


WatchRows = forms.formset_factory(WatchForm, formset=_Rows, extra=0, max_num=MOST, absolute_max=MOST, validate_max=True)


def rows_of(found: list[Found]) -> WatchRows:
    """Return the rows for what a test found, the likely ones first and ticked."""
    ranked = sorted(found, key=lambda one: not one.is_likely)[:MOST]
    return WatchRows(initial=[_initial(one) for one in ranked], prefix="found")


def _initial(found: Found) -> dict:
    suggested = found.suggested
    return {
        "watch": found.is_likely,
        "name": suggested.name or suggested.key,
        "unit": suggested.unit,
        "kind": suggested.kind,
        "direction": suggested.direction,
        "key": suggested.key,
        "scale": suggested.scale,
        "means": suggested.means,
        "selector": json.dumps(found.selector),
        "last": found.last,
    }
