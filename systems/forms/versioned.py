"""What every form over a row has: the version that its writer has seen."""

from django import forms


class Versioned(forms.Form):
    """A form that knows which version of the row its writer has seen."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    def over(self, version: int):
        """Return the form with everything that was typed, to be saved over `version`."""
        self.data = self.data.copy()
        self.data[self.add_prefix("version")] = version
        return self
