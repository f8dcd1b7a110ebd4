"""What is asked of somebody who plans a maintenance."""

from datetime import timedelta

from django import forms
from django.utils import timezone

MOMENT = {"type": "datetime-local"}


def _this_minute():
    return timezone.now().replace(second=0, microsecond=0)


class MaintenanceForm(forms.Form):
    """From when to when, in the person's own time zone, and why."""

    from_at = forms.DateTimeField(
        label="From", widget=forms.DateTimeInput(attrs=MOMENT, format="%Y-%m-%dT%H:%M"), initial=_this_minute
    )
    to_at = forms.DateTimeField(
        label="Until",
        widget=forms.DateTimeInput(attrs=MOMENT, format="%Y-%m-%dT%H:%M"),
        initial=lambda: _this_minute() + timedelta(hours=2),
        help_text="It ends by itself then, and can be ended sooner.",
    )
    why = forms.CharField(label="Why", max_length=300, help_text="Such as: the feed moves to another cluster.")
