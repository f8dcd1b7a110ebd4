from dataclasses import replace
from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from incidents.actions.declaring import declare
from incidents.actions.ticking import tick
from mlops_portal.engine.audit import record
from mlops_portal.engine.models import Duty
from systems.actions.ownership import assign_role
from systems.actions.registry import recheck
from systems.models import Group, Holding, Notice, Person, SavedView, Scope, System, Team
from systems.tokens import make_token
from tests.callers import caller
from tests.doors.cast import METRIC, SECRET, SIGNED_IN
from tests.doors.world import World, feed_all, fill
from tests.factories import PersonFactory, SystemFactory, TeamFactory


@pytest.fixture
def people(request, db):
    """The cast by kind; each has a notice and a token."""
    people = {kind: request.getfixturevalue(kind) for kind in sorted(SIGNED_IN)}
    for kind, person in people.items():
        Notice.objects.create(key=kind, person=person, subject="Told", text="Something", url="/")
        SavedView.objects.create(person=person, name="Mine", query="tier=1")
        make_token(person=person, scopes=Scope.values, by=person)
    PersonFactory(username="former", is_active=False)
    PersonFactory(username="keeper")
    TeamFactory(slug="vault")
    feed_all(people["on_call"])
    Duty.objects.update(finished_at=Now() + timedelta(hours=1))
    return people


@pytest.fixture
def open_world(system, people):
    """The cast, and a system with one of everything that everybody sees."""
    return World(people, False, fill(system, author=people["data_scientist"], word="accuracy", metric__pk=METRIC))


@pytest.fixture(params=["open", "restricted"])
def world(request, open_world):
    """The cast, and a system with one of everything that is open or restricted."""
    System.objects.update(restricted=request.param == "restricted")
    return replace(open_world, is_restricted=request.param == "restricted")


@pytest.fixture
def hidden(people, data_scientist):
    """Where to find a restricted system of others, with one of everything; each of its texts says so."""
    at = timezone.now()
    secret = SystemFactory(
        slug=SECRET, name=f"{SECRET} model", purpose=SECRET, tags=[SECRET], team=Team.objects.get(slug="vault")
    )
    known = fill(secret, author=data_scientist, word=SECRET) | {"username": "keeper"}
    System.objects.filter(pk=secret.pk).update(
        restricted=True, status="failing", status_since=at, status_sentence=SECRET
    )
    keeper = Person.objects.get(username="keeper")
    assign_role(system=secret, role="operations_owner", person=keeper, note=SECRET, by=keeper, at=at)
    for kind, person in people.items():
        Notice.objects.create(
            key=f"{kind} {SECRET}", person=person, system=secret, subject=SECRET, text=SECRET, url="/"
        )
    recheck(secret)
    record(by=keeper, verb="refused", kind="request", object=f"POST /systems/{SECRET}/edit/")
    return World(people, True, known)


@pytest.fixture
def shared(system, hidden, manager):
    """The number of an incident that touches the hidden system and one that everybody sees."""
    secret, at = System.objects.get(slug=SECRET), timezone.now()
    both = {"title": "Both are slow", "severity": "sev3", "noticed_how": "other"}
    incident = declare(systems=[system, secret], by=manager, at=at, **both)
    tick(incident=incident, system=secret, situation="load", version=1, step=0, by=manager, at=at)
    return incident.number


@pytest.fixture
def all_powerful(open_world, manager):
    """Somebody in every group, who is the deputy in every role."""
    manager.groups = list(Group)
    manager.save()
    Holding.objects.update(deputy=manager)
    return caller(manager)
