"""Which stretch of the past of a source is to be read."""

from datetime import UTC, datetime, time, timedelta

from django import forms

DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class BackfillForm(forms.Form):
    """Whole days, in UTC; the last one is read too."""

    first = forms.DateField(label="From", widget=DAY)
    last = forms.DateField(label="To, and with it", widget=DAY)

    def times(self) -> dict[str, datetime]:
        """Return from when and up to when, in UTC."""
        first, last = (datetime.combine(self.cleaned_data[name], time.min, UTC) for name in ("first", "last"))
        return {"from_at": first, "to_at": last + timedelta(days=1)}

    def refuse(self, field: str, sentence: str) -> None:
        """Say a sentence of the action at the field that it is about."""
        self.add_error({"from": "first", "to": "last"}.get(field), sentence)

    def clean_last(self):
        if (last := self.cleaned_data["last"]).year > 9000:
            raise forms.ValidationError("That is not past yet.")
        return last
