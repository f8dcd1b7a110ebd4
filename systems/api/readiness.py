"""The questions of a system, the gate, the review queue and the checklists."""

from django.db.models import Max
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from mlops_portal.engine.api.errors import Conflict
from mlops_portal.engine.api.permissions import Door
from mlops_portal.engine.api.views import Resource
from mlops_portal.engine.versions import Stale
from systems.actions.readiness import NotFromHere, answer_question, ask_waiver, decide_waiver, review_answer
from systems.api import readiness_shapes as shapes
from systems.api.permissions import ByRule
from systems.api.systems import OfSystem
from systems.models import Answer, ChecklistVersion, Item, Scope
from systems.readiness import gate_of, waiting_answers, waiting_waivers
from systems.states import State, state_of, states_of


class Readiness(OfSystem):
    """The questions of *Launch readiness* of one system: what is claimed, what was checked, what follows."""

    queryset = Item.objects.all()
    serializer_class = shapes.QuestionShape
    versioned = ("update", "review")
    doors = {
        "list": Door(Scope.READ, "read"),
        "retrieve": Door(Scope.READ, "read"),
        "update": Door(Scope.WRITE, "answer.write", takes=shapes.NewAnswer),
        "review": Door(Scope.REVIEW, "review", takes=shapes.NewReview),
        "waiver": Door(Scope.WRITE, "answer.write", takes=shapes.NewWaiver, status=201),
        "decide": Door(Scope.REVIEW, "review", takes=shapes.WaiverDecision),
    }

    def get_queryset(self) -> list[State]:
        return states_of([self.system], at=timezone.now())[self.system.pk]

    def filter_queryset(self, states):
        return states

    def get_object(self) -> State:
        state = state_of(self.system, self.kwargs["question"], at=timezone.now())
        self.check_object_permissions(self.request, self.system)
        if state is None:
            raise Http404
        return state

    def represent(self, row) -> dict:
        return super().represent(self.get_object())

    def update(self, request, slug, question) -> Response:
        """Answer the question; a new answer waits for a review. What says the same changes nothing."""
        key = self.get_object().key
        return self._act(answer_question, system=self.system, key=key, seen=self.seen, **self.given())

    def review(self, request, slug, question) -> Response:
        """Approve the present answer, or send it back. Not its author."""
        answer = self.get_object().answer
        facts = self.given()
        if answer is None:
            raise Conflict("Nobody has answered this yet.")
        if self.seen is not None and self.seen != answer.n:
            raise Stale(answer)
        return self._act(review_answer, answer=answer, **facts)

    def waiver(self, request, slug, question) -> Response:
        """Ask for leave to do without a confident answer for a while."""
        key = self.get_object().key
        return self._act(ask_waiver, created=True, system=self.system, key=key, **self.given())

    def decide(self, request, slug, question) -> Response:
        """Grant or refuse the waiver that is asked for. Not who asked."""
        asked = self.get_object().asked
        facts = self.given()
        if asked is None:
            raise Conflict("No waiver of this question is asked for.")
        return self._act(decide_waiver, waiver=asked, **facts)

    def _act(self, action, *, created: bool = False, **facts) -> Response:
        try:
            action(by=self.request.user, at=timezone.now(), **facts)
        except NotFromHere as refusal:
            raise Conflict(str(refusal)) from None
        return self.answer(None, created=created)


class GateView(OfSystem):
    """Whether the system may go into operations, and what stands in the way."""

    queryset = Answer.objects.all()
    serializer_class = shapes.GateShape
    doors = {"retrieve": Door(Scope.READ, "read")}
    parameters = {"retrieve": [OpenApiParameter("strict", bool, enum=[True, False], description="true: shut is 409.")]}
    errors = {"retrieve": {409: "With strict=true: the gate is shut."}}

    def retrieve(self, request, slug) -> Response:
        strict = request.query_params.get("strict", "false")
        if strict not in ("true", "false"):
            raise ValidationError({"strict": ["Write true or false."]})
        gate = gate_of(self.system, at=timezone.now())
        if strict == "true" and not gate.passed:
            raise Conflict(gate.sentence, request.build_absolute_uri(self.system.readiness_url))
        return self.answer(gate)


class Reviews(Resource):
    """What waits for a decision, the oldest first; with `for=me` only what one may decide oneself."""

    permission_classes = [ByRule]
    queryset = Answer.objects.all()
    serializer_class = shapes.WaitingShape
    doors = {"list": Door(Scope.READ, "review")}
    parameters = {"list": [OpenApiParameter("for", str, enum=["me"], description="Not what one wrote oneself.")]}

    def get_queryset(self) -> list[dict]:
        asked_for = self.request.query_params.get("for")
        if asked_for not in (None, "me"):
            raise ValidationError({"for": ["Write me, or leave it out."]})
        person = self.request.user if asked_for else None
        waiting = [self._facts(one, "answer", one.author, one.at) for one in waiting_answers(person)]
        waiting += [self._facts(one, "waiver", one.asked_by, one.asked_at) for one in waiting_waivers(person)]
        return sorted(waiting, key=lambda facts: facts["since"])

    def filter_queryset(self, waiting):
        return waiting

    def _facts(self, row, kind: str, who, since) -> dict:
        absolute = self.request.build_absolute_uri
        facts = {"kind": kind, "system": row.system.slug, "key": row.question_key, "by": who.username, "since": since}
        url = reverse("api:system-question", args=[row.system.slug, row.question_key])
        page = f"{reverse('systems:reviews')}?{kind}={row.pk}"
        return facts | {"url": absolute(url), "page": absolute(page)}


class Checklists(Resource):
    """What is asked of every system, in the versions that are in force."""

    permission_classes = [ByRule]
    queryset = ChecklistVersion.objects.select_related("checklist").prefetch_related("items")
    serializer_class = shapes.ChecklistShape
    doors = {"list": Door(Scope.READ, "read"), "retrieve": Door(Scope.READ, "read")}

    def get_queryset(self):
        in_force = ChecklistVersion.objects.filter(in_force_from__lte=timezone.now())
        newest = in_force.order_by().values("checklist").annotate(newest=Max("pk")).values("newest")
        return super().get_queryset().filter(pk__in=newest)

    def get_object(self) -> ChecklistVersion:
        return get_object_or_404(self.get_queryset(), checklist__key=self.kwargs["checklist"])
