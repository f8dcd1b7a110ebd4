"""Systems and what hangs on each: owners, status, history, checks."""

from functools import cached_property

from django.db import IntegrityError
from django.db.models import Prefetch
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from mlops_portal.engine.api.errors import Conflict
from mlops_portal.engine.api.fields import Moment
from mlops_portal.engine.api.paging import Cursor
from mlops_portal.engine.api.permissions import Door
from mlops_portal.engine.api.views import Resource
from mlops_portal.engine.models import Change
from systems.access import require
from systems.actions.registry import edit_system, register_system, retire_system
from systems.api import shapes
from systems.api.filters import ChangeFilter, HistoryFilter
from systems.api.permissions import ByRule
from systems.checking import CHECKS
from systems.filters import SystemFilter
from systems.models import Because, Holding, Outcome, Scope, StatusSpan, System
from systems.questions import ROLE_OF_TOPIC
from systems.states import State, states_of
from systems.trail import changes_visible_to


def _shown(systems):
    """Return the systems with all that SystemShape shows."""
    now = Prefetch("holdings", Holding.objects.current().select_related("person"), to_attr="holdings_now")
    return systems.with_status().with_scope().select_related("team").prefetch_related(now)


def as_it_stands(system: System, context: dict) -> dict:
    """Return the system as the API shows it, read anew."""
    return shapes.SystemShape(_shown(System.objects).get(pk=system.pk), context=context).data


class Systems(Resource):
    permission_classes = [ByRule]
    queryset = System.objects.all()
    serializer_class = shapes.SystemShape
    filterset_class = SystemFilter
    lookup_field = "slug"
    versioned = ("partial_update", "destroy")
    doors = {
        "list": Door(Scope.READ, "read"),
        "retrieve": Door(Scope.READ, "read"),
        "create": Door(Scope.WRITE, "system.register", takes=shapes.NewSystem, status=201),
        "partial_update": Door(Scope.WRITE, "system.edit", takes=shapes.SystemShape),
        "destroy": Door(Scope.WRITE, "system.edit"),
    }

    def get_queryset(self):
        return _shown(super().get_queryset()).visible_to(self.request.user)

    def represent(self, row) -> dict:
        return as_it_stands(row, self.get_serializer_context())

    def create(self, request) -> Response:
        facts = self.given()
        try:
            system = register_system(by=request.user, at=timezone.now(), **facts)
        except IntegrityError:
            raise self._taken(facts["slug"]) from None
        return self.answer(system, created=True)

    def _taken(self, slug: str) -> Conflict:
        taken = self.get_queryset().known_as(slug).first()
        return Conflict(f"The slug {slug} is taken.", self.represent(taken)["url"] if taken else "")

    def partial_update(self, request, slug) -> Response:
        system = self.get_object()
        facts = self.given(system)
        if "team" in facts:  # who hands a system on must be somebody in the team that gets it, or a manager
            require(request.user, "system.edit", System(team=facts["team"]))
        try:
            system = edit_system(system=system, by=request.user, at=timezone.now(), seen=self.seen, **facts)
        except IntegrityError:
            raise self._taken(facts["slug"]) from None
        return self.answer(system)

    def destroy(self, request, slug) -> Response:
        """Retire the system; its history stays."""
        system = self.get_object()
        return self.answer(retire_system(system=system, by=request.user, at=timezone.now(), seen=self.seen))


class OfSystem(Resource):
    """What hangs on one system, which the caller must be able to see."""

    permission_classes = [ByRule]

    @cached_property
    def system(self) -> System:
        visible = System.objects.with_status().visible_to(self.request.user)
        return get_object_or_404(visible, slug=self.kwargs["slug"])

    def moment(self, name: str):
        """Return the moment that the query string gives under `name`, or None. Raises ValidationError."""
        given = self.request.query_params.get(name)
        try:
            return Moment().run_validation(given) if given is not None else None
        except ValidationError as error:
            raise ValidationError({name: error.detail}) from None


def _when(name: str) -> OpenApiParameter:
    return OpenApiParameter(name, {"type": "string", "format": "date-time"}, description="RFC 3339, with an offset.")


class Status(OfSystem):
    """The stretches of time in which the system had one status, newest first, between `from` and `to`."""

    queryset = StatusSpan.objects.all()
    serializer_class = shapes.SpanShape
    doors = {"list": Door(Scope.READ, "read")}
    parameters = {"list": [_when("from"), _when("to")]}

    def get_queryset(self) -> list[StatusSpan]:
        begin, end = self.moment("from"), self.moment("to")
        spans = self.system.status_history()
        return [
            span
            for span in spans
            if (end is None or span.from_at < end) and (begin is None or span.to_at is None or span.to_at > begin)
        ]

    def filter_queryset(self, spans):
        return spans


class History(OfSystem):
    """What was changed about the system, by whom, through which door."""

    queryset = Change.objects.all()
    serializer_class = shapes.ChangeShape
    filterset_class = HistoryFilter
    pagination_class = Cursor
    doors = {"list": Door(Scope.READ, "read")}

    def get_queryset(self):
        return super().get_queryset().filter(system__in=self.system.slugs)


class Checks(OfSystem):
    """What the portal checked by itself, and its questions: what was found, why, and where that is mended."""

    queryset = Outcome.objects.order_by("check_key")
    serializer_class = shapes.CheckShape
    doors = {"list": Door(Scope.READ, "read")}

    def get_queryset(self) -> list[dict]:
        outcomes = super().get_queryset().filter(system=self.system, check_key__in=CHECKS).with_result()
        states = states_of([self.system], at=timezone.now())[self.system.pk]
        return [self._check(outcome) for outcome in outcomes] + [self._question(state) for state in states]

    def filter_queryset(self, facts):
        return facts

    def _check(self, outcome: Outcome) -> dict:
        check = CHECKS[outcome.check_key]
        unknown = outcome.result_now == Outcome.Result.UNKNOWN
        facts = {"key": check.key, "topic": check.topic, "gap": check.gap, "title": check.title}
        facts |= {"for_role": check.for_role, "because": Because.EVIDENCE_UNKNOWN if unknown else ""}
        facts |= {"outcome": outcome.result_now, "why": outcome.why, "since": outcome.since}
        return facts | {"url": self.request.build_absolute_uri(outcome.url) if outcome.url else ""}

    def _question(self, state: State) -> dict:
        facts = {"key": state.key, "topic": state.topic, "gap": state.gap, "title": state.item.text}
        facts |= {"for_role": ROLE_OF_TOPIC[state.topic], "because": state.because}
        facts |= {"outcome": state.result, "why": state.why, "since": state.since}
        return facts | {"url": self.request.build_absolute_uri(state.url)}


class Audit(Resource):
    """Every change, newest first; without those of systems that the caller may not see."""

    permission_classes = [ByRule]
    queryset = Change.objects.all()
    serializer_class = shapes.ChangeShape
    filterset_class = ChangeFilter
    pagination_class = Cursor
    doors = {"list": Door(Scope.ADMIN, "audit.read")}

    def get_queryset(self):
        return changes_visible_to(self.request.user)
