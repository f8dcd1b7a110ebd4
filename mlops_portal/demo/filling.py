"""Filling a portal with the demo world: step by step, each once, through the same actions as everybody's."""

from collections.abc import Iterator
from datetime import datetime

from django.db import transaction

from mlops_portal.demo.plans import plan_phases
from mlops_portal.demo.world import PEOPLE, PRODUCTS, TEAMS, Product, Somebody
from monitoring.conditions import UNMONITORED, WHO
from systems.actions.ownership import assign_role
from systems.actions.people import add_person, deactivate_person, set_password
from systems.actions.registry import judged_once, register_system
from systems.actions.status import report_condition
from systems.actions.teams import add_team
from systems.models import Level, Person, System, Team


def fill(password: str, *, at: datetime) -> Iterator[str]:
    """Make what is missing of the demo world, and yield a line for each step; what stands is left as it is.

    Roles were given at `at`, when the world's past begins.
    """
    yield f"{_teams()} teams"
    for somebody in PEOPLE:
        if _person(somebody, password):
            yield f"{somebody.name} can sign in" if somebody.signs_in else f"{somebody.name} is there"
    for n, product in enumerate(PRODUCTS, start=1):
        with judged_once(at=at):
            _system(product, at)
        yield f"system {n} of {len(PRODUCTS)}: {product.name}"
    for somebody in PEOPLE:
        if somebody.has_left and _leave(somebody, at):
            yield f"{somebody.name} has left"


def _teams() -> int:
    for slug, name in TEAMS.items():
        if not Team.objects.filter(slug__iexact=slug).exists():
            add_team(slug=slug, name=name, by=None)
    return len(TEAMS)


@transaction.atomic
def _person(somebody: Somebody, password: str) -> bool:
    """Add the person, with the password when new and one of those who sign in; return whether it was new."""
    if Person.objects.filter(username__iexact=somebody.username).exists():
        return False
    person = add_person(
        username=somebody.username,
        name=somebody.name,
        email=somebody.email,
        groups=[somebody.group],
        team=Team.objects.filter(slug=somebody.team).first(),
        by=None,
    )
    if somebody.signs_in:
        set_password(person=person, password=password, by=None)
    return True


@transaction.atomic
def _system(product: Product, at: datetime) -> None:
    if System.objects.known_as(product.slug).exists():
        return
    people = {person.username: person for person in Person.objects.all()}
    manager = people["manager"]
    system = register_system(
        by=manager,
        at=at,
        slug=product.slug,
        name=product.name,
        purpose=product.purpose,
        team=Team.objects.get(slug=product.team),
        tier=product.tier,
        phase=product.phase,
        tags=product.tags,
        restricted=product.restricted,
    )
    began = {"level": Level.UNMONITORED, "sentence": UNMONITORED, "good_until": None, "at": at}
    report_condition(system=system, who=WHO, **began)  # else its history of states would begin today
    plan_phases(system, by=manager, at=at)
    for role, username in product.owners.items():
        deputy = people.get(product.deputies.get(role, ""))
        assign_role(system=system, role=role, person=people[username], deputy=deputy, by=manager, at=at)


def _leave(somebody: Somebody, at: datetime) -> bool:
    """End the person's access; the roles they held stay theirs, which is what the checks then find."""
    person = Person.objects.active().filter(username=somebody.username).first()
    if person:
        deactivate_person(person=person, by=None, at=at)
    return person is not None
