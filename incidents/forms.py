"""What people write on an incident: one box, kept when somebody else was first."""

from django import forms

from incidents.models import Entry

LONGEST_TEXT = Entry._meta.get_field("text").max_length
ROWS = {"rows": 3}


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
