"""What people say about a metric."""

from django import forms

from monitoring.models import Metric
from systems.forms import Versioned

FACTS = ("name", "means", "unit", "kind", "scale", "direction", "target", "leading")


class MetricForm(Versioned, forms.ModelForm):
    """What a metric is."""

    class Meta:
        model = Metric
        fields = list(FACTS)
        labels = {"means": "What it tells", "kind": "Kind", "scale": "Values are", "direction": "Better"}
        help_texts = {
            "name": "As people call it.",
            "means": "One plain sentence for who does not know the word: “The share of …”.",
            "unit": "Such as ms; empty for a share.",
            "kind": "It says who is told: quality the model owner, service the service owner, data the data owner.",
            "target": "The value that is best, where being near it is.",
        }

    leading = forms.BooleanField(
        label="It stands for the system in lists and on its page, instead of the present leading metric", required=False
    )

    def clean(self):
        said = super().clean()
        if said.get("direction") == Metric.Direction.TARGET and said.get("target") is None:
            self.add_error("target", "Say which value is best.")
        return said

    def facts(self) -> dict:
        """Return what edit_metric is handed."""
        return {name: self.cleaned_data[name] for name in FACTS}
