"""A system as a file: what is exported and applied changes nothing; what is applied is what the file says."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlops_portal.engine.models import Change
from mlops_portal.engine.plain_yaml import MAX_BYTES, NotPlain, parse_yaml, write_yaml
from mlops_portal.engine.spec import Refused
from mlops_portal.spec import ChangedByHand, apply, export
from systems.actions.hand_overs import do_what_is_due
from systems.actions.registry import edit_system
from systems.actions.runbooks import remove_range
from systems.models import PHASE_ORDER, HandOver, Holding, Role, Situation, System
from tests.callers import caller
from tests.systems import contracts

pytestmark = pytest.mark.django_db
CONTRACT = parse_yaml(contracts.CONTRACT.encode())
FILE = """
version: 1
system:
  slug: prices
  name: Price model
  purpose: Says what a flat costs.
  team: growth
  tags: [regression]
owners:
  model_owner: {person: viewer}
phases:
  research: {planned_from: 2026-01-01, planned_to: 2026-03-31, budget: {amount: 4000, currency: EUR}, exit: It works.}
  engineering:
    money:
      - {kind: spent, day: 2026-04-30, amount: 1200.5, currency: EUR, note: Two people}
      - {kind: planned, day: 2026-04-01, amount: "2000", currency: EUR}
runbook:
  load: |
    - [ ] Look at the queue
    - [ ] Call the service owner
expected_ranges:
  mae: {high: 12.5, reason: Seen in May.}
retraining: {policy: On the last year., every_days: 90, who: The model owner}
sources:
  - {name: service, kind: prometheus_text, settings: {url: "https://prices.example/metrics"}}
metrics:
  - key: mae
    direction: lower
    series:
      - {baseline: {value: 10, reason: The test set.}, limits: [{above: 15}]}
  - key: latency
    kind: service
    unit: s
    direction: lower
    series: [{source: service, selector: {series: latency_seconds}}]
"""


@pytest.fixture
def apply_file(manager, viewer, team, now):
    def act(text=FILE, slug="prices", by=manager, **how):
        return apply(parse_yaml(text.encode()), slug=slug, by=by, at=now, **how)

    return act


@pytest.fixture
def prices(apply_file):
    apply_file()
    return System.objects.get(slug="prices")


def test_a_file_registers_a_system_with_all_that_it_says(prices, viewer):
    assert prices.purpose == "Says what a flat costs."
    assert Holding.objects.current().get(system=prices, role=Role.MODEL_OWNER).person == viewer
    assert prices.runbooks.get(situation="load").versions.get().origin == "mlsystem.yaml"
    assert prices.retraining.every_days == 90
    assert prices.phase_plans.get(phase="research").budget == 4000
    assert prices.phase_plans.get(phase="engineering").money.count() == 2
    assert prices.expected_ranges.get().high == 12.5
    assert prices.sources.get().settings["url"] == "https://prices.example/metrics"
    assert set(prices.metrics.values_list("key", "leading")) == {("mae", True), ("latency", False)}


def test_the_same_file_again_does_nothing(prices, apply_file):
    assert apply_file().steps == []


def test_what_is_exported_and_applied_changes_nothing(prices, apply_file):
    assert apply_file(write_yaml(export(prices))).steps == []


WORDS = st.text(st.characters(blacklist_categories=["Cs", "Cc", "Cf"]), min_size=1, max_size=30).filter(str.strip)
SYSTEMS = st.fixed_dictionaries(
    {"slug": st.just("prices"), "name": WORDS, "team": st.just("growth")},
    optional={"purpose": WORDS, "tier": st.integers(1, 4), "restricted": st.booleans(), "tags": st.lists(WORDS)},
)
NUMBERS = st.floats(-1e9, 1e9) | st.integers(-(10**6), 10**6)
AMOUNTS = st.decimals(0, 10**9, places=2).map(str)
DAYS = st.dates(date(1990, 1, 1), date(2026, 1, 1)).map(str)
PLAIN = st.text("abc ä\n", max_size=9)
ENTRY = {"kind": st.sampled_from(["spent", "planned"]), "day": DAYS, "amount": AMOUNTS, "currency": st.just("EUR")}
MONEY = st.fixed_dictionaries(ENTRY, optional={"note": PLAIN})
BUDGET = st.fixed_dictionaries({"amount": AMOUNTS, "currency": st.just("EUR")})
PHASE = st.fixed_dictionaries(
    {}, optional={"planned_from": DAYS, "exit": PLAIN, "budget": BUDGET, "money": st.lists(MONEY, max_size=3)}
)
CONTRACTS = st.fixed_dictionaries(
    {name: st.just(CONTRACT[name]) for name in ("apiVersion", "kind", "id", "version", "status")},
    optional={"name": WORDS, "more": st.lists(WORDS | NUMBERS | st.booleans())},
)
TEXTS = WORDS | st.just("- [ ] a\n\n  b\n")
DOCUMENTS = st.fixed_dictionaries(
    {"version": st.just(1), "system": SYSTEMS},
    optional={
        "owners": st.dictionaries(st.sampled_from(Role.values), st.just({"person": "viewer"})),
        "phases": st.dictionaries(st.sampled_from(PHASE_ORDER).map(str), PHASE),
        "runbook": st.dictionaries(
            st.sampled_from(Situation.values),
            TEXTS | st.fixed_dictionaries({"text": TEXTS}, optional={"origin": WORDS | st.just("mlsystem.yaml")}),
        ),
        "expected_ranges": st.dictionaries(WORDS, st.fixed_dictionaries({"low": NUMBERS, "reason": WORDS}), max_size=3),
        "retraining": st.fixed_dictionaries(
            {"policy": WORDS, "who": WORDS, "triggers": st.lists(WORDS, min_size=1, max_size=3)}
        ),
        "feeds": st.dictionaries(
            st.sampled_from(["events", "prices-feed"]),
            st.fixed_dictionaries(
                {
                    "name": WORDS,
                    "owner": st.just("viewer"),
                    "arrival": st.just("file"),
                    "freshness_s": st.integers(1, 9),
                },
                optional={
                    "fallback": WORDS,
                    "max_delay_s": st.just(60),
                    "evidence": st.none() | st.just({"system": "churn", "metric": "rows"}),
                    "contract": CONTRACTS,
                },
            ),
        ),
        "dependencies": st.fixed_dictionaries({"systems": st.lists(st.just("churn"))}),
        "metrics": st.lists(
            st.fixed_dictionaries(
                {"key": st.sampled_from(["mae", "auc", "f1"])},
                optional={"kind": st.sampled_from(["quality", "data"]), "name": WORDS, "means": WORDS},
            ),
            unique_by=lambda metric: metric["key"],
        ),
    },
)


@settings(max_examples=8, deadline=None, derandomize=True, database=None, suppress_health_check=[*HealthCheck])
@given(first=DOCUMENTS, second=DOCUMENTS)
def test_whatever_is_applied_is_then_so_and_its_export_changes_nothing(manager, viewer, system, now, first, second):
    how = {"slug": "prices", "by": manager, "at": now, "take_file": True}
    for document in (first, second):
        apply(parse_yaml(write_yaml(document).encode()), **how)
        assert apply(document, **how).steps == []
        assert apply(parse_yaml(write_yaml(export(System.objects.get(slug="prices"))).encode()), **how).steps == []
    System.objects.filter(slug="prices").delete()


def test_a_section_left_out_is_left_alone_and_an_item_left_out_is_retired(prices, apply_file):
    apply_file("{version: 1, runbook: {rollback: Go back.}, metrics: [{key: rows, kind: data}]}", take_file=True)
    assert sorted(export(prices)["runbook"]) == ["rollback"]
    assert [metric["key"] for metric in export(prices)["metrics"]] == ["rows"]
    assert prices.sources.count() == 1
    assert export(prices)["owners"] == {"model_owner": {"person": "viewer"}}


def test_a_dry_run_says_all_and_keeps_nothing(apply_file):
    done = apply_file(dry_run=True)
    assert "metrics.mae" in [step.path for step in done.steps]
    assert not System.objects.filter(slug="prices").exists()


def test_money_may_change_its_currency_as_a_whole(prices, apply_file):
    apply_file(FILE.replace("EUR", "USD"))
    assert prices.phase_plans.get(phase="engineering").currency == "USD"
    assert apply_file(FILE.replace("EUR", "USD")).steps == []


def test_an_amount_left_out_is_taken_out_and_the_others_stay(prices, apply_file):
    kept = prices.phase_plans.get(phase="engineering").money.get(kind="spent").pk
    gone = '      - {kind: planned, day: 2026-04-01, amount: "2000", currency: EUR}\n'
    apply_file(FILE.replace(gone, ""))
    assert prices.phase_plans.get(phase="engineering").money.get().pk == kept


def test_what_was_changed_by_hand_is_not_undone_unasked(prices, apply_file, manager, now):
    edit_system(system=prices, by=manager, at=now, purpose="Says what a house costs.")
    with pytest.raises(ChangedByHand) as changed:
        apply_file()
    assert [undone.step.path for undone in changed.value.plan.by_hand] == ["system"]
    apply_file(take_file=True)
    assert System.objects.get(slug="prices").purpose == "Says what a flat costs."


def test_what_the_file_changed_itself_is_no_change_by_hand(prices, apply_file):
    assert len(apply_file(FILE.replace("what a flat costs", "what a house costs")).steps) == 1


def test_every_error_is_named_by_its_path_and_nothing_is_done(apply_file):
    wrong = FILE.replace("person: viewer", "person: nobody").replace("high: 12.5, ", "")
    with pytest.raises(Refused) as refused:
        apply_file(wrong)
    assert set(refused.value.errors) == {"owners.model_owner.person", "expected_ranges.mae"}


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ("version: 1", "version: 2", "version"),
        ("tags: [regression]", "tier: 9", "system.tier"),
        ("  load: |", "  lunch: |", "runbook.lunch"),
        ("every_days: 90", "every_days: soon", "retraining.every_days"),
        ("settings: {url", "credentials: {bearer: x}, settings: {url", "sources.service.credentials"),
        ("slug: prices", "slug: other", "system.slug"),
        ("planned_to: 2026-03-31", "planned_to: 2025-03-31", "phases.research.planned_to"),
        ("planned_to: 2026-03-31", "planned_to: 2026-02-31", "phases.research.planned_to"),
        ("amount: 4000", "amount: -4000", "phases.research.budget.amount"),
        ("amount: 1200.5", "amount: 1200.505", "phases.engineering.money.0.amount"),
        ("day: 2026-04-30", "day: 2026-04-31", "phases.engineering.money.0.day"),
        ('"2000", currency: EUR', '"2000", currency: USD', "phases.engineering.money.1.currency"),
        ("day: 2026-04-30", "day: 2100-04-30", "phases.engineering.money"),
        ("note: Two people", 'note: "a\\u202eb"', "phases.engineering.money.0.note"),
        ("  engineering:", "  retired:", "phases.retired"),
        ("key: latency", "key: mae", "metrics.1.key"),
    ],
)
def test_what_is_wrong_is_named_by_its_path(apply_file, old, new, path):
    with pytest.raises(Refused) as refused:
        apply_file(FILE.replace(old, new))
    assert list(refused.value.errors) == [path]


def test_credentials_never_leave(prices):
    prices.sources.update(secret="sealed-marker")
    assert "sealed-marker" not in write_yaml(export(prices))


def test_owners_are_named_by_managers_only(apply_file, data_scientist):
    with pytest.raises(PermissionDenied):
        apply_file(by=data_scientist)
    assert not System.objects.filter(slug="prices").exists()


HOSTILE = [
    b"a: &a [1]\nb: *a",
    b"a: 1\na: 2",
    b"1: 2",
    b"a: .nan",
    b"a: .inf",
    b"!!python/object/apply:os.system [id]",
    b"!!python/name:os.system",
    b"[" * 5000,
    b"a: " * 2000,
    b"a: '\\0'\nb: \"\\0\"",
    b"\xff\xfe",
    b"a: [1",
    b"a: 1\n---\nb: 2",
    b"a: " + b"9" * 30,
    b"<<: {a: 1}\n? [b]\n: c",
    b"# " + b"x" * MAX_BYTES,
    b"a: !!binary aGVsbG8=",
    b"a: !!set {b}",
]


@pytest.mark.parametrize("raw", HOSTILE, ids=range(len(HOSTILE)))
def test_yaml_that_is_more_than_plain_is_refused(raw):
    with pytest.raises(NotPlain):
        parse_yaml(raw)


def test_a_day_stays_the_text_that_it_is():
    assert parse_yaml(b"on_day: 2026-03-01") == {"on_day": "2026-03-01"}


def test_the_api_plans_applies_and_gives_back(manager, viewer, team):
    asking = caller(manager)
    put = {"data": FILE, "content_type": "application/yaml"}
    planned = asking.put("systems/prices/spec/?dry_run=true", **put)
    assert (planned.status_code, len(planned.json()["create"])) == (200, 10)
    assert asking.put("systems/prices/spec/", **put).json() == planned.json()
    assert asking.get("systems/prices/spec/").json()["system"]["name"] == "Price model"
    assert b"name: Price model" in asking.get("systems/prices/spec/", HTTP_ACCEPT="application/yaml").content
    System.objects.filter(slug="prices").update(name="By hand")
    refused = asking.put("systems/prices/spec/", **put)
    assert (refused.status_code, refused.json()["plan"]["change"][0]["path"]) == (409, "system")
    assert asking.put("systems/prices/spec/?take=file", **put).status_code == 200


def test_the_api_names_errors_by_path(manager, team):
    answer = caller(manager).put("systems/prices/spec/", {"version": 1, "system": {"slug": "prices"}})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["system.name", "system.team"])


def test_a_hidden_system_is_not_taken_over(stranger, system):
    System.objects.update(restricted=True)
    body = {"version": 1, "system": {"slug": "churn", "name": "Mine", "team": "growth"}}
    refused = caller(stranger).put("systems/churn/spec/", body)
    assert refused.json()["errors"] == {"system.slug": ["The short name churn is taken, or was another system's."]}
    assert System.objects.get(slug="churn").name != "Mine"


def test_the_page_gives_the_file(client, viewer, prices):
    client.force_login(viewer)
    answer = client.get("/systems/prices/mlsystem.yaml")
    assert parse_yaml(answer.content)["system"]["slug"] == "prices"


def test_the_commands_apply_and_export(tmp_path, capsys, manager, viewer, team):
    file = tmp_path / "mlsystem.yaml"
    file.write_text(FILE)
    call_command("apply", str(file), "--as", "manager")
    assert "create system" in capsys.readouterr().out
    call_command("export", "prices")
    file.write_text(capsys.readouterr().out)
    call_command("apply", str(file), "--as", "manager")
    assert capsys.readouterr().out == "0 steps.\n"


def test_the_command_says_what_is_wrong(tmp_path, manager):
    file = tmp_path / "mlsystem.yaml"
    file.write_text(FILE.replace("team: growth", "team: nowhere"))
    with pytest.raises(CommandError, match=r"system\.team: There is no team nowhere"):
        call_command("apply", str(file), "--as", "manager")


def test_a_conflict_says_what_would_be_undone_and_whose_it_is(tmp_path, prices, teammate, manager, now):
    edit_system(system=prices, by=teammate, at=now, purpose="Says what a house costs.")
    file = tmp_path / "mlsystem.yaml"
    file.write_text(FILE)
    with pytest.raises(CommandError) as said:
        call_command("apply", str(file), "--as", "manager")
    assert f"  system, changed by teammate on {now:%-d %B %Y}\n" in str(said.value)
    assert "--take-file" in str(said.value)
    answer = caller(manager).put("systems/prices/spec/", FILE, content_type="application/yaml").json()
    assert [(one["path"], one["by"]) for one in answer["by_hand"]] == [("system", "teammate")]


def test_what_somebody_took_out_by_hand_does_not_come_back_unasked(prices, apply_file, manager, now):
    remove_range(system=prices, metric_key="mae", by=manager, at=now)
    with pytest.raises(ChangedByHand, match=r"expected_ranges\.mae, changed by manager"):
        apply_file()


def test_the_trail_says_that_it_came_through_the_file(prices):
    assert set(Change.objects.filter(system="prices").values_list("door", flat=True)) == {"file"}


def _owned(until):
    return FILE.replace("{person: viewer}", f"{{person: viewer, deputy: teammate, until: '{until}'}}")


def test_owners_have_a_deputy_and_a_known_end(apply_file, teammate):
    apply_file(_owned("2100-01-01T01:00:00+01:00"))
    system = System.objects.get(slug="prices")
    said = {"person": "viewer", "deputy": "teammate", "until": "2100-01-01T00:00:00Z"}
    assert export(system)["owners"]["model_owner"] == said
    assert apply_file(_owned("2100-01-01T01:00:00+01:00")).steps == []
    assert apply_file(write_yaml(export(system))).steps == []


@pytest.mark.parametrize("until", ["soon", "2100-13-01T00:00:00Z", "2100-01-01", "2020-01-01T00:00:00Z"])
def test_an_end_that_cannot_be_is_refused_by_its_path(apply_file, teammate, until):
    with pytest.raises(Refused) as refused:
        apply_file(_owned(until))
    assert list(refused.value.errors) == ["owners.model_owner.until"]


def test_a_note_that_was_written_by_hand_stays(prices, apply_file, viewer):
    Holding.objects.update(note="Agreed.")
    apply_file(FILE.replace("{person: viewer}", "{person: viewer, until: '2100-01-01T00:00:00Z'}"))
    assert Holding.objects.get().note == "Agreed."


def _handed_over(now, person="{person: viewer, next: ", days=30):
    day = (now + timedelta(days=days)).replace(microsecond=0).isoformat().replace("+00:00", "Z")
    return FILE.replace("{person: viewer}", f"{person}{{person: teammate, from: '{day}'}}}}")


@pytest.mark.parametrize("person", ["{person: viewer, next: ", "{person: null, next: "])
def test_who_takes_over_on_a_day_to_come_stands_in_the_file(apply_file, teammate, now, person):
    apply_file(_handed_over(now, person))
    system = System.objects.get(slug="prices")
    assert HandOver.objects.get(system=system).person == teammate
    assert apply_file(_handed_over(now, person)).steps == []
    assert apply_file(write_yaml(export(system))).steps == []
    apply_file(_handed_over(now, person, days=40))
    assert (HandOver.objects.get().from_at - now).days == 39


def test_the_file_stays_true_on_the_day(apply_file, teammate, now):
    apply_file(_handed_over(now))
    HandOver.objects.update(from_at=now - timedelta(days=1))
    assert do_what_is_due(at=now) == 1
    assert apply_file(_handed_over(now, days=-1)).steps == []
    assert Holding.objects.current().get(role=Role.MODEL_OWNER).person == teammate


def test_a_file_that_plans_nothing_takes_back_what_it_planned(apply_file, teammate, now):
    apply_file(_handed_over(now))
    apply_file()
    assert not HandOver.objects.exists()


@pytest.mark.parametrize(
    ("item", "path"),
    [
        ("{person: null}", "owners.model_owner.person"),
        ("{person: viewer, next: {person: teammate}}", "owners.model_owner.next.from"),
        ("{person: viewer, next: {person: teammate, from: soon}}", "owners.model_owner.next.from"),
        ("{person: viewer, next: {person: nobody, from: '2100-01-01T00:00:00Z'}}", "owners.model_owner.next.person"),
        ("{person: viewer, next: {person: viewer, from: '2100-01-01T00:00:00Z'}}", "owners.model_owner.next.person"),
        ("{person: viewer, next: {person: teammate, from: '2100-01-01T00:00:00Z'}}", "owners.model_owner.next.from"),
    ],
)
def test_a_hand_over_that_cannot_be_is_refused_by_its_path(apply_file, teammate, item, path):
    with pytest.raises(Refused) as refused:
        apply_file(FILE.replace("{person: viewer}", item))
    assert path in refused.value.errors
    assert not System.objects.filter(slug="prices").exists()
