"""Runbooks, versions, deployments, retraining and phases of a system, for programs."""

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from mlops_portal.engine.api.errors import Conflict
from mlops_portal.engine.api.permissions import Door
from mlops_portal.engine.api.serializers import Nothing
from systems.actions.phases import GapsLeft, GateShut, move_phase
from systems.actions.readiness import NotFromHere
from systems.actions.retraining import answer_run, ask_for_run, record_run, set_retraining
from systems.actions.runbooks import confirm_runbook, write_runbook
from systems.actions.versions import AlreadyThere, add_version, deploy
from systems.api import promise_shapes as shapes
from systems.api.systems import OfSystem, as_it_stands
from systems.models import (
    Deployment,
    ModelVersion,
    PhaseMove,
    Retraining,
    RetrainingRun,
    Runbook,
    RunbookVersion,
    Scope,
    System,
)

AT = OpenApiParameter("at", {"type": "string", "format": "date-time"}, description="RFC 3339, with an offset.")


class Promise(OfSystem):
    """What hangs on a system; whoever writes is asked the rule about that system before anything is read."""

    def get_queryset(self):
        return super().get_queryset().filter(system=self.system)

    def asked(self) -> dict:
        """Return the body, once it is known that the caller may. Raises PermissionDenied, ValidationError."""
        self.check_object_permissions(self.request, self.system)
        return self.given()

    def past(self, at):
        """Return the moment, now when there is none. Raises ValidationError for one that is still to come."""
        if at and at > timezone.now():
            raise ValidationError({"at": ["This moment is still to come."]})
        return at or timezone.now()

    def refuse(self, there: AlreadyThere):
        raise Conflict(str(there), self.represent(there.row)["url"]) from None


class Versions(Promise):
    """The versions of the model, newest first."""

    queryset = ModelVersion.objects.select_related("system")
    serializer_class = shapes.VersionShape
    lookup_url_kwarg = "model_version"
    doors = {
        "list": Door(Scope.READ, "read"),
        "retrieve": Door(Scope.READ, "read"),
        "create": Door(Scope.WRITE, "version.record", takes=shapes.VersionShape, status=201),
    }

    def create(self, request, slug) -> Response:
        facts = self.asked()
        try:
            version = add_version(system=self.system, by=request.user, at=timezone.now(), **facts)
        except AlreadyThere as there:
            self.refuse(there)
        return self.answer(version, created=True)


class Deployments(Promise):
    """Where which version runs since when, newest first; with `at`, what ran everywhere at that moment."""

    queryset = Deployment.objects.select_related("system", "model_version", "by", "rollback_to")
    serializer_class = shapes.DeploymentShape
    lookup_url_kwarg = "deployment"
    parameters = {"list": [AT]}
    doors = {
        "list": Door(Scope.READ, "read"),
        "retrieve": Door(Scope.READ, "read"),
        "create": Door(Scope.WRITE, "version.record", takes=shapes.DeploymentShape, status=201),
    }

    def get_queryset(self):
        at = self.moment("at") if self.action == "list" else None
        return super().get_queryset().live(at) if at else super().get_queryset()

    def create(self, request, slug) -> Response:
        facts = self.asked()
        facts |= {"version": facts.pop("model_version"), "at": self.past(facts.get("at"))}
        try:
            deployment = deploy(system=self.system, by=request.user, **facts)
        except AlreadyThere as there:
            self.refuse(there)
        return self.answer(deployment, created=True)


class RetrainingPlan(Promise):
    queryset = Retraining.objects.select_related("system")
    serializer_class = shapes.RetrainingShape
    versioned = ("update",)
    doors = {
        "retrieve": Door(Scope.READ, "read"),
        "update": Door(Scope.WRITE, "version.record", takes=shapes.RetrainingShape),
    }

    def get_object(self) -> Retraining:
        return get_object_or_404(self.get_queryset())

    def update(self, request, slug) -> Response:
        facts = self.asked()
        return self.answer(
            set_retraining(system=self.system, by=request.user, at=timezone.now(), seen=self.seen, **facts)
        )


class Runs(Promise):
    """When it was trained again, newest first."""

    queryset = RetrainingRun.objects.select_related("system", "model_version", "by")
    serializer_class = shapes.RunShape
    lookup_url_kwarg = "run"
    doors = {
        "list": Door(Scope.READ, "read"),
        "retrieve": Door(Scope.READ, "read"),
        "create": Door(Scope.WRITE, "version.record", takes=shapes.RunShape, status=201),
        "answered": Door(Scope.WRITE, "version.record", takes=shapes.RunAnswer),
    }

    def create(self, request, slug) -> Response:
        """Record a training; with `open`, what changed requirements ask for and is not done yet."""
        facts = self.asked()
        if facts.pop("is_open", False):
            return self.answer(self._asked_for(facts), created=True)
        facts |= {"version": facts.pop("model_version", None), "at": self.past(facts.get("at"))}
        try:
            run = record_run(system=self.system, by=request.user, **facts)
        except AlreadyThere as there:
            self.refuse(there)
        return self.answer(run, created=True)

    def _asked_for(self, facts: dict) -> RetrainingRun:
        if facts.pop("cause") != RetrainingRun.Cause.REQUIREMENTS:
            raise ValidationError({"cause": ["Only what changed requirements ask for is entered ahead."]})
        if wrong := sorted({"at", "after", "model_version"} & {name for name in facts if facts[name] is not None}):
            name = "version" if wrong[0] == "model_version" else wrong[0]
            raise ValidationError({name: ["It is not done yet: leave this out."]})
        facts = {name: facts[name] for name in ("before", "note") if name in facts}
        return ask_for_run(system=self.system, by=self.request.user, at=timezone.now(), **facts)

    def answered(self, request, slug, run) -> Response:
        """Say which version answers what was asked for."""
        facts = self.asked()
        row = get_object_or_404(self.get_queryset(), pk=run)
        facts |= {"version": facts.pop("model_version"), "at": self.past(facts.get("at"))}
        try:
            return self.answer(answer_run(run=row, by=request.user, **facts))
        except AlreadyThere as there:
            self.refuse(there)


class RunbookText(Promise):
    """What to do in a situation, as it stands; 404 while nothing is written."""

    queryset = Runbook.objects.select_related("system")
    serializer_class = shapes.RunbookShape
    versioned = ("update", "confirm")
    doors = {
        "retrieve": Door(Scope.READ, "read"),
        "update": Door(Scope.WRITE, "runbook.write", takes=shapes.RunbookShape),
        "confirm": Door(Scope.WRITE, "runbook.write", takes=Nothing),
    }

    def get_object(self) -> Runbook:
        written = RunbookVersion.objects.newest().values("runbook")
        return get_object_or_404(self.get_queryset(), situation=self.kwargs["situation"], pk__in=written)

    def update(self, request, slug, situation) -> Response:
        facts = self.asked() | {"by": request.user, "at": timezone.now(), "seen": self.seen}
        return self.answer(write_runbook(system=self.system, situation=situation, **facts))

    def confirm(self, request, slug, situation) -> Response:
        """Say that it was read again and still holds; it is to be read again an interval later."""
        facts = self.asked() | {"by": request.user, "at": timezone.now(), "seen": self.seen}
        try:
            return self.answer(confirm_runbook(system=self.system, situation=situation, **facts))
        except Runbook.DoesNotExist:
            raise Http404 from None

    def represent(self, row: Runbook | RunbookVersion) -> dict:
        return super().represent(row.runbook if isinstance(row, RunbookVersion) else row)


class RunbookVersions(OfSystem):
    """All that was ever written of a situation, newest first: who wrote it, when, and where it came from."""

    queryset = RunbookVersion.objects.select_related("by", "runbook__system").order_by("-n")
    serializer_class = shapes.RunbookVersionShape
    doors = {"list": Door(Scope.READ, "read")}

    def get_queryset(self):
        of = {"runbook__system": self.system, "runbook__situation": self.kwargs["situation"]}
        return super().get_queryset().filter(**of)


class Moves(Promise):
    """Moving on to the next phase, or back; the gaps that are not accepted stand in the way, and so does the gate."""

    queryset = PhaseMove.objects.select_related("system", "by")
    serializer_class = shapes.MovedShape
    versioned = ("create",)
    doors = {
        "list": Door(Scope.READ, "read"),
        "create": Door(Scope.WRITE, "phase.decide", takes=shapes.MoveShape),
    }

    def create(self, request, slug) -> Response:
        facts = self.asked()
        try:
            move = move_phase(system=self.system, by=request.user, at=timezone.now(), seen=self.seen, **facts)
        except GapsLeft as left:
            conflict = Conflict(str(left))
            conflict.extra = {"gaps": [{"key": gap.check_key, "why": gap.why} for gap in left.gaps]}
            raise conflict from None
        except GateShut as shut:
            conflict = Conflict(str(shut))
            conflict.extra = {"gate": shut.gate.as_json()}
            raise conflict from None
        except NotFromHere as error:
            raise Conflict(str(error)) from None
        return self.answer(move)

    def represent(self, row: PhaseMove | System) -> dict:
        """Return the decision; for whoever decides about a system that has changed, the system as it stands."""
        return as_it_stands(row, self.get_serializer_context()) if isinstance(row, System) else super().represent(row)
