"""Forms of the registry: few fields, each with its help; what the actions refuse is refused here beside the field."""

from datetime import UTC, datetime, time, timedelta

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils import timezone
from django.utils.text import slugify

from systems.models import Confidence, Decision, Person, Phase, System, Team
from systems.models.answer import evidence_is_links
from systems.models.slug import slug_is_plain
from systems.models.system import PORTAL

TIERS = [
    (1, "1: people or much money are harmed within minutes when it errs"),
    (2, "2: customers notice within the hour"),
    (3, "3: it hurts, but work goes on for a day"),
    (4, "4: nobody outside the team would notice this week"),
]
PHASES = [
    (Phase.RESEARCH, "Research: can this work at all?"),
    (Phase.ENGINEERING, "Engineering: how will it work in production?"),
    (Phase.OPERATIONS, "Operations: people rely on it"),
]
MOST_TAGS, LONGEST_TAG = 20, 40

_address_is_web = URLValidator(schemes=["http", "https"], message="Give a whole web address, such as https://…")


def links_of(text: str) -> dict[str, str]:
    """Return the links in `text`, one a line: what it is, then its address. Raises ValidationError."""
    links = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        name, _, address = line.rpartition(" ")
        _address_is_web(address)
        links[name.strip() or address] = address
    return links


class Versioned(forms.Form):
    """A form that knows which version of the row its writer has seen."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    def over(self, version: int):
        """Return the form with everything that was typed, to be saved over `version`."""
        self.data = self.data.copy()
        self.data[self.add_prefix("version")] = version
        return self


class SystemForm(forms.ModelForm):
    """What registering and editing have in common; `person` is who fills it in."""

    tier = forms.TypedChoiceField(
        label="Tier", choices=TIERS, coerce=int, initial=3, help_text="How bad it is when it fails; 1 is the worst."
    )

    class Meta:
        model = System
        fields = ["name", "purpose", "team", "tier"]
        labels = {"name": "Name", "purpose": "Purpose", "team": "Team"}
        help_texts = {
            "name": "As people call it.",
            "purpose": "What it predicts, for whom, and what is done with the answer. One or two sentences.",
            "team": "Who looks after it together.",
        }
        widgets = {"purpose": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args, person: Person, **kwargs):
        super().__init__(*args, **kwargs)
        own = Team.objects.open_to(person)
        if self.instance.team_id:
            own = own | Team.objects.filter(pk=self.instance.team_id)
        self.fields["team"].queryset = own.distinct()
        if not self.is_bound and not self.instance.pk and own.count() == 1:
            self.initial["team"] = own.get().pk

    def facts(self) -> dict:
        """Return what the actions are handed: the cleaned fields of the system itself."""
        return {name: self.cleaned_data[name] for name in self.Meta.fields}


class RegisterForm(SystemForm):
    phase = forms.ChoiceField(label="Phase", choices=PHASES, initial=Phase.RESEARCH, help_text="Where it stands today.")
    slug = forms.CharField(
        label="Short name",
        max_length=60,
        required=False,
        help_text="In addresses and files: small letters, digits, hyphens. Left empty, it is made of the name.",
    )

    class Meta(SystemForm.Meta):
        fields = ["name", "slug", "purpose", "team", "tier", "phase"]

    field_order = Meta.fields

    def clean_slug(self):
        slug = self.cleaned_data["slug"].strip() or slugify(self.cleaned_data.get("name", ""))[:60].strip("-")
        if not slug:
            raise ValidationError("Give a short name, such as churn-model.")
        return _free(slug)


def _free(slug: str, system: System | None = None) -> str:
    """Return the slug when no other system than `system` has or had it. Raises ValidationError."""
    slug_is_plain(slug)
    if System.objects.known_as(slug).exclude(pk=system and system.pk).exists():
        raise ValidationError(f"The short name {slug} is taken, or was another system's; choose another.")
    return slug


class EditForm(Versioned, SystemForm):
    slug = forms.CharField(
        label="Short name",
        max_length=60,
        required=False,
        help_text="In addresses and files. Addresses with the old one keep leading here, and nobody else gets it.",
    )
    tags = forms.CharField(
        label="Tags", max_length=800, required=False, help_text="Words to find it by, with commas between them."
    )
    links = forms.CharField(
        label="Links",
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Where more is to be read, one a line: what it is, then its address. "
        "For example: Repository https://git.example/churn",
    )
    restricted = forms.BooleanField(
        label="Restricted",
        required=False,
        help_text="Only its team, those who hold a role of it, and managers see that it exists.",
    )

    class Meta(SystemForm.Meta):
        fields = ["name", "slug", "purpose", "team", "tier", "tags", "links", "restricted"]

    field_order = Meta.fields

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.initial["version"] = self.instance.version
        self.slug = self.instance.slug
        self.initial["tags"] = ", ".join(self.instance.tags)
        self.initial["links"] = "\n".join(f"{name} {address}" for name, address in self.instance.links.items())

    def clean_slug(self):
        slug = self.cleaned_data["slug"].strip() or self.slug
        if slug != self.slug and self.slug == PORTAL:
            raise ValidationError("The portal itself keeps its short name.")
        return slug if slug == self.slug else _free(slug, self.instance)

    def clean_tags(self):
        tags = list(dict.fromkeys(tag for tag in map(str.strip, self.cleaned_data["tags"].split(",")) if tag))
        if len(tags) > MOST_TAGS or any(len(tag) > LONGEST_TAG for tag in tags):
            raise ValidationError(f"At most {MOST_TAGS} tags of at most {LONGEST_TAG} characters each.")
        return tags

    def clean_links(self):
        return links_of(self.cleaned_data["links"])


SURENESS = [
    (Confidence.CONFIDENT, "Confident: I would stand by it in production"),
    (Confidence.PARTIAL, "Partly: something is still open"),
    (Confidence.NONE, "Not confident: this is how far we are"),
    ("not_applicable", "It does not apply to this system; the answer says why"),
]


class AnswerForm(Versioned):
    """An answer to one question, over the answer that its writer has seen (version; 0: none)."""

    text = forms.CharField(
        label="Your answer",
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text="For somebody who does not know the system: what is so today, not what is hoped for.",
    )
    confidence = forms.ChoiceField(
        label="How confident are you?",
        choices=SURENESS,
        widget=forms.RadioSelect,
        help_text="A confident answer goes to a manager for review as soon as it is saved.",
    )
    evidence = forms.CharField(
        label="Where it can be seen",
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Links, one a line: what it is, then its address. For example: Load test https://git.example/load",
    )

    field_order = ["text", "confidence", "evidence", "version"]

    def clean_evidence(self):
        evidence = [{"kind": name, "url": url} for name, url in links_of(self.cleaned_data["evidence"]).items()]
        for one in evidence:
            one["kind"] = "link" if one["kind"] == one["url"] else one["kind"]
        evidence_is_links(evidence)
        return evidence

    def facts(self) -> dict:
        """Return what the action is handed; what does not apply is a confident answer with its reason."""
        said = self.cleaned_data
        applies = said["confidence"] != "not_applicable"
        confidence = said["confidence"] if applies else Confidence.CONFIDENT
        return {"text": said["text"], "confidence": confidence, "applicable": applies, "evidence": said["evidence"]}


class WaiverForm(forms.Form):
    """Asking for leave to do without a confident answer for a while."""

    reason = forms.CharField(
        label="Why it cannot be answered in time", max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )
    control = forms.CharField(
        label="What is done instead meanwhile",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="The compensating control, such as: every prediction is looked at by a person.",
    )
    until = forms.DateField(
        label="Until", widget=forms.DateInput(attrs={"type": "date"}), help_text="The end of that day, UTC."
    )

    def clean_until(self):
        day = self.cleaned_data["until"]
        if day.year > 9000:
            raise ValidationError("Give a date within your lifetime.")
        until = datetime.combine(day, time.min, UTC) + timedelta(days=1)
        if until <= timezone.now():
            raise ValidationError("Give a day that is still to come.")
        return until


class ReviewForm(forms.Form):
    """What a reviewer says of an answer; sending it back needs a comment."""

    comment = forms.CharField(
        label="Comment",
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="What is missing, when you send it back. Its author is told.",
    )
    decision = forms.ChoiceField(choices=Decision.choices, widget=forms.HiddenInput)

    def clean(self):
        said = self.cleaned_data
        if said.get("decision") == Decision.CHANGES_REQUESTED and not said.get("comment"):
            self.add_error("comment", "Say what is missing, so that the author can mend it.")
        return said


class DecisionForm(forms.Form):
    """What a manager says of a request for a waiver."""

    comment = forms.CharField(
        label="Comment", required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )
    grant = forms.TypedChoiceField(
        choices=[("yes", "Grant"), ("no", "Refuse")], coerce=lambda word: word == "yes", widget=forms.HiddenInput
    )
