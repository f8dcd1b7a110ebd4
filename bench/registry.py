"""A registry as large as an organisation's, quickly."""

import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from incidents.models import Incident, IncidentSystem, Severity
from monitoring.models import Metric, Series
from monitoring.store.partitions import make_months
from systems.checking import CHECKS
from systems.models import Group, Holding, Level, Outcome, Person, Phase, Role, System, Team

SYSTEMS, TEAMS, PEOPLE = 5000, 200, 2000
DAYS = 30
BATCH = 2000
TRIES = 10

HIDDEN = """
SELECT count(*) FROM pg_class
WHERE oid IN (SELECT relid FROM pg_stat_user_tables) AND relallvisible < relpages
"""

POINTS = """
INSERT INTO monitoring_point (series_id, at, value, samples, maturity, model_version, first_seen_at, seen_at)
SELECT one.id, now() - day.n * interval '1 day', 0.9 - (one.id * day.n %% 17) * 0.002, 0, 1, 0, now(), now()
FROM monitoring_series AS one CROSS JOIN generate_series(1, %s) AS day(n)
"""


def fill() -> Person:
    """Register systems of every status and phase, each with holders, outcomes and a month of its leading metric.

    Every failing one has an open incident. Returns a manager who holds roles of a few.
    """
    now = timezone.now()
    teams = Team.objects.bulk_create(Team(slug=f"team-{n}", name=f"Team {n}") for n in range(TEAMS))
    people = Person.objects.bulk_create(
        Person(username=f"person-{n}", name=f"Person {n}", groups=[] if n else [Group.MANAGER]) for n in range(PEOPLE)
    )
    systems = _systems(teams, now)
    _promise(systems, people, now)
    _watch(systems, now)
    _settle()
    return people[0]


def _settle() -> None:
    """Vacuum until all rows are marked as visible to all, as autovacuum will have wherever such a registry stands.

    It takes more than one time where another process of the server still looks back at an older state.
    """
    with connection.cursor() as cursor:
        for _ in range(TRIES):
            cursor.execute("VACUUM ANALYZE")
            cursor.execute(HIDDEN)
            if not cursor.fetchone()[0]:
                return
            time.sleep(1)


def _systems(teams: Sequence[Team], now: datetime) -> list[System]:
    levels, phases = Level.worst_first(), [Phase.RESEARCH, Phase.ENGINEERING, Phase.OPERATIONS]
    return System.objects.bulk_create(
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
            reality_gap=n % 11 / 100 if n % 4 else None,
        )
        for n in range(SYSTEMS)
    )


def _promise(systems: Sequence[System], people: Sequence[Person], now: datetime) -> None:
    holdings = [
        Holding(system=system, role=role, person=people[(n + k) % PEOPLE], from_at=now, confirmed_at=now)
        for n, system in enumerate(systems)
        for k, role in enumerate((Role.PRODUCT_OWNER, Role.MODEL_OWNER))
    ]
    Holding.objects.bulk_create(holdings, batch_size=BATCH)
    results = [Outcome.Result.PASS, Outcome.Result.PASS, Outcome.Result.FAIL]
    outcomes = [
        Outcome(system=system, check_key=key, outcome=results[(n + k) % 3], why="As it was found.", since=now)
        for n, system in enumerate(systems)
        for k, key in enumerate(CHECKS)
    ]
    Outcome.objects.bulk_create(outcomes, batch_size=BATCH)


def _watch(systems: Sequence[System], now: datetime) -> None:
    metrics = Metric.objects.bulk_create(
        (Metric(system=one, key="accuracy", scale="rate", leading=True) for one in systems), batch_size=BATCH
    )
    Series.objects.bulk_create(
        (Series(metric=one, last_at=now, last_value=0.9, sentence="Accuracy is inside its band.") for one in metrics),
        batch_size=BATCH,
    )
    make_months(now - timedelta(days=DAYS + 1), now)
    with connection.cursor() as cursor:
        cursor.execute(POINTS, [DAYS])
    failing = [one for one in systems if one.status == Level.FAILING]
    incidents = Incident.objects.bulk_create(
        Incident(number=n, title="Accuracy has fallen", severity=Severity.SEV2, noticed_how="monitor", noticed_at=now)
        for n in range(1, len(failing) + 1)
    )
    IncidentSystem.objects.bulk_create(
        IncidentSystem(incident=incident, system=one) for incident, one in zip(incidents, failing, strict=True)
    )
