"""Forms of readiness: an answer, a waiver and what is decided about them."""

from datetime import UTC, datetime, time, timedelta

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from systems.forms.registry import links_of
from systems.forms.versioned import Versioned
from systems.models import Confidence, Decision
from systems.models.answer import evidence_is_links

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
