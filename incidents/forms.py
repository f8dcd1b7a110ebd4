"""What people write: an incident in half a minute, and on one a single box, kept when somebody else was first."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError

from incidents.models import Entry, Incident, Severity
from systems.models import Group, Person, System
from systems.models.drill import CAN_BE_TRIED

LONGEST_TEXT = Entry._meta.get_field("text").max_length
ROWS = {"rows": 3}

SEVERITIES = [
    (Severity.SEV1, "SEV 1: people or much money are harmed right now"),
    (Severity.SEV2, "SEV 2: many users get wrong answers, or none"),
    (Severity.SEV3, "SEV 3: some notice, work goes on; its owner is needed today"),
    (Severity.SEV4, "SEV 4: nobody outside the team would notice"),
]
How = Incident.NoticedHow
NOTICED_HOW = [
    (How.USER_REPORT, "A user said so"),
    (How.ON_CALL, "An on-call engineer saw it"),
    (How.DATA_SCIENTIST, "A data scientist saw it"),
    (How.BUSINESS_METRIC, "A figure of the business looked wrong"),
    (How.MONITOR, "Monitoring showed it"),
    (How.OTHER, "Otherwise"),
]
SITUATIONS = [("", "None of these"), *CAN_BE_TRIED]
COUNTS = "Its runbook is shown first, and once it is resolved it counts as a drill of this situation."
MOMENT = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


class DeclareForm(forms.Form):
    """What `person` declares, for systems that they see; times are read in the person's own time zone."""

    title = forms.CharField(
        label="What is wrong", max_length=200, help_text="One sentence, as you would say it on the telephone."
    )
    system = forms.ModelChoiceField(System.objects.none(), label="Which system", empty_label="Choose")
    severity = forms.ChoiceField(
        label="How bad is it", choices=SEVERITIES, widget=forms.RadioSelect, help_text="In doubt take the worse."
    )
    noticed_how = forms.ChoiceField(label="How was it noticed", choices=NOTICED_HOW)
    what = forms.CharField(
        label="What you know so far", required=False, max_length=LONGEST_TEXT, widget=forms.Textarea(attrs=ROWS)
    )
    also = forms.ModelMultipleChoiceField(
        System.objects.none(),
        label="Other systems that it touches",
        required=False,
        help_text="Several can be chosen. Whoever sees one of them reads all that is written here.",
    )
    noticed_by = forms.ModelChoiceField(
        Person.objects.none(), label="Who noticed", required=False, empty_label="I did", blank=True
    )
    noticed_at = forms.DateTimeField(label="Noticed when, if not just now", required=False, widget=MOMENT)
    impact_started_at = forms.DateTimeField(label="Since when it does harm", required=False, widget=MOMENT)
    situation = forms.ChoiceField(label="Which situation it is", choices=SITUATIONS, required=False, help_text=COUNTS)

    ASIDE = ("situation", "also", "noticed_by", "noticed_at", "impact_started_at")

    def __init__(self, *args, person: Person, **kwargs):
        super().__init__(*args, **kwargs)
        self.zone = ZoneInfo(person.time_zone)
        seen = System.objects.visible_to(person).in_use().order_by("name")
        mine = [(one.slug, one.name) for one in seen.of(person)]
        others = [(one.slug, one.name) for one in seen if (one.slug, one.name) not in mine]
        for name in ("system", "also"):
            self.fields[name].queryset, self.fields[name].to_field_name = seen, "slug"
            grouped = [("Yours", mine), ("Others", others)] if mine and others else mine or others
            self.fields[name].choices = [*([("", "Choose")] if name == "system" else []), *grouped]
        self.fields["noticed_by"].queryset = Person.objects.active().filter(service=False).exclude(pk=person.pk)
        self.initial.setdefault("noticed_how", _usual(person))

    def aside(self) -> list:
        """Return the fields that most people leave alone."""
        return [self[name] for name in self.ASIDE]

    def aside_is_open(self) -> bool:
        return any(field.errors or (self.is_bound and field.data) for field in self.aside())

    def first(self) -> list:
        """Return the fields that stand open."""
        return [field for field in self if field.name not in self.ASIDE]

    def clean_noticed_at(self) -> datetime | None:
        return self._own_time("noticed_at")

    def clean_impact_started_at(self) -> datetime | None:
        return self._own_time("impact_started_at")

    def _own_time(self, name: str) -> datetime | None:
        typed = self.cleaned_data[name]
        return typed.replace(tzinfo=self.zone) if typed else None

    def declaration(self) -> dict:
        """Return what `declare` is handed."""
        given = dict(self.cleaned_data)
        first, others = given.pop("system"), given.pop("also")
        return given | {"systems": [first, *[one for one in others if one != first]]}

    def refuse(self, error: ValidationError) -> None:
        """Say beside the fields what the action refused."""
        for name, errors in error.error_dict.items():
            self.add_error(name, errors)


def _usual(person: Person) -> str:
    """Return how somebody like `person` usually notices."""
    if person.is_in(Group.ON_CALL):
        return How.ON_CALL
    return How.DATA_SCIENTIST if person.is_in(Group.DATA_SCIENTIST) else How.USER_REPORT


class StepForm(forms.Form):
    """A step that is taken on the incident as it was seen at `version`."""

    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)


class WriteForm(forms.Form):
    text = forms.CharField(
        label="What was done, or found out",
        help_text="Mitigated: the harm has stopped. Resolved: it is over, and this is what was done.",
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs=ROWS),
        error_messages={"required": "Write a sentence first: whoever reads this later was not there."},
    )


class MitigateForm(StepForm):
    text = forms.CharField(max_length=LONGEST_TEXT, required=False, widget=forms.Textarea(attrs=ROWS))


class ResolveForm(StepForm, WriteForm):
    field_order = ["version", "text"]


class ChangeForm(StepForm):
    """Another title, severity or situation."""

    title = forms.CharField(label="Title", max_length=200)
    severity = forms.ChoiceField(label="Severity", choices=SEVERITIES)
    situation = forms.ChoiceField(label="Which situation it is", choices=SITUATIONS, required=False, help_text=COUNTS)
    held = forms.TypedChoiceField(
        label="What is written for that situation",
        choices=[("yes", "held"), ("no", "did not hold: it is to be mended and tried again")],
        coerce=lambda said: said == "yes",
        empty_value=None,
        required=False,
    )
    reason = forms.CharField(
        label="Why",
        required=False,
        max_length=1000,
        help_text="Needed when the severity changes. It goes on the timeline.",
    )

    def refuse(self, error: ValidationError) -> None:
        """Say beside the fields what the action refused."""
        for name, errors in error.error_dict.items():
            self.add_error(name, errors)


class TickForm(forms.Form):
    """Which step of which text, and whether it is done."""

    system = forms.SlugField()
    situation = forms.CharField(max_length=20)
    version = forms.IntegerField(min_value=1, max_value=2**31 - 1)
    step = forms.IntegerField(min_value=0, max_value=10_000)
    done = forms.BooleanField(required=False)
