"""The one filter of incidents: the same query string means the same on the page and in the API.

chosen = IncidentFilter(request.GET, Incident.objects.visible_to(request.user), request=request)
chosen.qs                   what to show; nothing at all when a value was not understood
chosen.form.errors          what was not understood
"""

import django_filters
from drf_spectacular.utils import extend_schema_field

from incidents.models import Incident, Severity
from systems.models import System

UNRESOLVED = "unresolved"


def _visible(request):
    if request is None:  # while the API describes itself
        return System.objects.none()
    return System.objects.visible_to(request.user).order_by("name")


def _without_blanks(data):
    """Return the query string without "any", which a form sends as an empty word."""
    if data is None:
        return None
    kept = data.copy()
    for name, values in data.lists():
        kept.setlist(name, [value for value in values if value])
    return kept


class IncidentFilter(django_filters.FilterSet):
    """Hand in the request too: a system that the person may not see is answered like one that is not there."""

    state = django_filters.MultipleChoiceFilter(
        label="State", choices=[(UNRESOLVED, "Unresolved"), *Incident.State.choices], method="in_states"
    )
    severity = django_filters.MultipleChoiceFilter(label="Severity", choices=Severity.choices, distinct=False)
    system = extend_schema_field(str)(
        django_filters.ModelChoiceFilter(
            label="System", queryset=_visible, empty_label="any", to_field_name="slug", method="touching"
        )
    )

    class Meta:
        model = Incident
        fields: list[str] = []

    def __init__(self, data=None, *args, **kwargs):
        super().__init__(_without_blanks(data), *args, **kwargs)

    @property
    def qs(self):
        """The incidents asked for; none at all when a value of the query string was not understood."""
        return self.queryset.none() if self.is_bound and not self.form.is_valid() else super().qs

    def in_states(self, incidents, name, states):
        wanted = [Incident.State.unresolved() if state == UNRESOLVED else [state] for state in states]
        return incidents.in_states({state for group in wanted for state in group}) if states else incidents

    def touching(self, incidents, name, system):
        return incidents.filter(pk__in=system.incidents.values("pk"))
