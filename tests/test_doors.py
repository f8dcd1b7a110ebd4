"""Every route × every kind of person: who gets in, who is refused, and that no route lacks a rule (S11, S12, S20)."""

from dataclasses import dataclass
from datetime import timedelta
from http.cookies import SimpleCookie

import pytest
from django.apps import apps
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models.functions import Now
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, get_resolver, path, reverse
from django.utils import timezone
from rest_framework.test import APIClient

from mlops_portal.engine.models import Change, Duty
from monitoring.models import Alert, Metric, Monitor, Pull, Source
from systems.access import RULES
from systems.models import (
    Answer,
    Deployment,
    ModelVersion,
    Notice,
    Retraining,
    RetrainingRun,
    Runbook,
    Scope,
    System,
    Token,
    Waiver,
)
from systems.tokens import make_token
from tests.factories import AnswerFactory, IncidentFactory, PersonFactory, SeriesFactory, SourceFactory, WaiverFactory

ANONYMOUS = "anonymous"
SIGNED_IN = {
    *("viewer", "data_scientist", "on_call", "holder", "teammate", "stranger", "manager", "administrator"),
}
KINDS = [ANONYMOUS, *sorted(SIGNED_IN)]

# Who may, of the cast: the stranger is a data scientist of no team, the teammate a viewer of the system's team.
MAY = {
    "read": SIGNED_IN,
    "token.own": SIGNED_IN,
    "components.read": SIGNED_IN,
    "system.register": {"data_scientist", "stranger", "manager"},
    "system.edit": {"data_scientist", "manager"},
    "answer.write": {"data_scientist", "holder", "manager"},
    "review": {"manager"},
    "role.assign": {"manager"},
    "role.own": SIGNED_IN,
    "role.confirm": {"holder"},
    "interval.set": {"administrator", "manager"},
    "incident.declare": SIGNED_IN,
    "runbook.write": {"data_scientist", "holder", "manager"},
    "version.record": {"data_scientist", "manager"},
    "phase.decide": {"holder", "manager"},
    "incident.act": {"on_call", "holder", "manager"},
    "alert.act": {"on_call", "holder", "manager"},
    "people.manage": {"administrator"},
    "audit.read": {"administrator", "manager"},
}
SEES_RESTRICTED = {"data_scientist", "teammate", "holder", "manager"}

API_METHODS = ["get", "post", "put", "patch", "delete", "options"]
PAGE_METHODS = ["get", "post", "delete"]
NO_SUCH_METHOD = "takes no such method"

LOG = {
    "system": "churn",
    "kind": "prediction_log",
    "name": "Log",
    "settings": {"predictions": "churn.csv", "task": "binary", "columns": {"at": "at", "prediction": "answer"}},
}

# A right body for each action that takes one, so that who may gets the status of success.
BODIES = {
    "api:people post": {"username": "newcomer"},
    "api:person patch": {"name": "Somebody"},
    "api:teams post": {"slug": "new-team", "name": "New team"},
    "api:tokens post": {"scopes": ["read"]},
    "api:systems post": {"slug": "new-system", "name": "New", "team": "growth"},
    "api:system patch": {"name": "Other name"},
    "api:system-question put": {"text": "The last value.", "confidence": "confident"},
    "api:review post": {"decision": "approved"},
    "api:waiver post": {"reason": "Late.", "control": "By hand.", "until": "2100-01-01T00:00:00Z"},
    "api:waiver-decide post": {"grant": True},
    "api:owner put": {"person": "viewer"},
    "api:incidents post": {"title": "Wrong", "systems": ["churn"], "severity": "sev3", "noticed_how": "other"},
    "api:incident patch": {"title": "Wrong again"},
    "api:sources post": LOG,
    "api:sources-test post": LOG,
    "api:source patch": {"interval_s": 300},
    "api:metrics post": {"system": "churn", "key": "recall", "unit": "", "kind": "quality", "direction": "higher"},
    "api:metric patch": {"name": "Hits"},
    "api:versions post": {"name": "2.0"},
    "api:deployments post": {"version": "1.0"},
    "api:retraining put": {"policy": "On the last year.", "who": "The model owner", "every_days": 90},
    "api:retraining-runs post": {"cause": "drift"},
    "api:runbook put": {"body": "- [ ] Look at the queue."},
    "api:phase post": {"to": "research"},
    "api:ingest post": {"points": []},
    "api:monitors post": {"metric": "1", "kind": "limit", "severity": "critical", "settings": {"below": 0.7}},
    "api:monitor patch": {"severity": "critical"},
    "api:alert-snooze post": {"until": None},
    "api:alert-feedback post": {"real": True},
    "api:system-spec put": {"version": 1},
    "api:resolve post": {"text": "Restarted."},
    "api:timeline post": {"text": "Looked at it."},
}


@dataclass(frozen=True)
class Route:
    name: str
    view: object
    arguments: tuple[str, ...]

    @property
    def is_page(self) -> bool:
        return hasattr(self.view, "rules") or hasattr(self.view, "public")

    @property
    def actions(self) -> dict[str, str]:
        return getattr(self.view, "actions", None) or {"get": self.view.cls.action}

    @property
    def touches_system(self) -> bool:
        if self.name.startswith("monitoring:") or any(name.endswith("_id") for name in self.arguments):
            return True
        return not {"number", "role", "question"}.isdisjoint(self.arguments) or (
            "slug" in self.arguments and "team" not in self.name and "member" not in self.name
        )

    def door(self, method: str):
        return self.view.cls.doors[self.actions[method]]


def routes(patterns=None, space: str = "", arguments: tuple = ()):
    """Yield every route of the portal, or of `patterns`."""
    for one in get_resolver().url_patterns if patterns is None else patterns:
        named = (*arguments, *one.pattern.regex.groupindex)
        if isinstance(one, URLPattern):
            yield Route(f"{space}{one.name}", one.callback, named)
        else:
            inner = f"{space}{one.namespace}:" if one.namespace else space
            yield from routes(one.url_patterns, inner, named)


def undeclared(all_routes) -> list[str]:
    """Return the names of the routes, and of the actions, that say no rule."""
    missing = []
    for route in all_routes:
        if route.is_page:
            continue
        doors = getattr(getattr(route.view, "cls", None), "doors", {})
        actions = set(route.actions.values()) if doors else {"?"}
        missing += [f"{route.name} {action}" for action in actions - set(doors)]
        missing += [f"{route.name} {action}" for action in actions & set(doors) if doors[action].rule not in RULES]
    return missing


ROUTES = list(routes())
PAGES = [route for route in ROUTES if route.is_page]
API = [route for route in ROUTES if not route.is_page]


def asked(some: list[Route], is_restricted: bool) -> list[Route]:
    """Return the routes that are asked in a world: where the system is restricted, those that touch it."""
    return [route for route in some if route.touches_system or not is_restricted]


def test_every_route_declares_its_rule(capsys):
    cells = len(KINDS) * sum(
        len(API_METHODS) * len(asked(API, is_restricted)) + len(PAGE_METHODS) * len(asked(PAGES, is_restricted))
        for is_restricted in (False, True)
    )
    missing = undeclared(ROUTES)
    with capsys.disabled():
        print(f"\ndoors: {len(ROUTES)} routes, {cells} cells, {len(missing)} undeclared")
    assert missing == []


def test_a_route_without_a_rule_is_found():
    bare = list(routes([path("bare/", lambda request: HttpResponse(), name="bare")]))
    assert undeclared(bare) == ["bare ?"]


def test_every_rule_is_told_apart_here():
    assert set(MAY) == set(RULES)


def promised(system) -> None:
    """Put down a version that runs, a plan, a run and a runbook, in a phase from which one can go back."""
    at = timezone.now() - timedelta(days=1)
    System.objects.filter(pk=system.pk).update(phase="engineering")
    version = ModelVersion.objects.create(system=system, name="1.0")
    Deployment.objects.create(system=system, model_version=version, at=at)
    Retraining.objects.create(system=system, policy="Yearly.", who="Somebody", every_days=365, set_at=at)
    RetrainingRun.objects.create(system=system, at=at, cause="schedule")
    Runbook.objects.create(system=system, situation="load", version=1).versions.create(
        n=1, body="Wait.", at=at, review_by=at.date()
    )


@pytest.fixture(params=["open", "restricted"])
def world(request, system):
    """The cast, a system that is open or restricted, an incident of it; to each person a notice and a token."""
    request.getfixturevalue("settings").PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    people = {kind: request.getfixturevalue(kind) for kind in SIGNED_IN}
    is_restricted = request.param == "restricted"
    System.objects.update(restricted=is_restricted)
    Duty.objects.update(finished_at=Now() + timedelta(hours=1))
    PersonFactory(username="former", is_active=False)
    IncidentFactory(number=1, systems=[system])
    source = SourceFactory(system=system)
    series = SeriesFactory(metric__system=system, metric__key="accuracy", metric__pk=1, source=source)
    monitor = Monitor.objects.create(series=series, kind="limit", settings={"below": 0.8})
    Alert.objects.create(monitor=monitor, opened_at=Now(), severity="warning", sentence="Too low.")
    Pull.objects.create(source=source, due_at=Now(), lease_until=Now(), finished_at=Now(), outcome="ok")
    promised(system)
    AnswerFactory(system=system, question_key="feed_unavailable", author=people["data_scientist"])
    WaiverFactory(system=system, question_key="load", asked_by=people["data_scientist"])
    for kind, person in people.items():
        Notice.objects.create(key=kind, person=person, subject="Told", text="Something", url="/")
        make_token(person=person, scopes=Scope.values, by=person)
    return World(people, is_restricted)


@dataclass(frozen=True)
class World:
    people: dict
    is_restricted: bool

    def address(self, route: Route, kind: str) -> str:
        whose = self.people.get(kind) or self.people["viewer"]
        known = {
            "slug": "growth" if "team" in route.name or "member" in route.name else "churn",
            "number": 1,
            "role": "product_owner",
            "username": "former" if "reactivate" in route.name else "holder",
            "pk": Notice.objects.get(person=whose).pk,
            "prefix": Token.objects.filter(person=whose).first().prefix,
            "checklist": "launch-readiness",
            "question": "load" if "decide" in route.name else "feed_unavailable",
            "situation": "load",
            "model_version": ModelVersion.objects.get().pk,
            "deployment": Deployment.objects.get().pk,
            "run": RetrainingRun.objects.get().pk,
            "answer": Answer.objects.get().pk,
            "waiver": Waiver.objects.get().pk,
            "path": "nowhere/",
            "uidb36": "1",
            "key": "accuracy" if route.name.startswith("monitoring:") else "set-password",
            "source_id": Source.objects.get().pk,
            "metric_id": Metric.objects.get().pk,
            "pull_id": Pull.objects.get().pk,
            "alert_id": Alert.objects.get().pk,
            "monitor_id": Monitor.objects.get().pk,
        }
        return reverse(route.name, kwargs={name: known[name] for name in route.arguments})

    def hides(self, route: Route, kind: str) -> bool:
        return self.is_restricted and route.touches_system and kind not in SEES_RESTRICTED


def undone(act):
    """Return what `act()` answers, and leave the database as it was."""
    with transaction.atomic():
        response = act()
        transaction.set_rollback(True)
    return response


@pytest.mark.parametrize("kind", KINDS)
def test_the_api_lets_in_whom_the_rules_let_in(world, kind):
    client = APIClient()
    if kind != ANONYMOUS:
        _, text = make_token(person=world.people[kind], scopes=Scope.values, by=None)
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {text}")
    wrong = {}
    for route in asked(API, world.is_restricted):
        address = world.address(route, kind)
        for method in API_METHODS:
            body = BODIES.get(f"{route.name} {method}")
            got = undone(lambda: getattr(client, method)(address, body)).status_code  # noqa: B023
            wanted = answer_of_api(world, route, method, kind)
            if got != wanted:
                wrong[f"{method} {address}"] = f"{got}, not {wanted}"
    assert wrong == {}


def answer_of_api(world: World, route: Route, method: str, kind: str) -> int:
    if kind == ANONYMOUS:
        return 401
    if method not in route.actions:
        return 405
    door = route.door(method)
    is_in = kind in MAY[door.rule]
    if not is_in and not RULES[door.rule].about:
        return 403
    if world.hides(route, kind):
        return 404
    return door.status if is_in else 403


@pytest.mark.parametrize("kind", KINDS)
def test_pages_let_in_whom_the_rules_let_in(world, kind):
    client = Client()
    if kind != ANONYMOUS:
        client.force_login(world.people[kind])
    mine = client.cookies.output(header="", sep=";")
    wrong = {}
    for route in asked(PAGES, world.is_restricted):
        address = world.address(route, kind)
        got = {}
        for method in PAGE_METHODS:
            client.cookies = SimpleCookie(mine)
            got[method] = answer_of_page(undone(lambda: getattr(client, method)(address)))  # noqa: B023
        wanted = {method: wanted_of_page(world, route, method, kind) for method in got}
        if any(got[method] not in (wanted[method], NO_SUCH_METHOD) for method in got):
            wrong[address] = f"{got}, not {wanted}"
        if set(got.values()) == {NO_SUCH_METHOD}:
            wrong[address] = "takes no method at all"
    assert wrong == {}


def answer_of_page(response) -> str:
    if response.status_code == 302 and response["Location"].startswith(reverse("account_login") + "?next="):
        return "sent to sign in"
    words = {403: "refused", 404: "hidden", 405: NO_SUCH_METHOD}
    return words.get(response.status_code, "in" if response.status_code < 500 else "broken")


def wanted_of_page(world: World, route: Route, method: str, kind: str) -> str:
    if hasattr(route.view, "public"):
        return "hidden" if route.name == "api-nothing" else "in"
    if kind == ANONYMOUS:
        return "sent to sign in"
    rule = route.view.rules["POST" if method == "post" else "GET"]
    if kind not in MAY[rule] and not RULES[rule].about:
        return "refused"
    if world.hides(route, kind):
        return "hidden"
    return "in" if kind in MAY[rule] else "refused"


def test_no_route_takes_a_post_from_a_session_without_the_csrf_token(world):
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.people["manager"])
    unsafe = [(route, method) for route in API for method in route.actions if method not in ("get", "head")]
    unsafe += [(route, "post") for route in PAGES if route.name != "api-nothing"]
    through = [
        f"{method} {route.name}"
        for route, method in unsafe
        if undone(lambda: getattr(client, method)(world.address(route, "manager"))).status_code not in (403, 405)  # noqa: B023
    ]
    assert through == []


def rows() -> dict:
    """Return all that the database holds, but for sessions, refusals and when a token was last used."""
    kept = {model: list(model.objects.order_by("pk").values()) for model in apps.get_models() if model is not Session}
    kept[Change] = [change for change in kept[Change] if change["verb"] != "refused"]
    for token in kept[Token]:
        del token["last_used_at"]
    return kept


@pytest.mark.parametrize("kind", ["manager", "administrator"])
def test_reading_changes_nothing_but_the_trail_of_refusals(world, kind):
    client = Client()
    client.force_login(world.people[kind])
    before = rows()
    for route in ROUTES:
        client.get(world.address(route, kind))
    assert rows() == before
