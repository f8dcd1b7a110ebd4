"""Pulls: every due time ends as a row, whatever happens (RELIABILITY F3, F4, F8, F11, F18, F19)."""

import asyncio
import sys
import threading
from collections import Counter
from datetime import timedelta
from types import ModuleType

import pytest
from django.db import DatabaseError, connection
from django.db.models.functions import Now
from django.utils import timezone

from mlops_portal.engine import fetching
from monitoring import connectors
from monitoring.actions import ending
from monitoring.actions.asking import deadline_s
from monitoring.actions.pulling import ATTEMPTS, pull_due, pull_now, pull_source, take
from monitoring.actions.schedule import back_off, next_due
from monitoring.actions.turns import AT_A_HOST
from monitoring.connectors.connector import Connector, Failed, Pulled, Reading
from monitoring.models import Pull, SchemaSeen, Series, Source
from tests.factories import MetricFactory, SeriesFactory, SourceFactory

pytestmark = pytest.mark.django_db
Outcome = Pull.Outcome


class Told(Connector):
    """Answers what the test says in `answer`: something pulled, or something to raise."""

    kind, title, summary = "told", "Told", "Answers what a test says."
    settings, credentials, selector, example = {}, {}, {}, {}
    answer, asked = None, []

    def checked(self, settings):
        return settings

    async def discover(self, settings, credentials, *, at, limits):
        return []

    async def pull(self, settings, credentials, wanted, *, since, at, limits):
        Told.asked.append((credentials, wanted, since, at))
        if asyncio.iscoroutinefunction(Told.answer):
            await Told.answer()
        answer = Told.answer(wanted, at) if callable(Told.answer) else Told.answer
        if isinstance(answer, Exception):
            raise answer
        return answer


def one_value(wanted, at):
    return Pulled(readings={one.series_id: [Reading(at, 1.0)] for one in wanted}, bytes=10)


@pytest.fixture(autouse=True)
def _told(monkeypatch):
    module = ModuleType("told")
    module.Connector = Told
    monkeypatch.setitem(sys.modules, "monitoring.connectors.told", module)
    monkeypatch.setattr(connectors, "kinds", lambda: ("told",))
    Told.answer, Told.asked, Told.duty = staticmethod(one_value), [], "pull"
    connectors.connector_of.cache_clear()
    yield
    connectors.connector_of.cache_clear()


@pytest.fixture
def source(system):
    source = SourceFactory(system=system, kind="told", settings={}, interval_s=60)
    SeriesFactory(metric=MetricFactory(system=system, key="accuracy"), source=source, selector={"name": "accuracy"})
    source.refresh_from_db()
    return source


def pulled(source, now, answer):
    Told.answer = staticmethod(answer) if callable(answer) else answer
    return pull_source(source, due_at=now, at=now)


def test_what_is_due_is_pulled_and_due_again_on_its_grid(source):
    assert pull_due() == 1
    pull = source.pulls.get()
    source.refresh_from_db()
    assert (pull.outcome, pull.points, pull.attempt, pull.bytes) == (Outcome.OK, 1, 1, 10)
    assert source.next_due_at == next_due(source, pull.started_at)
    assert source.last_success_at == pull.started_at
    assert pull_due() == 0


@pytest.mark.fault("F11")
def test_after_an_absence_it_is_asked_once_for_the_newest_due_time(source, now):
    Source.objects.update(next_due_at=now - timedelta(hours=3))
    assert pull_due() == 1
    assert now - source.pulls.get().due_at < timedelta(seconds=61)


@pytest.mark.fault("F16")
@pytest.mark.parametrize("ahead", [timedelta(hours=1), -timedelta(hours=1)])
def test_what_is_due_is_due_by_the_databases_clock(source, monkeypatch, ahead):
    real = timezone.now
    monkeypatch.setattr(timezone, "now", lambda: real() + ahead)
    assert [pull_due(), pull_due()] == [1, 0]
    assert real() - source.pulls.get().started_at < timedelta(seconds=10)


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (Failed("http_error", "The target answered 503."), Outcome.HTTP_ERROR),
        (fetching.FetchFailed("cut", "It was cut."), Outcome.CUT),
        (KeyError("secret"), Outcome.PARSE_ERROR),
        (RecursionError(), Outcome.PARSE_ERROR),
    ],
)
def test_whatever_goes_wrong_is_an_outcome_and_a_sentence(source, now, error, outcome):
    pull = pulled(source, now, error)
    assert (pull.outcome, pull.points) == (outcome, 0)
    assert pull.error.endswith(".")
    assert "secret" not in pull.error


@pytest.mark.fault("F13")
def test_what_takes_too_long_ends_at_the_deadline(source, now, monkeypatch):
    async def for_ever():
        await asyncio.sleep(60)

    Told.answer = for_ever
    monkeypatch.setattr("monitoring.actions.asking.SHORTEST_DEADLINE_S", 0.1)
    Source.objects.update(interval_s=1)
    monkeypatch.setattr("django.conf.settings.PULL_DEADLINE_S", 0.1)
    pull = pull_source(source, due_at=now, at=now)
    assert (pull.outcome, pull.error) == (Outcome.TIMEOUT, "No whole answer came within 0.1 s.")


@pytest.mark.fault("F9")
def test_a_pull_has_half_the_interval_and_at_least_two_seconds(settings):
    settings.PULL_DEADLINE_S = 30
    assert [deadline_s(interval) for interval in (1, 10, 60, 3600)] == [2, 5, 30, 30]


@pytest.mark.fault("F27")
def test_a_source_that_cannot_be_asked_is_asked_less_and_less(source, now):
    for count in (1, 2):
        pulled(source, now + timedelta(hours=count), Failed("timeout", "No answer."))
    source.refresh_from_db()
    assert (source.failures, source.failing_since, source.last_error) == (2, now + timedelta(hours=1), "No answer.")
    assert source.back_off_until == now + timedelta(hours=2) + back_off(source, 2)
    assert source.next_due_at > source.back_off_until


def test_waiting_doubles_up_to_an_hour(source):
    waits = [back_off(source, failures).total_seconds() for failures in (1, 2, 3, 30)]
    assert all(0.8 * wait <= got <= 1.2 * wait for got, wait in zip(waits, (120, 240, 480, 3600), strict=True))


def test_a_success_ends_the_failing(source, now):
    pulled(source, now, Failed("timeout", "No answer."))
    pulled(source, now + timedelta(minutes=9), one_value)
    source.refresh_from_db()
    assert (source.failures, source.failing_since, source.back_off_until, source.last_error) == (0, None, None, "")


@pytest.mark.fault("F19")
def test_a_series_that_is_not_there_is_said_and_asked_on(source, now):
    series = source.series.get()
    pull = pulled(source, now, Pulled(missing={series.pk: "There is no accuracy; there is f1."}))
    source.refresh_from_db()
    assert (pull.outcome, pull.error) == (Outcome.MISSING_METRIC, "There is no accuracy; there is f1.")
    assert (source.failing_since, source.back_off_until) == (now, None)


def test_some_missing_is_partial(source, now, system):
    other = SeriesFactory(metric=MetricFactory(system=system, key="f1"), source=source)
    found = source.series.exclude(pk=other.pk).get()
    answer = Pulled(readings={found.pk: [Reading(now, 1.0)]}, missing={other.pk: "There is no f1."})
    pull = pulled(source, now, answer)
    assert (pull.outcome, pull.error) == (Outcome.PARTIAL, "1 of 2 were not found. There is no f1.")


def test_nothing_usable_is_empty_and_says_what_was_left_out(source, now):
    pull = pulled(source, now, Pulled(note="1 value is not a number."))
    assert (pull.outcome, pull.error) == (Outcome.EMPTY, "1 value is not a number.")


@pytest.mark.fault("F18")
def test_an_old_value_is_kept_and_called_stale(source, now):
    Source.objects.update(max_age_s=600)
    old = now - timedelta(minutes=11)
    pull = pulled(source, now, lambda wanted, at: Pulled(readings={wanted[0].series_id: [Reading(old, 1.0)]}))
    assert (pull.outcome, pull.points) == (Outcome.STALE, 1)


@pytest.mark.parametrize("answer", [one_value, Failed("timeout", "No answer.")])
def test_whatever_came_its_series_are_judged_again(source, now, answer):
    pulled(source, now, answer)
    assert source.series.get().unjudged_from == now


@pytest.mark.fault("F12")
def test_memory_goes_with_the_points_and_comes_back(source, now):
    series = source.series.get()
    pulled(source, now, Pulled(memory={series.pk: {"raw": 5}}))
    pulled(source, now + timedelta(minutes=1), one_value)
    assert [dict(wanted[0].memory) for _, wanted, _, _ in Told.asked] == [{}, {"raw": 5}]


def test_columns_leave_a_row_only_where_they_changed(source, now):
    for minute, columns in enumerate((["a", "b"], ["b", "a"], ["a", "c"])):
        pulled(source, now + timedelta(minutes=minute), Pulled(columns=columns))
    assert [seen.columns for seen in SchemaSeen.objects.order_by("at")] == [["a", "b"], ["a", "c"]]


def test_a_pull_that_is_done_is_not_repeated(source, now):
    first = pulled(source, now, one_value)
    assert pulled(source, now, Failed("timeout", "No answer.")).outcome == first.outcome == Outcome.OK
    assert len(Told.asked) == 1


def killed(source, now, attempt):
    """A pull whose process is gone: unfinished, its lease over."""
    Source.objects.update(next_due_at=now + timedelta(hours=1))
    return Pull.objects.create(
        source=source, due_at=now, attempt=attempt, lease_until=now - timedelta(seconds=1), started_at=now
    )


@pytest.mark.fault("F3", "F4")
def test_a_killed_pull_is_taken_again_as_the_same_row(source, now):
    pull = killed(source, now, attempt=1)
    assert pull_due() == 1
    pull.refresh_from_db()
    assert (pull.attempt, pull.outcome, source.pulls.count()) == (2, Outcome.OK, 1)


@pytest.mark.fault("F3")
def test_a_pull_that_was_killed_three_times_is_given_up(source, now):
    pull = killed(source, now, attempt=ATTEMPTS)
    assert pull_due() == 1
    pull.refresh_from_db()
    assert (pull.outcome, Told.asked) == (Outcome.KILLED, [])
    assert pull.finished_at > now


@pytest.mark.fault("F9")
def test_a_pull_in_hand_is_left_to_its_process(source, now):
    pull = killed(source, now, attempt=1)
    Pull.objects.update(lease_until=now + timedelta(minutes=1))
    Source.objects.update(next_due_at=now - timedelta(hours=1))
    assert pull_due() == 0
    pull.refresh_from_db()
    assert pull.outcome is None


@pytest.mark.fault("F4")
def test_whoever_was_overtaken_writes_nothing(source, now):
    def overtaken(wanted, at):
        Pull.objects.update(attempt=2)
        return one_value(wanted, at)

    job_pull = Pull.objects.create(source=source, due_at=now, lease_until=now)
    Pull.objects.filter(pk=job_pull.pk).update(attempt=2)
    series = source.series.get()
    answer = Pulled(readings={series.pk: [Reading(now, 1.0)]})
    assert ending.write_end(job_pull, answer, at=now, ended_at=now, wanted=[]) is False
    assert (source.pulls.get().outcome, series.points.count()) == (None, 0)


def test_values_that_cannot_be_stored_are_an_outcome_too(source, now, monkeypatch):
    def broken(readings, *, at):
        if readings:
            raise DatabaseError
        return ending.Stored()

    monkeypatch.setattr(ending, "store", broken)
    assert pulled(source, now, one_value).outcome == Outcome.DB_ERROR


@pytest.mark.fault("F1", "F8")
@pytest.mark.django_db(transaction=True)
def test_no_due_time_goes_to_two_who_pull_at_once(system):
    for number in range(40):
        SourceFactory(system=system, kind="told", settings={}, name=str(number), interval_s=3600)
    start = threading.Barrier(4)

    def work():
        start.wait()
        pull_due()
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(Told.asked), Pull.objects.filter(outcome="ok", attempt=1).count()) == (40, 40)


@pytest.mark.parametrize(
    "answer", [None, Failed("unheard_of", "Odd."), Pulled(readings={0: "x"}, columns=["a\0", "b" * 900], note="\0")]
)
def test_what_a_connector_should_never_bring_ends_the_pull_all_the_same(source, now, answer):
    assert pulled(source, now, lambda wanted, at: answer).outcome is not None


def test_what_could_not_be_stored_at_once_is_tried_again(source, now, monkeypatch):
    store, tries = ending.store, []

    def stumbling(readings, *, at):
        tries.append(at)
        if len(tries) == 1:
            raise DatabaseError
        return store(readings, at=at)

    monkeypatch.setattr(ending, "store", stumbling)
    assert (pulled(source, now, one_value).outcome, len(tries)) == (Outcome.OK, 2)


def test_pull_now_waits_as_a_row_and_is_taken_by_the_duty(source, now, manager):
    Source.objects.update(next_due_at=now + timedelta(hours=1))
    pull = pull_now(source, by=manager, at=now)
    assert pull_now(source, by=manager, at=now) == pull
    assert pull_due() == 1
    pull.refresh_from_db()
    assert (pull.outcome, pull.why, pull.attempt) == (Outcome.OK, Pull.Why.NOW, 1)


def test_each_duty_takes_its_own_kinds(source):
    Told.duty = "read_logs"
    assert (pull_due("pull"), pull_due("read_logs")) == (0, 1)


def test_a_kind_that_nobody_knows_ends_in_a_sentence(source):
    Source.objects.update(kind="gone")
    assert pull_due() == 1
    assert source.pulls.get().error == "There is no kind of source named gone."


def test_a_source_that_nobody_watches_is_asked_all_the_same(source, now):
    Series.objects.all().delete()
    assert pulled(source, now, Pulled()).outcome == Outcome.OK


def at_host(system, host, count):
    return [SourceFactory(system=system, kind="told", settings={"url": f"https://{host}/{n}"}) for n in range(count)]


def hosts_of(pulls):
    sources = Source.objects.in_bulk([pull.source_id for pull in pulls])
    return Counter(source.settings.get("url", "").split("/")[2:3][0] for source in sources.values())


@pytest.fixture
def _round_without_end(monkeypatch):
    """However slow the machine is, a round goes on taking what is due."""
    for name in ("TAKES_MORE_FOR_S", "ENDS_AFTER_S"):
        monkeypatch.setattr(f"monitoring.actions.pulling.{name}", 3600.0)


@pytest.mark.fault("F11")
def test_one_host_does_not_take_all_the_turns(system):
    at_host(system, "big.example:9000", 40)
    Source.objects.update(next_due_at=Now() - timedelta(minutes=5))
    at_host(system, "small.example", 3)
    assert hosts_of(take("pull", 100)) == {"big.example:9000": AT_A_HOST, "small.example": 3}
    assert take("pull", 100) == []  # whoever else comes waits for it no more than we do


def test_a_host_that_has_answered_has_its_next_turns(system):
    at_host(system, "big.example", 20)
    first = take("pull", 100)
    Pull.objects.filter(pk__in=[pull.pk for pull in first[:10]]).update(finished_at=Now(), outcome="ok")
    assert (len(first), len(take("pull", 100))) == (AT_A_HOST, 4)


def test_sources_without_a_host_are_not_counted(system):
    for _ in range(AT_A_HOST + 4):
        SourceFactory(system=system, kind="told", settings={})
    assert len(take("pull", 100)) == AT_A_HOST + 4


@pytest.mark.usefixtures("_round_without_end")
def test_a_round_goes_on_until_every_source_of_a_host_was_asked(system):
    at_host(system, "big.example", 40)
    pull_due()
    assert Pull.objects.values("source").distinct().count() == 40


@pytest.mark.fault("F10", "F27")
@pytest.mark.usefixtures("_round_without_end")
def test_a_host_that_hangs_holds_up_no_other(system, monkeypatch):
    good = set()

    async def answers_once_all_good_ones_were_asked(self, settings, credentials, wanted, **how):
        if "good" in settings["url"]:
            good.add(settings["url"])
        while len(good) < 5:
            await asyncio.sleep(0.01)
        return Pulled()

    monkeypatch.setattr(Told, "pull", answers_once_all_good_ones_were_asked)
    at_host(system, "hangs.example", 30)
    Source.objects.update(next_due_at=Now() - timedelta(minutes=5))
    at_host(system, "good.example", 5)
    pull_due(limit=22)
    assert Pull.objects.values("source").distinct().count() == 35
    assert set(Pull.objects.values_list("outcome", flat=True)) == {"ok"}


@pytest.mark.fault("F11")
def test_sources_are_spread_over_their_interval(system, now):
    due = [next_due(source, now) for source in at_host(system, "a.example", 60)]
    assert len({moment.second // 10 for moment in due}) == 6
