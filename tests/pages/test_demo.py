import stat
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from threading import Event
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import numpy as np
import pytest
from django.core.management import call_command
from django.db.models import Count, Q
from django.utils import timezone

from bench.measures.quiet import day_of
from mlops_portal.demo import filling, history, live, logs, promises, running
from mlops_portal.demo.calendar import Calendar
from mlops_portal.demo.history import World
from mlops_portal.demo.places import kept_port
from mlops_portal.demo.promises import keep_promises
from mlops_portal.demo.server import ModelServer
from mlops_portal.demo.services import SERVICES, SHIFT_BEGAN
from mlops_portal.demo.stream import requests_of
from mlops_portal.demo.watching import figures as expected_of
from mlops_portal.engine.egress import Place
from mlops_portal.engine.models import Change
from monitoring.judging.backtesting import alarms, tried
from monitoring.judging.replaying import Sample
from monitoring.models import Baseline, Maturity, Metric, Point, Pull, Series, Source
from systems.actions.registry import edit_system
from systems.checking import run_checks
from systems.experience import experience_of
from systems.models import Holding, Money, Notice, Outcome, Person, System
from systems.plans import standing_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def demo(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    settings.LOG_ROOTS = [tmp_path / "demo/logs"]
    settings.EGRESS_ALLOW_LOCAL = [Place.parse(f"127.0.0.1:{kept_port(tmp_path / 'demo')}")]
    return lambda days=0: call_command("demo", once=True, days=days)


@pytest.fixture
def server():
    server = ModelServer(SERVICES, 0)
    server.start()
    yield server
    server.stop()


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
    steps = filling.fill("a-password-for-all", at=timezone.now())
    for _ in range(12):
        next(steps)  # it ends in the middle of the systems
    demo()
    assert System.objects.count() == len(filling.PRODUCTS) + 1
    assert not Person.objects.get(username="former-data-scientist").is_active


def test_one_is_owned_by_all_and_one_by_nobody(demo):
    demo()
    held = Counter(Holding.objects.current().values_list("system__slug", flat=True))
    assert (held["churn-forecast"], held["invoice-reader"]) == (5, 0)


def test_only_research_of_one_is_scoped_and_one_is_over_its_plan(demo):
    demo()
    scoped = {system.slug: system.scoped for system in System.objects.with_scope()}
    assert (scoped["invoice-reader"], scoped["churn-forecast"]) == ("only_research", "all")
    engineering = standing_of(System.objects.get(slug="card-fraud-score"), "engineering")
    assert (engineering.over, engineering.days_late) == (51_000, 80)


def test_there_is_experience_of_what_engineering_costs(demo):
    demo()
    system, person = System.objects.get(slug="invoice-reader"), Person.objects.get(username="product-owner")
    sentence = "In 5 systems engineering cost 2.2 × research; middle half 2.1–2.7."
    assert experience_of(person, system, "engineering")[0].sentence == sentence


def test_money_is_paid_on_nights_of_the_past(demo):
    demo(days=21)
    paid = Money.objects.get(plan__system__slug="card-fraud-score", plan__phase="operations")
    assert (paid.amount, timezone.now().date() - paid.on) == (8_900, timedelta(days=19))


def test_who_left_is_found_by_the_check(demo):
    demo()
    outcome = Outcome.objects.get(system__slug="delivery-times", check_key="role_filled_model_owner")
    assert "may no longer sign in" in outcome.why


def test_people_hand_over_forget_to_confirm_and_say_that_they_leave():
    now = timezone.now()
    list(filling.fill("a-password-for-all", at=now - timedelta(days=182)))
    for age in (90, 40, 9):
        keep_promises(age, now - timedelta(days=age))
    run_checks(System.objects.all())
    system = System.objects.get(slug="card-fraud-score")
    chain = Holding.objects.chain(system, "service_owner")
    assert [holding.person.username for holding in chain] == ["service-developer", "data-engineer"]
    found = Outcome.objects.failing().values_list("check_key", "system__slug")
    asked = ("ownership_confirmed", "holders_stay", "deputies_named")
    assert sorted(found.filter(check_key__in=asked)) == [
        ("deputies_named", "card-fraud-score"),
        ("holders_stay", "demand-forecast"),
        ("ownership_confirmed", "search-ranking"),
    ]


def test_a_system_that_was_renamed_is_known_again(demo):
    demo()
    system = System.objects.get(slug="churn-forecast")
    edit_system(system=system, slug="leavers", by=None, at=timezone.now())
    demo()
    assert System.objects.count() == len(filling.PRODUCTS) + 1


def test_the_past_is_read_on_the_nights_on_which_it_happened(demo):
    demo(days=4)
    points = Point.objects.filter(series__metric__key="rows", series__metric__system__slug="churn-forecast")
    assert points.count() == 4
    seen_after = {point.first_seen_at - point.at for point in points}
    assert seen_after == {timedelta(hours=27, minutes=10), timedelta(hours=51, minutes=10)}


def test_a_past_that_was_cut_off_goes_on_without_doubling(demo, monkeypatch, tmp_path):
    monkeypatch.setattr(history, "SAY_EVERY_DAYS", 1)
    monkeypatch.setattr(history, "LOOK_EVERY_NIGHTS", 1)
    steps = running.run(tmp_path / "demo", "a-password", days=3, once=True, clock=timezone.now, stop=Event())
    next(line for line in steps if line.startswith("history: 1 "))
    steps.close()
    demo(days=3)
    assert set(Pull.objects.values_list("source").annotate(n=Count("pk")).values_list("n", flat=True)) == {3}


def test_pages_say_how_far_the_past_has_come_until_it_is_done(demo, client, tmp_path, monkeypatch):
    said = []

    def looked(*args, **kwargs):
        client.force_login(Person.objects.get(username="manager"))
        said.append(client.get("/systems/").context["demo_past"])

    monkeypatch.setattr(history, "look", looked)
    demo(days=2)
    assert [words.partition(", ")[2] for words in said] == ["2 of 2 days"]
    assert client.get("/systems/").context["demo_past"] == ""


def test_a_log_says_where_its_rows_come_from_and_quality_is_watched_there(demo, tmp_path):
    demo(days=9)
    head, *rows = next((tmp_path / "demo/logs/churn-forecast/predictions").glob("*.csv")).read_text().splitlines()
    assert head.endswith(",region")
    assert {row.rpartition(",")[2] for row in rows} == {"EU", "US", "elsewhere"}
    there = Point.objects.filter(series__metric__system__slug="churn-forecast", series__metric__key="accuracy")
    assert set(there.values_list("series__segment", flat=True)) == {"", "region=EU", "region=US", "region=elsewhere"}


def test_a_new_version_holds_back_fewer_and_ranks_as_before():
    older, newer = (version[2] for version in next(one for one in SERVICES if one.slug == "card-fraud-score").versions)
    rows, truth = older.held_out
    said = [one.predict(rows) for one in (older, newer)]
    assert (said[0].scores == said[1].scores).all()
    caught = [(one.predictions[truth == "fraud"] == "fraud").mean() for one in said]
    assert caught[1] < caught[0]


def test_customers_change_in_one_region_and_a_field_of_some_is_empty_there():
    churn = next(one for one in SERVICES if one.slug == "churn-forecast")
    asked = requests_of(churn, date(2026, 3, 9), date(2026, 3, 9))
    empty = np.isnan(asked.inputs[:, 1])
    assert set(asked.regions[empty]) == {"EU"}
    assert 0.06 < empty.mean() < 0.18


def test_the_fall_of_the_demo_is_noticed_long_before_its_limit_is_crossed():
    churn = next(one for one in SERVICES if one.slug == "churn-forecast")
    origin, key = date(2026, 11, 24), "accuracy"
    days = [origin + timedelta(days=n) for n in range(-182, 60)]
    figures = [(datetime.combine(day, time(), UTC), *day_of(churn, day, origin)) for day in days]
    samples = [Sample(at, values[key], count, Maturity.FINAL) for at, count, values in figures]
    (value, spread), metric = expected_of(churn)[key], Metric(key=key, scale="rate", system=System(slug="churn"))
    baseline = Baseline(pk=1, value=value, spread=spread, origin="experiment", from_at=samples[0].at)
    (noticed,), _ = alarms(tried(Series(metric=metric), "normal"), metric, [baseline], samples, 60)
    began = datetime.combine(origin - timedelta(days=SHIFT_BEGAN), time(), UTC)
    crossed = next(one.at for one in samples if one.value < churn.limits[key])
    assert began < noticed.onset_at < noticed.told_at < crossed - timedelta(days=14)


def test_nobody_is_told_of_the_past(demo):
    demo(days=4)
    assert not Notice.objects.filter(key__startswith="incident:").exists()


def test_sources_are_asked_from_the_end_of_the_past_on(demo):
    demo(days=1)
    assert not Source.objects.filter(enabled=False).exists()


def test_the_well_kept_have_what_their_questions_rest_on(demo):
    demo()
    for age in (161, 160, 158, 156, 30, 5, 4):
        promises.keep_promises(age, timezone.now() - timedelta(days=age))
    kept = Outcome.objects.filter(system__slug__in=promises.WELL_KEPT)
    judged = {
        one.why
        for one in kept.filter(Q(check_key="feeds_described") | Q(check_key__startswith="drill_"))
        if one.outcome == "fail"
    }
    assert judged == set()
    assert System.objects.filter(slug__in=promises.WELL_KEPT, verdict="ready").count() == 2


def test_the_model_server_answers_and_counts(server):
    service = SERVICES[0]
    asked = requests_of(service, date(2026, 3, 9), date(2026, 3, 10)).between(0, 3)
    version, answer = live.ask(server.address, service, asked)
    assert (version, len(answer.predictions), set(answer.predictions) <= {"leaves", "stays"}) == ("3.0", 3, True)
    with urlopen(f"{server.address}/metrics", timeout=5) as page:
        assert b'model_requests_total{model="churn-forecast"} 3.0' in page.read()


def test_rows_that_do_not_fit_are_refused_and_counted_as_failures(server):
    request = Request(f"{server.address}/predict/churn-forecast", b'{"rows": [[1, 2]]}', method="POST")
    with pytest.raises(HTTPError, match="400"):
        urlopen(request, timeout=5)
    assert server.registry.get_sample_value("model_failures_total", {"model": "churn-forecast"}) == 1


def test_what_has_come_is_asked_once_and_logged(server, tmp_path):
    noon = datetime(2026, 3, 9, 12, tzinfo=UTC)
    world = World(Calendar(date(2026, 3, 9), 3), server, tmp_path, None)
    first = live.ask_what_came(SERVICES[0], noon.date(), world, now=noon)
    assert first == logs.logged(logs.predictions_file(tmp_path, SERVICES[0], noon.date())) > 100
    assert live.ask_what_came(SERVICES[0], noon.date(), world, now=noon) == 0


def test_days_on_which_nobody_was_there_are_made_up_for(server, tmp_path):
    now = datetime(2026, 3, 12, 12, tzinfo=UTC)
    live.make_up(World(Calendar(date(2026, 3, 9), 3), server, tmp_path, None), now=now)
    files = sorted(path.stem for path in (tmp_path / "ticket-routing/predictions").iterdir())
    assert files == ["2026-03-09", "2026-03-10", "2026-03-11"]
    assert (tmp_path / "ticket-routing/labels/2026-03-12.csv").exists()
