"""Forms of ownership: who holds a role, and who takes over from somebody who leaves."""

from datetime import UTC, datetime, time

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from mlops_portal.engine.texts import plain_line
from systems.forms.versioned import Versioned
from systems.models import Feed, Holding, Person, System
from systems.ownership import LONGEST_NOTE, OTHER_DEPUTY, last_moment

LAST_YEAR = 9000
NOBODY = "This person may not sign in, has left, or is a program: choose somebody from the list."
FAR_OFF = "Give a date within your lifetime."
PICKER = {"type": "date"}


class FirstDay(forms.DateField):
    """A day, as the moment at which it begins in UTC; today is now, which is None."""

    widget = forms.DateInput(attrs=PICKER)

    def clean(self, value) -> datetime | None:
        day = super().clean(value)
        if day is None or day == timezone.now().astimezone(UTC).date():
            return None
        if day.year > LAST_YEAR:
            raise ValidationError(FAR_OFF)
        return datetime.combine(day, time.min, UTC)


class LastDay(forms.DateField):
    """A day, as the moment at which it ends in UTC."""

    widget = forms.DateInput(attrs=PICKER, format="%Y-%m-%d")

    def prepare_value(self, value):
        return value.astimezone(UTC).date() if isinstance(value, datetime) else value

    def clean(self, value) -> datetime | None:
        day = super().clean(value)
        if day and day.year > LAST_YEAR:
            raise ValidationError(FAR_OFF)
        return last_moment(day) if day else None


def note_field(help_text: str) -> forms.CharField:
    return forms.CharField(
        label="Note", max_length=LONGEST_NOTE, required=False, validators=[plain_line], help_text=help_text
    )


class OwnerForm(Versioned):
    """Who is to hold a role of `system`, and how; the team's people stand first."""

    person = forms.ModelChoiceField(Person.objects.none(), label="Person", help_text="Who answers for it by name.")
    deputy = forms.ModelChoiceField(
        Person.objects.none(), label="Deputy", required=False, help_text="Who answers while the person is away."
    )
    from_day = FirstDay(
        label="From",
        required=False,
        help_text="Left empty: now. A day to come plans it: until then everything stays as it is.",
    )
    until = LastDay(
        label="Until",
        required=False,
        help_text="The last day, where it is known: successors are asked for a month before.",
    )
    note = note_field("Why, or what was agreed. It is kept in the history.")

    def __init__(self, *args, system: System, **kwargs):
        super().__init__(*args, **kwargs)
        people = Person.objects.may_answer(timezone.now())
        for name in ("person", "deputy"):
            field = self.fields[name]
            field.queryset = people
            field.error_messages["invalid_choice"] = NOBODY
            field.choices = [("", "No deputy" if name == "deputy" else "Choose"), *_team_first(people, system)]

    def clean(self):
        person, deputy = self.cleaned_data.get("person"), self.cleaned_data.get("deputy")
        if person and person == deputy:
            self.add_error("deputy", OTHER_DEPUTY)
        return self.cleaned_data

    def terms(self) -> dict:
        """Return what the action is handed."""
        said = self.cleaned_data
        return {name: said[name] for name in ("person", "deputy", "until", "note")} | {"from_at": said["from_day"]}

    def refuse(self, error: ValidationError) -> None:
        """Put what the action found wrong beside the fields."""
        for name, texts in error.message_dict.items():
            self.add_error("from_day" if name == "from" else name, texts)


def _team_first(people, system: System) -> list:
    members = set(system.team.members.values_list("pk", flat=True))
    team = [(one.pk, str(one)) for one in people if one.pk in members]
    others = [(one.pk, str(one)) for one in people if one.pk not in members]
    groups = [(system.team.name, team), ("Everybody else", others)]
    return [group for group in groups if group[1]]


class EmptyForm(Versioned):
    """Why nobody is to hold the role any more."""

    note = note_field("Why, and what happens with it now. It is kept in the history.")


class Successor(forms.CharField):
    """Somebody by the user name, out of a list that all such fields of the page share."""

    widget = forms.TextInput(attrs={"list": "people", "autocomplete": "off", "spellcheck": "false"})

    def clean(self, value) -> Person | None:
        username = super().clean(value)
        if not username:
            return None
        person = Person.objects.filter(username__iexact=username).first()
        if person is None:
            raise ValidationError(f"There is no {username}: choose a user name from the list.")
        return person


class LeavingForm(forms.Form):
    """Who takes over each of the `held` holdings of `leaving` and of the `feeds` that they own.

    It is the one that is named for it, else the one for all; where a hand-over is planned already, only who is named.
    """

    for_all = Successor(
        label="For all of it",
        required=False,
        max_length=60,
        help_text="Who takes over wherever nobody else is named. Type a part of the name and choose.",
    )
    note = note_field("Why, or what was agreed. It is kept in the history of each role.")

    def __init__(self, *args, leaving: Person, held: list[Holding], feeds: list[Feed], **kwargs):
        super().__init__(*args, **kwargs)
        self.leaving, self.held, self.feeds = leaving, held, feeds
        for holding in held:
            self._ask_for("holding", holding, f"{holding.get_role_display()} of {holding.system}")
        for feed in feeds:
            self._ask_for("feed", feed, f"owner of {feed}")

    def _ask_for(self, kind: str, row, label: str) -> None:
        self.fields[f"{kind}_{row.pk}"] = Successor(label=label, required=False, max_length=60)
        seen = forms.IntegerField(widget=forms.HiddenInput, initial=row.version, required=False)
        self.fields[f"seen_{kind}_{row.pk}"] = seen

    def rows(self) -> list[tuple[Holding, forms.BoundField, forms.BoundField]]:
        """Return each holding with its field, and with the hidden one of the version that was shown."""
        return [(one, *self._fields_of("holding", one)) for one in self.held]

    def feed_rows(self) -> list[tuple[Feed, forms.BoundField, forms.BoundField]]:
        """Return each feed in the same way."""
        return [(one, *self._fields_of("feed", one)) for one in self.feeds]

    def _fields_of(self, kind: str, row) -> tuple[forms.BoundField, forms.BoundField]:
        return self[f"{kind}_{row.pk}"], self[f"seen_{kind}_{row.pk}"]

    def clean(self):
        if not self.errors and not any([*self.successors().values(), *self.new_owners().values()]):
            self.add_error("for_all", "Name somebody here, or below for one role or feed at least.")
        return self.cleaned_data

    def successors(self) -> dict[int, Person | None]:
        """Return who takes over, by holding; None where it stays, as it does with the one who leaves."""
        return {one.pk: self._chosen("holding", one.pk, one.plan is None) for one in self.held}

    def new_owners(self) -> dict[int, Person | None]:
        """Return who is to own each feed, in the same way."""
        return {one.pk: self._chosen("feed", one.pk, True) for one in self.feeds}

    def _chosen(self, kind: str, pk: int, is_for_all: bool) -> Person | None:
        said = self.cleaned_data
        person = said.get(f"{kind}_{pk}") or (said.get("for_all") if is_for_all else None)
        return None if person == self.leaving else person

    def seen(self, kind: str) -> dict[int, int]:
        """Return the versions of the rows of `kind` that were shown, by id; also of what is not held any more."""
        begins = f"seen_{kind}_"
        shown = {name.removeprefix(begins): text for name, text in self.data.items() if name.startswith(begins)}
        return {int(pk): int(text) for pk, text in shown.items() if _is_number(pk) and _is_number(text)}

    def changed(self) -> list[str]:
        """Return what is not as it was shown, each as a sentence."""
        said = []
        for kind, rows in (("holding", self.held), ("feed", self.feeds)):
            seen = self.seen(kind)
            for row in rows:
                label = self.fields[f"{kind}_{row.pk}"].label
                said += [f"Changed: {label}."] if row.pk in seen and seen[row.pk] != row.version else []
                said += [f"New: {label}."] if row.pk not in seen else []
            gone = len(set(seen) - {row.pk for row in rows})
            said += [f"{gone} went to somebody else meanwhile."] if gone else []
        return said

    def over(self):
        """Return the form with all that was typed, to be saved over what is held now."""
        self.data = self.data.copy()
        for name in [name for name in self.data if name.startswith("seen_")]:
            del self.data[name]
        for kind, rows in (("holding", self.held), ("feed", self.feeds)):
            for row in rows:
                self.data[f"seen_{kind}_{row.pk}"] = str(row.version)
        return self


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 16
