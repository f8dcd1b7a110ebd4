"""The one filter of incidents: the same query string means the same on the page and in the API."""

import django_filters

from incidents.models import Incident, Severity
from systems.models import System

UNRESOLVED = "unresolved"


class IncidentFilter(django_filters.FilterSet):
    """`queryset` holds incidents that `person` may see; a system that one may not see is not understood.

    The API hands in the request instead of its person.
    """

    state = django_filters.ChoiceFilter(
        label="State", choices=[(UNRESOLVED, "Unresolved"), *Incident.State.choices], method="in_state"
    )
    severity = django_filters.MultipleChoiceFilter(label="Severity", choices=Severity.choices, distinct=False)
    system = django_filters.ModelChoiceFilter(
        label="System", queryset=System.objects.none(), to_field_name="slug", method="touching"
    )

    class Meta:
        model = Incident
        fields: list[str] = []

    def __init__(self, data, queryset, *, person=None, request=None, **kwargs):
        super().__init__(data, queryset, request=request, **kwargs)
        self.filters["system"].queryset = System.objects.visible_to(person or request.user).order_by("name")

    @property
    def qs(self):
        """The incidents asked for; none at all when a value of the query string was not understood."""
        return self.queryset.none() if self.is_bound and not self.form.is_valid() else super().qs

    def in_state(self, incidents, name, state):
        return incidents.unresolved() if state == UNRESOLVED else incidents.in_state(state)

    def touching(self, incidents, name, system):
        return incidents.filter(pk__in=system.incidents.values("pk"))
