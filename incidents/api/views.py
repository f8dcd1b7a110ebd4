"""Incidents, the steps that people take, and their timelines."""

from django.db.models import Prefetch
from django.shortcuts import get_object_or_404
from django.utils import timezone
from rest_framework.response import Response

from incidents.actions import response as steps
from incidents.actions.declaring import change_incident, declare
from incidents.api import shapes
from incidents.filters import IncidentFilter
from incidents.models import Entry, Incident, IncidentAlert
from mlops_portal.engine.api.errors import Conflict
from mlops_portal.engine.api.permissions import Door
from mlops_portal.engine.api.serializers import Nothing
from mlops_portal.engine.api.views import Resource
from systems.api.permissions import ByRule
from systems.models import Scope


class Incidents(Resource):
    permission_classes = [ByRule]
    queryset = Incident.objects.select_related("noticed_by")
    serializer_class = shapes.IncidentShape
    filterset_class = IncidentFilter
    lookup_field = "number"
    versioned = ("partial_update", "acknowledge", "mitigate", "resolve")
    doors = {
        "list": Door(Scope.READ, "read"),
        "create": Door(Scope.INCIDENTS, "incident.declare", takes=shapes.Declaration, status=201),
        "retrieve": Door(Scope.READ, "read"),
        "partial_update": Door(Scope.INCIDENTS, "incident.act", takes=shapes.Correction),
        "acknowledge": Door(Scope.INCIDENTS, "incident.act", takes=Nothing),
        "mitigate": Door(Scope.INCIDENTS, "incident.act", takes=shapes.MaybeNote),
        "resolve": Door(Scope.INCIDENTS, "incident.act", takes=shapes.Note),
    }

    def get_queryset(self):
        person = self.request.user
        alerts = Prefetch("memberships", IncidentAlert.objects.visible_to(person).select_related("alert"))
        return super().get_queryset().visible_to(person).for_list_page(person).prefetch_related(alerts)

    def represent(self, row) -> dict:
        return super().represent(self.get_queryset().get(pk=row.pk))

    def create(self, request) -> Response:
        """Declare an incident of systems that one may see. The same title within a minute is the same incident."""
        incident = declare(by=request.user, at=timezone.now(), **self.given())
        return self.answer(incident, created=True)

    def partial_update(self, request, number) -> Response:
        """Give it another title or situation, or another severity with the reason."""
        incident = self.get_object()
        given = self.given(incident)
        return self.answer(
            change_incident(incident=incident, by=request.user, at=timezone.now(), seen=self.seen, **given)
        )

    def acknowledge(self, request, number) -> Response:
        """Say that one is on it. 409 when somebody was first."""
        return self._step(steps.acknowledge)

    def mitigate(self, request, number) -> Response:
        """Say that the harm has stopped."""
        return self._step(steps.mitigate)

    def resolve(self, request, number) -> Response:
        """Say that it is over, and what was done."""
        return self._step(steps.resolve)

    def _step(self, action) -> Response:
        incident = self.get_object()
        said = self.given()
        try:
            action(incident=incident, by=self.request.user, at=timezone.now(), seen=self.seen, **said)
        except steps.AlreadyDone as error:
            raise Conflict(str(error)) from None
        return self.answer(incident)


class Timeline(Resource):
    """What happened and was done, newest first."""

    permission_classes = [ByRule]
    queryset = Entry.objects.select_related("by").order_by("-n")
    serializer_class = shapes.EntryShape
    doors = {
        "list": Door(Scope.READ, "read"),
        "create": Door(Scope.INCIDENTS, "incident.act", takes=shapes.Note, status=201),
    }

    def _incident(self) -> Incident:
        visible = Incident.objects.visible_to(self.request.user)
        incident = get_object_or_404(visible, number=self.kwargs["number"])
        self.check_object_permissions(self.request, incident)
        return incident

    def get_queryset(self):
        return super().get_queryset().filter(incident=self._incident()).visible_to(self.request.user)

    def create(self, request, number) -> Response:
        entry = steps.write_note(incident=self._incident(), by=request.user, at=timezone.now(), **self.given())
        return self.answer(entry)
