"""Forms of the registry: few fields, each with its help; what the actions refuse is refused here beside the field."""

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.text import slugify

from systems.forms.versioned import Versioned
from systems.models import Person, Phase, System, Team
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
