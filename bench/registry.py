"""A registry as large as an organisation's, quickly."""

from datetime import timedelta

from django.db import connection
from django.utils import timezone

from systems.checking import CHECKS
from systems.models import Holding, Level, Outcome, Person, Phase, Role, System, Team

TEAMS = 40
PEOPLE = 200


def fill(count: int) -> None:
    """Register `count` systems of every status and phase, each with holders, and an outcome of every check."""
    now = timezone.now()
    teams = Team.objects.bulk_create(Team(slug=f"team-{n}", name=f"Team {n}") for n in range(TEAMS))
    people = Person.objects.bulk_create(Person(username=f"person-{n}", name=f"Person {n}") for n in range(PEOPLE))
    levels, phases = Level.worst_first(), [Phase.RESEARCH, Phase.ENGINEERING, Phase.OPERATIONS]
    systems = System.objects.bulk_create(
        System(
            slug=f"system-{n}",
            name=f"System {n}",
            purpose="Says which customers are about to leave, so that somebody can talk to them in time.",
            tier=n % 4 + 1,
            team=teams[n % TEAMS],
            phase=phases[n % 3],
            tags=["churn", f"region-{n % 7}"],
            status=levels[n % 5],
            status_since=now - timedelta(hours=n % 500),
            status_sentence="Accuracy is inside its band.",
            checks_due_at=now + timedelta(hours=1),
        )
        for n in range(count)
    )
    holdings = [
        Holding(system=system, role=role, person=people[(n + k) % PEOPLE], from_at=now, confirmed_at=now)
        for n, system in enumerate(systems)
        for k, role in enumerate((Role.PRODUCT_OWNER, Role.MODEL_OWNER))
    ]
    Holding.objects.bulk_create(holdings, batch_size=2000)
    results = [Outcome.Result.PASS, Outcome.Result.PASS, Outcome.Result.FAIL]
    outcomes = [
        Outcome(system=system, check_key=key, outcome=results[(n + k) % 3], why="As it was found.", since=now)
        for n, system in enumerate(systems)
        for k, key in enumerate(CHECKS)
    ]
    Outcome.objects.bulk_create(outcomes, batch_size=2000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # as autovacuum will have done wherever such a registry stands
