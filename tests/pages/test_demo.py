import stat
from collections import Counter

import pytest
from django.core.management import call_command

from mlops_portal.demo import filling
from mlops_portal.engine.models import Change
from systems.models import Holding, Outcome, Person, System

pytestmark = pytest.mark.django_db


@pytest.fixture
def demo(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    return lambda: call_command("demo")


def test_each_of_the_five_signs_in_with_the_kept_password(demo, client, tmp_path):
    demo()
    password = (tmp_path / "demo-password").read_text().strip()
    for name in ["admin", "product-owner", "data-scientist", "on-call", "manager"]:
        assert client.login(username=name, password=password)


def test_the_password_is_for_its_owner_alone(demo, tmp_path):
    demo()
    assert stat.S_IMODE((tmp_path / "demo-password").stat().st_mode) == 0o600


def test_a_second_run_changes_nothing(demo):
    demo()
    before = Change.objects.count()
    demo()
    assert Change.objects.count() == before


def test_a_changed_password_is_left_alone(demo, client):
    demo()
    person = Person.objects.get(username="manager")
    person.set_password("chosen-by-the-manager")
    person.save()
    demo()
    assert client.login(username="manager", password="chosen-by-the-manager")


def test_a_run_that_was_killed_is_finished_by_the_next(demo):
    steps = filling.fill("a-password-for-all")
    for _ in range(12):
        next(steps)  # it ends in the middle of the systems
    demo()
    assert System.objects.count() == len(filling.PRODUCTS) + 1
    assert not Person.objects.get(username="former-data-scientist").is_active


def test_one_is_owned_by_all_and_one_by_nobody(demo):
    demo()
    held = Counter(Holding.objects.current().values_list("system__slug", flat=True))
    assert (held["churn-forecast"], held["ticket-routing"]) == (5, 0)


def test_who_left_is_found_by_the_check(demo):
    demo()
    outcome = Outcome.objects.get(system__slug="delivery-times", check_key="role_filled_model_owner")
    assert "may no longer sign in" in outcome.why


def test_without_metrics_every_system_reads_not_monitored(demo):
    demo()
    words = System.objects.exclude(slug="portal").with_status().values_list("status_now", flat=True)
    assert set(words) == {"unmonitored"}
