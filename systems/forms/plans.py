"""Forms of what a phase is to take and to cost; what is wrong with it the actions say (systems/actions/plans.py)."""

from django import forms

from systems.actions.plans import LONGEST_EXIT, LONGEST_NOTE, DoesNotFit
from systems.forms.versioned import Versioned
from systems.models import Money
from systems.plans import Standing

DEFAULT_CURRENCY = "EUR"


def _day(label: str, **more) -> forms.DateField:
    return forms.DateField(label=label, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **more)


def _amount(label: str, **more) -> forms.DecimalField:
    return forms.DecimalField(label=label, widget=forms.TextInput(attrs={"inputmode": "decimal"}), **more)


class _Currency(forms.CharField):
    """Three letters, however they were typed."""

    def __init__(self, **more):
        super().__init__(label="Currency", max_length=3, help_text="Three letters, such as EUR.", **more)

    def to_python(self, value):
        return super().to_python(value).upper()


class Fitting(forms.Form):
    """A form whose action may find that something does not fit."""

    def take(self, misfit: DoesNotFit) -> None:
        """Show each sentence beside its field."""
        for name, problem in misfit.errors.items():
            self.add_error(name if name in self.fields else None, problem)


class PlanForm(Versioned, Fitting):
    """`now` is how the phase stands; it is not asked what decisions to move have said."""

    planned_from = _day("Planned from", required=False, help_text="The first day.")
    planned_to = _day("Planned until", required=False, help_text="The last day on which it should be done.")
    budget = _amount(
        "Budget", required=False, help_text="What the phase may cost in all: people's time, machines, data, licences."
    )
    currency = _Currency(required=False)
    exit = forms.CharField(
        label="Done when",
        max_length=LONGEST_EXIT,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="The exit criterion: what must be so, and could be seen by somebody else, before it moves on.",
    )
    actual_from = _day("Began on", required=False, help_text="It began before it was registered here.")
    actual_to = _day("Ended on", required=False, help_text="It was over before it was registered here.")

    def __init__(self, *args, now: Standing, **kwargs):
        super().__init__(*args, initial=_as_it_stands(now), **kwargs)
        if now.decided.began or not (now.is_now or now.is_past):
            del self.fields["actual_from"]
        if now.decided.ended or not now.is_past:
            del self.fields["actual_to"]

    def facts(self, now: Standing) -> dict:
        """Return what the action is handed; what was not asked stays as it was told."""
        told = {name: getattr(now.plan, name, None) for name in ("actual_from", "actual_to")}
        return told | {name: value for name, value in self.cleaned_data.items() if name != "version"}


def _as_it_stands(now: Standing) -> dict:
    if now.plan is None:
        return {"version": 0, "currency": DEFAULT_CURRENCY}
    names = ("planned_from", "planned_to", "actual_from", "actual_to", "budget", "exit", "version")
    return {name: getattr(now.plan, name) for name in names} | {"currency": now.currency or DEFAULT_CURRENCY}


KINDS = [(Money.Kind.SPENT, "Spent"), (Money.Kind.PLANNED, "Planned on top of the budget")]


class MoneyForm(Fitting):
    kind = forms.ChoiceField(label="What it is", choices=KINDS, widget=forms.RadioSelect, initial=Money.Kind.SPENT)
    on = _day("On", help_text="The day of the invoice, or the last of the days worked.")
    amount = _amount("Amount", help_text="Such as 1200.50.")
    currency = _Currency()
    note = forms.CharField(
        label="Note", max_length=LONGEST_NOTE, required=False, help_text="For what, such as: two people, March."
    )

    def __init__(self, *args, now: Standing, **kwargs):
        initial = {"currency": now.currency or DEFAULT_CURRENCY, "on": now.today}
        super().__init__(*args, initial=initial, **kwargs)
