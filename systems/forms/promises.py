"""Forms of what people promise: runbooks, versions, deployments, retraining, phases."""

import math

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from systems.forms.versioned import Versioned
from systems.models import PRODUCTION, ModelVersion, Outcome, RetrainingRun, System
from systems.models.words import words_are_seen
from systems.runbooks import LONGEST

LEFT = "Each of these is mended or accepted first."
MOST_FIGURES = MOST_TRIGGERS = 20


class Moment(forms.DateTimeField):
    """A moment to the minute, none that lies ahead; the browser's own picker asks for it."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")

    def clean(self, value):
        at = super().clean(value)
        if at and at > timezone.now():
            raise ValidationError("This moment is still to come.")
        return at


def this_minute():
    return timezone.now().replace(second=0, microsecond=0)


class RunbookForm(Versioned):
    body = forms.CharField(
        label="What to do",
        max_length=LONGEST,
        strip=False,
        validators=[words_are_seen],
        widget=forms.Textarea(attrs={"rows": 14, "spellcheck": "true"}),
        help_text="Markdown. A line that begins with “- [ ]” is a step, to be ticked off during an incident.",
    )
    review_by = forms.DateField(
        label="Read again by",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Left empty, the tier of the system says when.",
    )

    def clean_body(self):
        body = self.cleaned_data["body"].replace("\r\n", "\n").strip("\n")
        if not body.strip():
            raise ValidationError("Write what is to be done.")
        return body


class RangeForm(Versioned):
    metric_key = forms.RegexField(
        r"\A[a-z0-9]+([_.-][a-z0-9]+)*\Z",
        label="Metric",
        max_length=80,
        help_text="By its key, such as roc_auc.",
        error_messages={"invalid": "Use small letters and digits, joined by _ . or -, such as roc_auc."},
    )
    low = forms.FloatField(label="From", required=False)
    high = forms.FloatField(label="To", required=False)
    reason = forms.CharField(
        label="Why",
        max_length=300,
        validators=[words_are_seen],
        help_text="On what that rests, such as: seen in the first half of the year.",
    )

    def clean(self):
        low, high = self.cleaned_data.get("low"), self.cleaned_data.get("high")
        if not self.errors and low is None and high is None:
            self.add_error("low", "Give a lower or an upper bound.")
        if low is not None and high is not None and low > high:
            self.add_error("high", "This is below the lower bound.")
        return self.cleaned_data


class VersionForm(forms.Form):
    name = forms.CharField(label="Version", max_length=120, help_text="As its makers call it, such as 2.1 or 2026-03.")
    trained_at = Moment(label="Trained", required=False)
    registry_ref = forms.CharField(
        label="Where it lies", max_length=300, required=False, help_text="Its address or name in the model registry."
    )
    figures = forms.CharField(
        label="Figures",
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="How good it was on its test set, one a line: accuracy 0.91",
    )

    def clean_figures(self) -> dict[str, float]:
        figures = {}
        for line in filter(None, map(str.strip, self.cleaned_data["figures"].splitlines())):
            name, _, value = line.replace("=", " ").rpartition(" ")
            figures[name.strip()[:80]] = _figure(name, value, line)
        if len(figures) > MOST_FIGURES:
            raise ValidationError(f"At most {MOST_FIGURES} figures.")
        return figures


def _figure(name: str, value: str, line: str) -> float:
    try:
        figure = float(value.replace("_", "x"))
    except ValueError:
        figure = math.nan
    if not name.strip() or not math.isfinite(figure):
        raise ValidationError(f"“{line[:40]}” is no name and number.")
    return figure


class DeploymentForm(forms.Form):
    version = forms.ModelChoiceField(ModelVersion.objects.none(), label="Version", empty_label="Choose")
    environment = forms.CharField(label="Environment", max_length=40, initial=PRODUCTION)
    at = Moment(label="Since", initial=this_minute)
    rollback_to = forms.ModelChoiceField(
        ModelVersion.objects.none(),
        label="When it has to go",
        required=False,
        empty_label="What ran before comes back",
        help_text="The version that is put in its place.",
    )
    note = forms.CharField(label="Note", max_length=300, required=False, help_text="Why, or what is to be watched.")

    def __init__(self, *args, system: System, **kwargs):
        super().__init__(*args, **kwargs)
        for name in ("version", "rollback_to"):
            self.fields[name].queryset = system.model_versions.all()

    def clean(self):
        if self.cleaned_data.get("version") and self.cleaned_data["version"] == self.cleaned_data.get("rollback_to"):
            self.add_error("rollback_to", "A version cannot be its own way back: name another.")
        return self.cleaned_data


class WhenForm(forms.Form):
    """At which moment one asks what ran."""

    at = Moment(label="What ran at this moment?")


class RetrainingForm(Versioned):
    policy = forms.CharField(
        label="How it is trained again",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="On which data, how the new one is compared with the one that runs, who decides.",
    )
    every_days = forms.IntegerField(
        label="Every so many days",
        min_value=1,
        max_value=3650,
        required=False,
        help_text="Left empty when only a sign makes it due.",
    )
    triggers = forms.CharField(
        label="Signs that make it due",
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="One a line, such as: accuracy below 0.85 for a week.",
    )
    who = forms.CharField(label="Who does it", max_length=200, help_text="Somebody by name or role.")

    def clean_triggers(self) -> list[str]:
        triggers = [line.strip() for line in self.cleaned_data["triggers"].splitlines() if line.strip()]
        if len(triggers) > MOST_TRIGGERS or any(len(one) > 200 for one in triggers):
            raise ValidationError(f"At most {MOST_TRIGGERS} signs of at most 200 characters each.")
        return triggers

    def clean(self):
        if not self.errors and not self.cleaned_data["every_days"] and not self.cleaned_data["triggers"]:
            self.add_error("every_days", "Give an interval or a sign: else it would never be due.")
        return self.cleaned_data


class RunForm(forms.Form):
    cause = forms.ChoiceField(label="What made it due", choices=RetrainingRun.Cause)
    at = Moment(label="When", initial=this_minute)
    before = forms.FloatField(label="Figure before", required=False, help_text="Of the model that ran until then.")
    after = forms.FloatField(label="Figure after", required=False, help_text="Of the new one, on the same data.")
    version = forms.ModelChoiceField(
        ModelVersion.objects.none(), label="New version", required=False, empty_label="None came of it"
    )
    note = forms.CharField(label="Note", max_length=300, required=False)

    def __init__(self, *args, system: System, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["version"].queryset = system.model_versions.all()


class RequirementForm(forms.Form):
    """What changed requirements ask for, entered before it is done."""

    note = forms.CharField(label="What is asked for", max_length=300, help_text="And by whom, or why.")
    before = forms.FloatField(label="Figure today", required=False, help_text="Of the model that runs.")


class AnsweredForm(forms.Form):
    """Which version answers what was asked for."""

    run = forms.ModelChoiceField(RetrainingRun.objects.none(), label="What it answers", empty_label="Choose")
    version = forms.ModelChoiceField(ModelVersion.objects.none(), label="Version", empty_label="Choose")
    at = Moment(label="Trained", initial=this_minute)
    after = forms.FloatField(label="Figure after", required=False, help_text="Of the new one, on the same data.")

    def __init__(self, *args, system: System, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["version"].queryset = system.model_versions.all()
        self.fields["run"].queryset = system.retraining_runs.filter(at=None).order_by("asked_at")
        self.fields["run"].label_from_instance = lambda run: run.note


class PhaseForm(Versioned):
    """Deciding a move; `gaps` are the failing checks that are to be accepted one by one."""

    note = forms.CharField(
        label="Note", max_length=300, required=False, help_text="Why now. It is kept with the decision."
    )
    accept = forms.MultipleChoiceField(
        label="Gaps that stay open",
        widget=forms.CheckboxSelectMultiple,
        help_text="Tick each, which accepts it, or mend it first. The decision is kept with your name and their text.",
        error_messages={"required": LEFT},
    )

    def __init__(self, *args, gaps: list[Outcome], **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["accept"].choices = [(gap.check_key, gap.why) for gap in gaps]
        if not gaps:
            del self.fields["accept"]
