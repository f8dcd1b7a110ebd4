"""A system with everything that its file can say: exported and applied it stays as it is, and nothing is written."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mlops_portal.engine.plain_yaml import parse_yaml, write_yaml
from mlops_portal.spec import SECTIONS, apply, export
from monitoring.actions.maintenance import plan_maintenance
from monitoring.actions.monitors import edit_monitor, remove_monitor, snooze
from monitoring.models import Monitor
from systems.actions.readiness import answer_question, review_answer
from systems.models import Answer, Confidence, System
from systems.questions import LAUNCH_QUESTIONS
from tests.systems import contracts

pytestmark = pytest.mark.django_db
SITUATIONS = ("normal", "feed_unavailable", "anomalous_input", "load", "model_errs", "rollback", "retrain")
ROLES = ("product_owner", "model_owner", "service_owner", "operations_owner", "data_owner")
MONEY = {"kind": "spent", "day": "2026-02-03", "amount": "12.50", "currency": "EUR", "note": "Two people"}
PHASE = {
    "planned_from": "2026-01-01",
    "planned_to": "2026-03-31",
    "budget": {"amount": "4000.00", "currency": "EUR"},
    "exit": "It works.",
    "money": [MONEY | {"kind": "planned"}, MONEY],
}
SOURCE = {
    "name": "service",
    "kind": "prometheus_text",
    "settings": {"url": "https://prices.example/metrics"},
    "interval_s": 300,
    "max_age_s": 900,
    "enabled": False,
}
WHOLE = {
    "baseline": {"value": 10.5, "spread": 0.5, "reason": "The test set."},
    "limits": [{"above": 15}, {"above": 20, "bad": 2, "of": 3, "severity": "critical"}],
    "silence": {"after_s": 7200, "severity": "critical"},
    "change": {"sensitivity": "eager"},
}
METRICS = [
    {"key": "mae", "name": "Error", "direction": "lower", "unit": "EUR", "means": "How far off.", "leading": True}
    | {"series": [WHOLE, {"segment": "city=Bern", "silence": {}}]},
    {"key": "bias", "direction": "target", "target": 0, "series": [{"change": None, "silence": None}]},
    {"key": "latency", "kind": "service", "direction": "lower", "unit": "s"}
    | {"series": [{"source": "service", "selector": {"series": "latency_seconds"}}]},
    {"key": "rows", "kind": "data", "scale": "positive"},
]
DOCUMENT = {
    "version": 1,
    "system": {
        "slug": "prices",
        "name": "Price model",
        "purpose": "Says what a flat costs.\nFor sellers.",
        "team": "growth",
        "tier": 1,
        "restricted": True,
        "tags": ["regression", "flats"],
        "links": {"code": "https://git.example/prices"},
    },
    "owners": {role: {"person": "viewer", "deputy": "teammate", "until": "2100-01-01T00:00:00Z"} for role in ROLES},
    "phases": dict.fromkeys(("research", "engineering", "operations"), PHASE),
    "runbook": {situation: f"# {situation}\r\n\n- [ ] Look  \n- [ ] Call: *the* owner\n" for situation in SITUATIONS},
    "expected_ranges": {"mae": {"low": 5, "high": 12.5, "reason": "Seen in May."}},
    "retraining": {"policy": "On the last year.", "every_days": 90, "triggers": ["drift", "# no"], "who": "Its owner"},
    "feeds": {
        "flats": {"name": "Flats", "owner": "viewer", "arrival": "file", "freshness_s": 86400, "max_delay_s": 60}
        | {"fallback": "Yesterday's.", "contract": parse_yaml(contracts.CONTRACT.encode())}
    },
    "dependencies": {"systems": ["churn"]},
    "readiness": {
        one.question_key: {"text": f"So it is:\n- {one.title}", "confidence": "partial"}
        | {"evidence": [{"kind": "Test", "url": "https://git.example/load"}]}
        for one in LAUNCH_QUESTIONS
    },
    "sources": [SOURCE],
    "metrics": METRICS,
}
WRITES = ("INSERT", "UPDATE", "DELETE", "MERGE", "COPY")


@pytest.fixture
def put(manager, now):
    def act(document, **how):
        text = document if isinstance(document, str) else write_yaml(document)
        return apply(parse_yaml(text.encode()), slug="prices", by=manager, at=now, **how)

    return act


@pytest.fixture
def prices(put, system, viewer, teammate):
    put(DOCUMENT)
    return System.objects.get(slug="prices")


def _statements(act) -> list[str]:
    with CaptureQueriesContext(connection) as said:
        act()
    return [one["sql"] for one in said.captured_queries]


def test_the_file_has_every_section_and_says_all_of_it_again(prices):
    again = export(prices)
    assert set(again) == {"version", *SECTIONS}
    for name in ("owners", "phases", "runbook", "expected_ranges", "feeds", "dependencies", "readiness"):
        assert again[name] == DOCUMENT[name]
    assert again["system"] == DOCUMENT["system"]


def test_exported_and_applied_nothing_is_written_at_all(prices, put):
    file = write_yaml(export(prices))
    statements = _statements(lambda: put(file))
    assert [one for one in statements if one.lstrip().upper().startswith(WRITES)] == []


def test_the_file_itself_again_writes_nothing_either(prices, put):
    statements = _statements(lambda: put(DOCUMENT))
    assert [one for one in statements if one.lstrip().upper().startswith(WRITES)] == []


def test_an_unchanged_file_takes_as_many_queries_however_much_it_says(prices, put):
    few = len(_statements(lambda: put(DOCUMENT)))
    more = DOCUMENT | {
        "metrics": [*METRICS, *({"key": f"m{n}", "kind": "data"} for n in range(10))],
        "sources": [SOURCE, *(SOURCE | {"name": f"s{n}"} for n in range(5))],
    }
    put(more)
    assert len(_statements(lambda: put(more))) == few


def test_a_system_that_was_registered_by_hand_stays_as_it_is(prices, put):
    prices.applied_spec.delete()
    assert put(write_yaml(export(prices))).steps == []
    assert put(write_yaml(export(prices))).by_hand == []


def test_what_the_portal_gives_by_itself_goes_without_saying(prices):
    whole, segment = export(prices)["metrics"][2]["series"]
    assert whole["change"] == {"sensitivity": "eager"}
    assert segment == {"segment": "city=Bern", "silence": {}}


def test_monitors_are_what_the_file_says(prices):
    of_mae = Monitor.objects.filter(series__metric__key="mae", series__segment="")
    assert {(one.kind, one.severity) for one in of_mae} == {
        ("limit", "warning"),
        ("limit", "critical"),
        ("silence", "critical"),
        ("change", "warning"),
    }
    assert of_mae.get(kind="silence").settings == {"after_s": 7200}
    assert not Monitor.objects.filter(series__metric__key="bias").exists()


def test_what_became_of_a_monitor_by_hand_is_exported_too(prices, put, manager, now):
    change = Monitor.objects.get(series__metric__key="mae", series__segment="", kind="change")
    edit_monitor(monitor=change, settings={"sensitivity": "calm"}, severity="critical", by=manager, at=now)
    remove_monitor(monitor=Monitor.objects.get(series__metric__key="rows", kind="silence"), by=manager, at=now)
    said = {one["key"]: one["series"][0] for one in export(prices)["metrics"] if "series" in one}
    assert said["mae"]["change"] == {"sensitivity": "calm", "severity": "critical"}
    assert said["rows"] == {"silence": None}
    assert put(write_yaml(export(prices))).steps == []


def test_a_sensitivity_that_was_set_by_hand_is_not_undone_unasked(prices, put, manager, now):
    change = Monitor.objects.get(series__metric__key="mae", series__segment="", kind="change")
    edit_monitor(monitor=change, settings={"sensitivity": "calm"}, by=manager, at=now + timedelta(seconds=1))
    done = put(DOCUMENT, dry_run=True)
    assert [one.step.path for one in done.by_hand] == ["metrics.mae"]
    put(DOCUMENT, take_file=True)
    change.refresh_from_db()
    assert change.settings == {"sensitivity": "eager"}


def test_maintenance_and_snoozes_are_no_matter_of_the_file(prices, put, manager, now):
    before = export(prices)
    change = Monitor.objects.get(series__metric__key="mae", series__segment="", kind="change")
    snooze(change, until=now + timedelta(days=1), by=manager, at=now)
    times = {"from_at": now, "to_at": now + timedelta(hours=1)}
    plan_maintenance(system=prices, why="The feed moves.", by=manager, at=now, **times)
    assert export(prices) == before
    assert put(DOCUMENT).steps == []
    change.refresh_from_db()
    assert change.snoozed_until == now + timedelta(days=1)


def test_answers_wait_for_a_review_like_any_other(put, system, viewer, teammate, manager, administrator, now):
    answers = {"load": {"text": "Ten a second.", "confidence": "confident"}}
    put(DOCUMENT | {"readiness": answers})
    answer = Answer.objects.to_review().get(system__slug="prices")
    assert (answer.question_key, answer.author, answer.expires_at > now) == ("load", manager, True)
    review_answer(answer=answer, decision="approved", by=administrator, at=now)
    assert put({"version": 1, "readiness": answers}).steps == []
    assert Answer.objects.filter(system__slug="prices").count() == 1


def test_an_answer_left_out_of_the_file_stays(prices, put):
    assert put({"version": 1, "readiness": {}}).steps == []
    assert Answer.objects.current().filter(system=prices).count() == len(LAUNCH_QUESTIONS)


def test_an_answer_that_somebody_gave_meanwhile_is_not_undone_unasked(prices, put, viewer, now):
    later = now + timedelta(seconds=1)
    facts = {"text": "By hand.", "confidence": Confidence.NONE}
    answer_question(system=prices, key="load", by=viewer, at=later, **facts)
    assert [one.step.path for one in put(DOCUMENT, dry_run=True).by_hand] == ["readiness.load"]
