import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now

from mlops_portal.engine.claims import claim
from systems.models import System
from tests.factories import SystemFactory, TeamFactory

LATER = Now() + timedelta(hours=1)


def _due():
    return System.objects.filter(checks_due_at__lte=Now()).exclude(slug="portal").order_by("checks_due_at")


@pytest.mark.django_db
def test_claimed_rows_come_back_as_changed():
    SystemFactory(slug="due")
    [row] = claim(_due(), limit=10, checks_due_at=LATER)
    assert row.slug == "due"
    assert row.checks_due_at == System.objects.get(slug="due").checks_due_at


@pytest.mark.django_db
def test_no_more_than_the_limit_is_taken():
    SystemFactory.create_batch(3)
    assert len(claim(_due(), limit=2, checks_due_at=LATER)) == 2
    assert len(claim(_due(), limit=2, checks_due_at=LATER)) == 1


@pytest.mark.django_db
def test_the_limit_holds_whatever_the_plan():
    SystemFactory.create_batch(30)
    with connection.cursor() as cursor:  # the plan that would ask for the chosen rows once for each row of the table
        cursor.execute("SET LOCAL enable_hashagg = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_sort = off")
        cursor.execute("SET LOCAL enable_mergejoin = off; SET LOCAL enable_material = off")
    assert len(claim(_due(), limit=2, checks_due_at=LATER)) == 2


@pytest.mark.fault("F8")
@pytest.mark.django_db(transaction=True)
def test_no_row_goes_to_two_who_claim_at_once():
    team = TeamFactory()
    for number in range(60):
        SystemFactory(slug=f"s{number}", team=team)
    taken, start = [], threading.Barrier(4)

    def take():
        start.wait()
        while rows := claim(_due(), limit=3, checks_due_at=LATER):
            taken.extend(row.slug for row in rows)
        connection.close()

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == sorted(f"s{number}" for number in range(60))
