"""Forms of the settings: few fields, each with its help."""

from datetime import timedelta
from zoneinfo import available_timezones

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.text import slugify

from systems.actions.intervals import LEAST_DAYS, MOST_DAYS
from systems.forms.ownership import LastDay
from systems.forms.registry import TIERS
from systems.models import Group, Person, Scope, Team
from systems.models.slug import slug_is_plain

SCOPES = [
    (Scope.READ, "read: see what you may see"),
    (Scope.WRITE, "write: change what you may change"),
    (Scope.INGEST, "ingest: send measurements"),
    (Scope.INCIDENTS, "incidents: act on incidents"),
    (Scope.REVIEW, "review: decide on answers"),
    (Scope.ADMIN, "admin: people, teams and tokens"),
    (Scope.METRICS, "metrics: read the portal's own figures"),
]
GROUPS = [
    (Group.VIEWER, "Viewer: reads everything, confirms what they hold"),
    (Group.DATA_SCIENTIST, "Data scientist: registers systems, edits those of their teams"),
    (Group.ON_CALL, "On call: acts on incidents"),
    (Group.MANAGER, "Manager: reviews, assigns roles, sees restricted systems"),
    (Group.ADMINISTRATOR, "Administrator: people, teams, audit"),
]
LIVES = [("30", "30 days"), ("90", "90 days"), ("365", "one year"), ("", "until it is revoked")]


class TokenForm(forms.Form):
    name = forms.CharField(max_length=80, help_text="What will use it, to know it again: nightly job, notebook.")
    scopes = forms.MultipleChoiceField(
        choices=SCOPES,
        widget=forms.CheckboxSelectMultiple,
        initial=[Scope.READ],
        label="What it is for",
        help_text="It can never do more than you.",
    )
    days = forms.ChoiceField(choices=LIVES, required=False, initial="90", label="Good for")

    def expires_at(self):
        """Return when the token ends, None for never."""
        days = self.cleaned_data["days"]
        return timezone.now() + timedelta(days=int(days)) if days else None


class PersonForm(forms.ModelForm):
    """What administrators change of a person."""

    groups = forms.MultipleChoiceField(
        choices=GROUPS,
        widget=forms.CheckboxSelectMultiple,
        required=False,
        initial=[Group.VIEWER],
        label="What they may do",
        help_text="Everybody who signs in may read.",
    )

    class Meta:
        model = Person
        fields = ["name", "email", "groups"]
        labels = {"email": "E-mail"}
        help_texts = {"name": "As others read it.", "email": "Where notices go. Without one nothing reaches them."}

    def facts(self) -> dict:
        """Return what the actions are handed."""
        return {name: self.cleaned_data[name] for name in ("name", "email", "groups")}


class EditPersonForm(PersonForm):
    until = LastDay(
        required=False,
        label="Leaves on",
        help_text="The last day, where it is known: a month before, successors are asked for in every role.",
    )
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.initial["version"] = self.instance.version
        self.initial["until"] = self.instance.until

    def facts(self) -> dict:
        return super().facts() | {"until": self.cleaned_data["until"]}


class IntervalsForm(forms.Form):
    """After how many days something has to be looked at again, by tier; `version` is of all rows together."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for tier, label in TIERS:
            self.fields[f"tier_{tier}"] = forms.IntegerField(
                min_value=LEAST_DAYS,
                max_value=MOST_DAYS,
                label=f"Tier {label}",
                help_text="In days.",
            )

    def days(self) -> dict[int, int]:
        """Return the days by tier."""
        return {tier: self.cleaned_data[f"tier_{tier}"] for tier, _ in TIERS}


class AddPersonForm(PersonForm):
    team = forms.ModelChoiceField(Team.objects.all(), required=False, empty_label="none yet")
    field_order = ["username", "name", "email", "groups", "team", "service"]

    class Meta(PersonForm.Meta):
        fields = ["username", "name", "email", "groups", "service"]
        labels = {"username": "User name", "email": "E-mail", "service": "This is a program"}
        help_texts = PersonForm.Meta.help_texts | {
            "username": "How they sign in: letters, digits and . _ - + @.",
            "service": "It never signs in; it gets tokens by manage.py token.",
        }

    def clean_username(self):
        username = self.cleaned_data["username"]
        if Person.objects.filter(username__iexact=username).exists():
            raise ValidationError(f"There is somebody called {username} already.")
        return username

    def facts(self) -> dict:
        return super().facts() | {name: self.cleaned_data[name] for name in ("username", "team", "service")}


class AccountForm(forms.ModelForm):
    """What people change of themselves."""

    time_zone = forms.ChoiceField(
        choices=[(name, name.replace("_", " ")) for name in sorted(available_timezones())],
        label="Time zone",
        help_text="In which exact times are shown to you.",
    )

    class Meta:
        model = Person
        fields = ["name", "time_zone"]
        help_texts = {"name": "As others read it."}


class TeamForm(forms.Form):
    name = forms.CharField(max_length=120, help_text="As people call it.")
    slug = forms.CharField(
        max_length=60,
        required=False,
        label="Short name",
        help_text="Small letters, digits, hyphens. Left empty, it is made of the name.",
    )

    def clean_slug(self):
        slug = self.cleaned_data["slug"].strip() or slugify(self.cleaned_data.get("name", ""))[:60].strip("-")
        slug_is_plain(slug)
        if Team.objects.filter(slug__iexact=slug).exists():
            raise ValidationError(f"There is a team {slug} already.")
        return slug


class MemberForm(forms.Form):
    """Somebody who is not in `team` yet."""

    person = forms.ModelChoiceField(Person.objects.none(), label="Person", empty_label="choose somebody")

    def __init__(self, *args, team: Team, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["person"].queryset = Person.objects.active().exclude(teams=team)
