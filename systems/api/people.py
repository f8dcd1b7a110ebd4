"""People, teams, tokens, notices: who asks, and who can be asked."""

from django.db import IntegrityError
from django.shortcuts import get_object_or_404
from django.utils import timezone
from rest_framework.response import Response

from mlops_portal.engine.api.errors import Conflict
from mlops_portal.engine.api.permissions import Door
from mlops_portal.engine.api.serializers import Nothing
from mlops_portal.engine.api.views import Resource
from systems.actions.notices import mark_read
from systems.actions.people import LastAdministrator, add_person, edit_person
from systems.actions.teams import add_team, join_team, leave_team
from systems.api import shapes
from systems.api.filters import NoticeFilter, PersonFilter
from systems.api.permissions import ByRule
from systems.models import Membership, Notice, Person, Scope, System, Team, Token
from systems.tokens import make_token, revoke_token


class Me(Resource):
    """Who is asking, and what for."""

    permission_classes = [ByRule]
    serializer_class = shapes.Me
    doors = {"retrieve": Door(Scope.READ, "read")}

    def retrieve(self, request) -> Response:
        person, token = request.user, request.auth
        said = {
            "username": person.username,
            "name": person.name,
            "groups": person.groups,
            "teams": person.teams.values_list("slug", flat=True),
            "scopes": token.scopes if token else Scope.values,
            "expires_at": token and token.expires_at,
        }
        return Response(shapes.Me(said).data)


class People(Resource):
    permission_classes = [ByRule]
    queryset = Person.objects.prefetch_related("teams")
    serializer_class = shapes.PersonShape
    filterset_class = PersonFilter
    lookup_field = "username"
    versioned = ("partial_update",)
    doors = {
        "list": Door(Scope.READ, "read"),
        "retrieve": Door(Scope.READ, "read"),
        "create": Door(Scope.ADMIN, "people.manage", takes=shapes.NewPerson, status=201),
        "partial_update": Door(Scope.ADMIN, "people.manage", takes=shapes.PersonShape),
    }

    def create(self, request) -> Response:
        facts = self.given()
        try:
            person = add_person(by=request.user, **facts)
        except IntegrityError:
            taken = Person.objects.get(username__iexact=facts["username"])
            raise Conflict(f"{taken.username} is here already.", self.represent(taken)["url"]) from None
        return self.answer(person, created=True)

    def partial_update(self, request, username) -> Response:
        person = self.get_object()
        try:
            edit_person(person=person, by=request.user, seen=self.seen, **self.given(person))
        except LastAdministrator as error:
            raise Conflict(str(error)) from None
        return self.answer(self.get_object())


class Teams(Resource):
    permission_classes = [ByRule]
    queryset = Team.objects.prefetch_related("members")
    serializer_class = shapes.TeamShape
    lookup_field = "slug"
    doors = {
        "list": Door(Scope.READ, "read"),
        "retrieve": Door(Scope.READ, "read"),
        "create": Door(Scope.ADMIN, "people.manage", takes=shapes.TeamShape, status=201),
    }

    def create(self, request) -> Response:
        facts = self.given()
        try:
            team = add_team(by=request.user, **facts)
        except IntegrityError:
            taken = Team.objects.get(slug__iexact=facts["slug"])
            raise Conflict(f"There is a team {taken.slug} already.", self.represent(taken)["url"]) from None
        return self.answer(team, created=True)


class Members(Resource):
    permission_classes = [ByRule]
    queryset = Membership.objects.all()
    doors = {
        "update": Door(Scope.ADMIN, "people.manage", takes=Nothing, status=204),
        "destroy": Door(Scope.ADMIN, "people.manage", status=204),
    }

    def update(self, request, slug, username) -> Response:
        self.given()
        join_team(**self._who(slug, username), by=request.user)
        return Response(status=204)

    def destroy(self, request, slug, username) -> Response:
        leave_team(**self._who(slug, username), by=request.user)
        return Response(status=204)

    def _who(self, slug: str, username: str) -> dict:
        return {"team": get_object_or_404(Team, slug=slug), "person": get_object_or_404(Person, username=username)}


class Tokens(Resource):
    """One's own. A token makes another only with the scope `admin`, and none that can do more or lives longer."""

    permission_classes = [ByRule]
    queryset = Token.objects.all()
    serializer_class = shapes.TokenShape
    lookup_field = "prefix"
    keeps_answers = False
    doors = {
        "list": Door(Scope.READ, "token.own"),
        "retrieve": Door(Scope.READ, "token.own"),
        "create": Door(Scope.ADMIN, "token.own", takes=shapes.NewToken, gives=shapes.NewToken, status=201),
        "destroy": Door(Scope.ADMIN, "token.own", status=204),
    }

    def get_queryset(self):
        return super().get_queryset().filter(person=self.request.user)

    def create(self, request) -> Response:
        facts = self.given()
        self._refuse_to_outgrow(request.auth, facts)
        token, text = make_token(person=request.user, by=request.user, **facts)
        token.text = text
        return self.answer(token, created=True)

    def _refuse_to_outgrow(self, asking: Token | None, facts: dict) -> None:
        if asking is None:
            return
        if not set(facts["scopes"]) <= set(asking.scopes):
            self.permission_denied(self.request, "A token makes no other with scopes that it lacks.")
        if asking.expires_at and (not facts.get("expires_at") or facts["expires_at"] > asking.expires_at):
            self.permission_denied(self.request, "A token makes no other that outlives it.")

    def destroy(self, request, prefix) -> Response:
        revoke_token(token=self.get_object(), by=request.user, at=timezone.now())
        return Response(status=204)

    def finalize_response(self, request, response, *args, **kwargs):
        response["Cache-Control"] = "no-store"
        return super().finalize_response(request, response, *args, **kwargs)


class Notices(Resource):
    """What one was told: to oneself or to a team of one's own, unless it is about a system that one may not see."""

    permission_classes = [ByRule]
    queryset = Notice.objects.select_related("system")
    serializer_class = shapes.NoticeShape
    filterset_class = NoticeFilter
    doors = {
        "list": Door(Scope.READ, "read"),
        "retrieve": Door(Scope.READ, "read"),
        "read": Door(Scope.WRITE, "read", takes=Nothing),
    }

    def get_queryset(self):
        person = self.request.user
        return super().get_queryset().for_person(person).exclude(system__in=System.objects.hidden_from(person))

    def read(self, request, pk) -> Response:
        notice = self.get_object()
        self.given()
        return self.answer(mark_read(notice=notice, at=timezone.now()))
