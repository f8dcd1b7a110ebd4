from datetime import UTC, datetime, timedelta

import pytest

from incidents.reports import report_for
from incidents.statistics import MEASURES, figure, quantile
from systems.models import System
from tests.callers import caller
from tests.factories import IncidentFactory

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


def after(hours: float) -> datetime:
    return NOON + timedelta(hours=hours)


def incident(person=None, **facts):
    at = facts.pop("at", NOON)
    taken = {
        name: value for name, value in facts.items() if name.endswith("ed_at") and name[:3] in ("ack", "mit", "res")
    }
    who = {name.replace("_at", "_by"): person for name in taken}
    return IncidentFactory(**{"declared_at": at, "noticed_at": at} | facts | who)


def hours_of(key: str, one) -> float | None:
    return next(measure for measure in MEASURES if measure.key == key).hours(one)


@pytest.mark.parametrize(
    ("values", "share", "wanted"),
    [([], 0.5, None), ([4.0], 0.9, 4.0), ([1.0, 3.0], 0.5, 2.0), ([0.0, 1.0, 2.0, 3.0, 4.0], 0.9, 3.6)],
)
def test_quantiles(values, share, wanted):
    assert quantile(values, share) == wanted


def test_the_noticing_delay_is_in_hours(db):
    assert hours_of("noticing_delay", incident(first_visible_at=after(-30))) == 30.0


def test_noticed_before_it_was_visible_is_no_delay(db):
    assert hours_of("noticing_delay", incident(first_visible_at=after(2))) == 0.0


def test_never_visible_cannot_be_measured(db):
    assert hours_of("noticing_delay", incident()) is None


@pytest.mark.parametrize(
    ("stamps", "wanted"),
    [
        ({"impact_started_at": after(-5), "first_visible_at": after(-2)}, 5.0),
        ({"first_visible_at": after(-2)}, 2.0),
        ({}, None),
    ],
)
def test_detection_begins_with_the_harm_else_with_the_first_bad_point(db, stamps, wanted):
    assert hours_of("detect", incident(**stamps)) == wanted


@pytest.mark.parametrize(
    ("stamps", "wanted"),
    [
        ({"impact_started_at": after(-1), "mitigated_at": after(2), "resolved_at": after(9)}, 3.0),
        ({"mitigated_at": after(2), "resolved_at": after(9)}, 2.0),
        ({"resolved_at": after(9)}, 9.0),
        ({}, None),
    ],
)
def test_mitigation_falls_back_to_the_declaration_and_to_the_end(viewer, stamps, wanted):
    acknowledged = {"acknowledged_at": after(0)} if stamps else {}
    assert hours_of("mitigate", incident(viewer, **acknowledged, **stamps)) == wanted


def test_a_figure_says_how_many_could_be_measured(viewer):
    some = [incident(viewer, acknowledged_at=after(hours)) for hours in (1, 3)] + [incident()]
    of_acknowledging = figure(MEASURES[2], some)
    assert (of_acknowledging.median_h, of_acknowledging.n, of_acknowledging.of) == (2.0, 2, 3)


def test_the_share_found_by_monitoring(viewer):
    for how in ("monitor", "monitor", "monitor", "user_report"):
        incident(noticed_how=how)
    assert report_for(viewer, days=30, at=after(1))["share_by_monitoring"] == 0.75


def test_only_what_was_declared_in_the_range_counts(viewer):
    for days_ago in (10, 40, 400):
        incident(at=after(-24 * days_ago))
    counted = [report_for(viewer, days=days, at=NOON)["incidents"] for days in (30, 90, 365)]
    assert counted == [1, 2, 2]


def test_a_system_stands_out_that_was_hit_more_than_once(viewer, system):
    for _ in range(3):
        incident(systems=[system])
    assert report_for(viewer, days=30, at=after(1))["systems"] == [
        {"system": "churn", "name": "Churn model", "count": 3}
    ]


def test_groups_by_topic_and_month(viewer):
    incident(topic="quality", noticed_how="monitor", first_visible_at=after(-4))
    incident(topic="quality", at=after(-24 * 20), noticed_how="other")
    incident(topic="data")
    report = report_for(viewer, days=90, at=after(1))
    assert [(one.key, one.count, one.by_monitoring) for one in report["topics"]] == [("quality", 2, 1), ("data", 1, 0)]
    assert [(one.title, one.count) for one in report["months"]] == [("March 2026", 2), ("February 2026", 1)]


def test_incidents_of_a_restricted_system_count_only_for_who_may_see_it(viewer, holder, system):
    System.objects.update(restricted=True)
    incident(systems=[system])
    assert [report_for(one, days=30, at=after(1))["incidents"] for one in (viewer, holder)] == [0, 1]


def test_the_report_asks_as_much_of_the_database_for_many(viewer, system, django_assert_num_queries):
    for count in (1, 20):
        for _ in range(count):
            incident(systems=[system])
        with django_assert_num_queries(3):
            report_for(viewer, days=30, at=after(1))


@pytest.fixture
def recent(system, now):
    stamps = {"noticed_at": now, "declared_at": now, "first_visible_at": now - timedelta(hours=6)}
    return IncidentFactory(number=7, title="=cmd()", noticed_how="monitor", systems=[system], **stamps)


def test_the_page_says_it_in_a_sentence(client, viewer, recent):
    client.force_login(viewer)
    page = client.get("/reports/incidents/").content.decode()
    assert "1 incident, 1 not resolved yet. Monitoring found 1" in page
    assert "6.0\N{NO-BREAK SPACE}h" in page


def test_the_page_is_kind_when_there_is_nothing(client, viewer):
    client.force_login(viewer)
    assert b"No incident was declared in this time" in client.get("/reports/incidents/").content


def test_a_range_that_is_no_choice_is_refused(client, viewer):
    client.force_login(viewer)
    assert client.get("/reports/incidents/?days=7").status_code == 400
    assert caller(viewer).get("/api/v1/reports/incidents/?days=7").status_code == 400


def test_the_spreadsheet_has_a_row_for_each_and_runs_no_formula(client, viewer, recent):
    client.force_login(viewer)
    head, row = client.get("/reports/incidents/?format=csv").content.decode().splitlines()
    assert head.startswith("incident,title,severity")
    assert row.startswith("7,'=cmd(),sev3")
    assert caller(viewer).get("/api/v1/reports/incidents/?format=csv").content.decode().splitlines() == [head, row]


def test_a_program_reads_the_same_figures(viewer, recent):
    said = caller(viewer).get("/api/v1/reports/incidents/").json()
    assert (said["incidents"], said["share_by_monitoring"], said["noticed"]) == (1, 1.0, {"monitor": 1})
    assert said["measures"][0] | {"definition": ""} == {
        "key": "noticing_delay",
        "definition": "",
        "median_h": 6.0,
        "p90_h": 6.0,
        "n": 1,
        "of": 1,
    }
