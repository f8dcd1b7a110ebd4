"""Forms of feeds, their contracts, what depends on them, and drills."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import slugify

from mlops_portal.engine.plain_yaml import MAX_BYTES
from systems.forms.promises import Moment, this_minute
from systems.forms.versioned import Versioned
from systems.models import Arrival, Drill, Feed, Person, Situation, System
from systems.models.drill import CAN_BE_TRIED
from systems.models.feed import LONGEST_SPAN_S
from systems.models.slug import slug_is_plain
from systems.models.words import words_are_seen
from systems.spans import seconds_of, spelled

ARRIVALS = [
    (Arrival.REQUEST, "With each request: whoever asks sends it along"),
    (Arrival.STREAM, "As a stream: row by row, all the time"),
    (Arrival.SCHEDULE, "On a schedule: read from a table or a service at set times"),
    (Arrival.FILE, "As files: somebody puts them somewhere"),
]


class Span(forms.CharField):
    """A stretch of time in words, as seconds."""

    def __init__(self, **options):
        super().__init__(max_length=40, **options)

    def prepare_value(self, value):
        return spelled(value) if isinstance(value, int) else value

    def clean(self, value):
        text = super().clean(value)
        try:
            seconds = seconds_of(text) if text else None
        except ValueError:
            raise ValidationError("Write it as 15 minutes, 26 hours or 1 day.") from None
        if seconds is not None and not 1 <= seconds <= LONGEST_SPAN_S:
            raise ValidationError("Between 1 second and ten years.")
        return seconds


class FeedForm(Versioned):
    """What is promised of a feed; `slug` is asked only of a new one."""

    name = forms.CharField(
        label="Name", max_length=120, validators=[words_are_seen], help_text="As people call it, such as Card payments."
    )
    slug = forms.CharField(
        label="Short name",
        max_length=60,
        required=False,
        help_text="In addresses and files: small letters, digits, hyphens. Left empty, it is made of the name.",
    )
    owner = forms.ModelChoiceField(
        Person.objects.none(),
        label="Owner",
        help_text="Who answers for what it delivers, by name.",
        empty_label="Choose",
    )
    arrival = forms.ChoiceField(label="How it arrives", choices=ARRIVALS)
    freshness_s = Span(
        label="Freshness", help_text="How old its newest rows are at most, such as 15 minutes, 26 hours or 1 day."
    )
    max_delay_s = Span(
        label="Longest delay", required=False, help_text="How late a delivery may come before it counts as missing."
    )
    fallback = forms.CharField(
        label="When it is unavailable",
        max_length=2000,
        required=False,
        validators=[words_are_seen],
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="What is used instead and for how long: the last known values, a simpler rule, nothing.",
    )

    evidence_system = forms.CharField(
        label="Its freshness is measured in the system",
        max_length=60,
        required=False,
        help_text="By its short name, such as churn-forecast. Left empty, nobody watches whether the promise is kept.",
    )
    evidence_metric = forms.CharField(
        label="By its metric",
        max_length=80,
        required=False,
        help_text="By its key. One in seconds is the age of the newest rows; of any other, the time of its last value.",
    )

    def __init__(self, *args, person: Person, feed: Feed | None = None, **kwargs):
        super().__init__(*args, **kwargs)
        self.person, self.feed = person, feed
        people = Person.objects.active().filter(service=False)
        self.fields["owner"].queryset = people
        if feed:
            del self.fields["slug"]
            self.fields["owner"].queryset = people | Person.objects.filter(pk=feed.owner_id)
        if feed and feed.evidence_system and not feed.evidence_for(person):  # what is hidden stays as it is
            del self.fields["evidence_system"], self.fields["evidence_metric"]

    def clean_slug(self):
        slug = self.cleaned_data["slug"].strip() or slugify(self.cleaned_data.get("name", ""))[:60].strip("-")
        if not slug:
            raise ValidationError("Give a short name, such as card-payments.")
        slug_is_plain(slug)
        if Feed.objects.filter(slug__iexact=slug).exists():
            raise ValidationError(f"There is a feed {slug} already; choose another short name.")
        return slug

    def clean_evidence_system(self) -> System | None:
        slug = self.cleaned_data["evidence_system"].strip()
        if not slug:
            return None
        found = System.objects.visible_to(self.person).in_use().filter(slug__iexact=slug).first()
        if found is None:
            raise ValidationError(f"There is no system {slug}.")
        if found.restricted and (self.feed is None or found != self.feed.evidence_system):
            raise ValidationError("This system is restricted: the page of a feed has more readers.")
        return found

    def clean_evidence_metric(self) -> str:
        return self.cleaned_data["evidence_metric"].strip()

    def clean(self):
        said = self.cleaned_data
        system, metric = said.get("evidence_system"), said.get("evidence_metric")
        if system and not metric and "evidence_metric" not in self.errors:
            self.add_error("evidence_metric", "Say which of its metrics.")
        if metric and not system and "evidence_system" not in self.errors:
            self.add_error("evidence_system", "Say of which system.")
        return said

    def facts(self) -> dict:
        """Return what the actions are handed."""
        return {name: value for name, value in self.cleaned_data.items() if name != "version"}


class ContractForm(Versioned):
    text = forms.CharField(
        label="The contract",
        strip=False,
        max_length=MAX_BYTES,
        widget=forms.Textarea(attrs={"rows": 24, "spellcheck": "false"}),
        help_text="Open Data Contract Standard 3.1, as YAML or JSON. What the portal does not know is kept.",
    )
    from_on = forms.DateField(
        label="To hold from",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="For a proposal (status: proposed): the owners of every system that depends on the feed are told.",
    )

    def clean_text(self):
        return self.cleaned_data["text"].replace("\r\n", "\n")

    def refuse(self, errors: dict[str, list[str]]) -> None:
        """Show what is wrong with the contract beside the field, each with its path."""
        for path, texts in errors.items():
            said = " ".join(texts)
            if path == "from":
                self.add_error("from_on", said)
            else:
                self.add_error("text", said if path == "body" else f"{path}: {said}")


class FeedOfForm(Versioned):
    feed = forms.ModelChoiceField(Feed.objects.none(), label="Feed", empty_label="Choose")

    def __init__(self, *args, system: System, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["feed"].queryset = Feed.objects.in_use().exclude(dependencies__system=system)


class SystemOfForm(Versioned):
    """Another system, by its short name; only one that `person` may see."""

    system = forms.CharField(label="System", max_length=60, help_text="By its short name, such as churn-forecast.")

    def __init__(self, *args, system: System, person: Person, **kwargs):
        super().__init__(*args, **kwargs)
        self.own, self.person = system, person

    def clean_system(self):
        slug = self.cleaned_data["system"].strip()
        found = System.objects.visible_to(self.person).in_use().filter(slug__iexact=slug).first()
        if found is None:
            raise ValidationError(f"There is no system {slug}.")
        if found == self.own:
            raise ValidationError("This is the system itself.")
        return found


class DrillForm(forms.Form):
    situation = forms.ChoiceField(label="What was tried", choices=CAN_BE_TRIED)
    at = Moment(label="When", initial=this_minute)
    result = forms.ChoiceField(label="How it went", choices=Drill.Result, widget=forms.RadioSelect)
    rate = forms.FloatField(
        label="Rate reached", required=False, help_text="Under load: requests a second before anything gave way."
    )
    evidence = forms.CharField(
        label="What was seen",
        max_length=2000,
        required=False,
        validators=[words_are_seen],
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="What was done, what happened, and a link to where it can be seen.",
    )

    def clean_rate(self):
        rate = self.cleaned_data["rate"]
        if rate is not None and rate <= 0:
            raise ValidationError("Give a rate above zero.")
        return rate

    def clean(self):
        said = self.cleaned_data
        if said.get("rate") is not None and said.get("situation") != Situation.LOAD:
            self.add_error("rate", "Only a drill of load reaches a rate.")
        if said.get("rate") is None and said.get("situation") == Situation.LOAD and "rate" not in self.errors:
            self.add_error("rate", "Say which rate was reached.")
        if said.get("at") and said["at"].year < 2000:
            self.add_error("at", "This is too long ago.")
        return said
