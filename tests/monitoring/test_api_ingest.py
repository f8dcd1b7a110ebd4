import json
from datetime import timedelta

import pytest

from mlops_portal.engine.models import Change
from monitoring.models import Maturity, PointRevision, Series
from systems.models import ModelVersion
from tests.callers import caller
from tests.factories import SeriesFactory, SourceFactory, SystemFactory


@pytest.fixture
def pushed(system):
    """A series that no source is asked for."""
    return SeriesFactory(metric__system=system, metric__key="accuracy")


@pytest.fixture
def point(now):
    def of(hours_ago=1, value=0.9, **more):
        at = (now - timedelta(hours=hours_ago)).isoformat()
        return {"system": "churn", "metric": "accuracy", "at": at, "value": value} | more

    return of


@pytest.fixture
def push(data_scientist):
    api = caller(data_scientist)
    return lambda *points: api.post("ingest/", {"points": list(points)}).json()


def counts(answer):
    return tuple(answer[name] for name in ("accepted", "duplicates", "replaced", "conflicts")), len(answer["rejected"])


def test_points_are_kept_with_all_that_they_say(push, pushed, point):
    answer = push(point(samples=40, version="2.0", maturity="provisional"))
    kept = pushed.points.get()
    assert counts(answer) == ((1, 0, 0, 0), 0)
    assert (kept.value, kept.samples, kept.maturity) == (0.9, 40, Maturity.PROVISIONAL)
    assert ModelVersion.objects.get(pk=kept.model_version).name == "2.0"


def test_sent_again_they_change_nothing(push, pushed, point):
    push(point(), point(2))
    assert counts(push(point(), point(2))) == ((0, 2, 0, 0), 0)
    assert pushed.points.count() == 2


def test_a_provisional_value_gives_way_and_a_final_one_stays(push, pushed, point):
    push(point(maturity="provisional"))
    assert counts(push(point(value=0.8))) == ((1, 0, 1, 0), 0)
    assert counts(push(point(value=0.7))) == ((0, 0, 0, 1), 0)
    assert pushed.points.get().value == 0.8


def test_a_correction_replaces_a_final_value_and_leaves_a_trail(push, pushed, point):
    push(point())
    assert counts(push(point(value=0.8, correct=True, reason="Labels were swapped."))) == ((1, 0, 1, 0), 0)
    assert (pushed.points.get().value, PointRevision.objects.get().value) == (0.8, 0.9)
    assert PointRevision.objects.get().reason == "Labels were swapped."
    assert Change.objects.get(verb="corrected").after == {"reasons": ["Labels were swapped."]}


def test_they_are_judged_and_give_the_series_its_newest_value(push, pushed, point):
    push(point(), point(2, 0.5))
    pushed.refresh_from_db()
    assert pushed.last_value == 0.9
    assert pushed.unjudged_from is not None


def test_good_ones_are_kept_when_others_are_bad(push, pushed, point):
    answer = push(point(), point(2) | {"value": "0.9"}, point(3))
    assert counts(answer)[0][0] == 2
    assert answer["rejected"] == [{"index": 1, "why": "value is a finite number."}]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"value": True}, "value is a finite number."),
        ({"value": None}, "value is a finite number."),
        ({"at": "2026-03-01T09:30:00"}, "at is a time"),
        ({"at": 1}, "at is a time"),
        ({"at": "9999-01-01T00:00:00Z"}, "ahead by more than 5 minutes"),
        ({"at": "2001-01-01T00:00:00Z"}, "so old values are not kept"),
        ({"samples": -1}, "samples is a whole number"),
        ({"samples": 1.5}, "samples is a whole number"),
        ({"segment": "EU"}, "segment is name=value"),
        ({"maturity": "ripe"}, "maturity is final or provisional."),
        ({"correct": True}, "A correction needs a reason."),
        ({"weight": 1}, "There is no field “weight”."),
        ({"metric": "recall"}, "There is no metric recall of a system churn."),
        ({"system": "other"}, "There is no metric accuracy of a system other."),
        ({"version": "v" * 500}, "version is a text of at most"),
    ],
)
def test_a_bad_point_is_told_why_and_nothing_is_kept(push, pushed, point, change, why):
    answer = push(point() | change)
    assert why in answer["rejected"][0]["why"]
    assert not pushed.points.exists()


def test_what_a_point_lacks_is_named(push, pushed, point):
    whole = point()
    del whole["at"]
    assert push(whole, [1])["rejected"] == [
        {"index": 0, "why": "It has no at."},
        {"index": 1, "why": "A point is a JSON object."},
    ]


def test_a_segment_is_made_once_in_its_canonical_form(push, pushed, point):
    push(point(segment="region=EU,age=old"), point(2, segment="age=old,region=EU"))
    made = Series.objects.exclude(pk=pushed.pk).get()
    assert (made.segment, made.points.count()) == ("age=old,region=EU", 2)


def test_nothing_is_pushed_beside_what_a_source_brings(push, system, point):
    SeriesFactory(metric__system=system, metric__key="accuracy", source=SourceFactory(system=system, name="Log"))
    assert "pulled from the source Log" in push(point())["rejected"][0]["why"]


@pytest.mark.parametrize("who", ["viewer", "stranger", "on_call"])
def test_who_may_not_edit_the_system_pushes_nothing(request, pushed, point, who):
    api = caller(request.getfixturevalue(who))
    answer = api.post("ingest/", {"points": [point()]}).json()
    assert answer["rejected"][0]["why"].startswith("You may not push values of churn.")
    assert not pushed.points.exists()


def test_a_hidden_system_is_as_if_it_were_not_there(push, point):
    SeriesFactory(metric__system=SystemFactory(slug="secret", restricted=True), metric__key="accuracy")
    hidden, none = push(point(system="secret"), point(system="nowhere"))["rejected"]
    assert hidden["why"].replace("secret", "nowhere") == none["why"]


def test_the_token_needs_the_scope(data_scientist, pushed, point):
    assert caller(data_scientist, "write").post("ingest/", {"points": [point()]}).status_code == 403
    assert caller(data_scientist, "ingest").post("ingest/", {"points": [point()]}).status_code == 200


def lines(api, *rows, **headers):
    body = "\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows)
    return api.post("ingest/", body, content_type="application/x-ndjson", headers=headers)


def test_lines_are_taken_as_well(data_scientist, pushed, point):
    answer = lines(caller(data_scientist), point(), "", point(2), "{oh", '{"value": NaN}').json()
    assert counts(answer)[0][0] == 2
    assert [one["index"] for one in answer["rejected"]] == [2, 3]


def test_lines_sent_twice_under_one_key_are_answered_alike(data_scientist, pushed, point):
    api = caller(data_scientist)
    first, again = (lines(api, point(), **{"Idempotency-Key": "job-1"}).json() for _ in range(2))
    assert first == again
    assert first["accepted"] == 1


@pytest.mark.parametrize("body", [[], {}, {"points": 1}, {"points": [], "more": 1}, {"points": [{}] * 10_001}])
def test_what_is_no_list_of_points_is_refused(data_scientist, body):
    assert caller(data_scientist).post("ingest/", body).status_code == 400


def test_too_many_lines_and_too_large_a_body_are_refused(data_scientist):
    api = caller(data_scientist)
    assert lines(api, *["{}"] * 50_001).status_code == 400
    assert lines(api, "x" * (10 * 1024 * 1024 + 1)).status_code == 413


def test_the_number_of_queries_does_not_grow_with_the_points(
    data_scientist, pushed, point, django_assert_max_num_queries
):
    api = caller(data_scientist)
    with django_assert_max_num_queries(40):
        api.post("ingest/", {"points": [point(n / 60) for n in range(1, 500)]})
