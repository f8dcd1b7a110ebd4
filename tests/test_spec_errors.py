"""What is wrong with a file: all of it at once, each by its path, and nothing half-written."""

import json

import pytest

from mlops_portal.engine.models import Change
from mlops_portal.engine.plain_yaml import NotPlain, parse_yaml, write_yaml
from mlops_portal.engine.spec import Refused
from mlops_portal.spec import SECTIONS, apply
from systems.actions.registry import retire_system
from systems.models import Feed, System
from tests.callers import caller
from tests.test_spec_whole import DOCUMENT, SOURCE

pytestmark = pytest.mark.django_db


@pytest.fixture
def refused(manager, system, viewer, teammate, now):
    def act(document, **how):
        with pytest.raises(Refused) as said:
            apply(document, slug="prices", by=manager, at=now, **how)
        return said.value.errors

    return act


@pytest.fixture
def prices(manager, system, viewer, teammate, now):
    apply(DOCUMENT, slug="prices", by=manager, at=now)
    return System.objects.get(slug="prices")


def _with(path: str, value) -> dict:
    """Return the document with this value at the path."""
    document = json.loads(json.dumps(DOCUMENT))
    *above, last = [int(part) if part.isdecimal() else part for part in path.split("/")]
    place = document
    for part in above:
        place = place[part]
    place[last] = value
    return document


# In each section: a key that there is not, a wrong type, and where it is said.
UNKNOWN = {
    "system": "system.colour",
    "owners": "owners.model_owner.colour",
    "phases": "phases.research.colour",
    "runbook": "runbook.colour",
    "expected_ranges": "expected_ranges.mae.colour",
    "retraining": "retraining.colour",
    "feeds": "feeds.flats.colour",
    "dependencies": "dependencies.colour",
    "readiness": "readiness.load.colour",
    "sources": "sources.service.colour",
    "metrics": "metrics.mae.colour",
}


@pytest.mark.parametrize("section", SECTIONS)
def test_a_key_that_there_is_not_is_named_in_every_section(refused, section):
    inside = UNKNOWN[section].split(".")[1:-1]
    at = {"service": "0", "mae": "0"}
    path = [section, *(at.get(one, one) if section in ("sources", "metrics") else one for one in inside), "colour"]
    errors = refused(_with("/".join(path), "red"))
    assert list(errors) == [UNKNOWN[section]]
    assert "Expected" in errors[UNKNOWN[section]][0]


@pytest.mark.parametrize("section", SECTIONS)
def test_a_wrong_type_is_named_in_every_section(refused, section):
    errors = refused(_with(section, 7))
    assert list(errors) == [section]
    assert errors[section][0].startswith("Expected ")
    assert errors[section][0].endswith(", found 7.")


WRONG = {
    "system/team": ("nowhere", "system.team"),
    "owners/model_owner/person": ("nobody", "owners.model_owner.person"),
    "owners/data_owner/deputy": ("nobody", "owners.data_owner.deputy"),
    "owners/service_owner/until": ("2100-02-31T00:00:00Z", "owners.service_owner.until"),
    "phases/research/planned_to": ("2020-01-01", "phases.research.planned_to"),
    "runbook/load": ("  ", "runbook.load"),
    "expected_ranges/mae/low": (99, "expected_ranges.mae"),
    "retraining/every_days": (0, "retraining.every_days"),
    "feeds/flats/owner": ("nobody", "feeds.flats.owner"),
    "feeds/flats/contract/kind": ("Poem", "feeds.flats.contract.kind"),
    "dependencies/systems": (["nothing"], "dependencies.systems"),
    "readiness/weather": ({"text": "Fine.", "confidence": "partial"}, "readiness.weather"),
    "readiness/load/evidence/0/url": ("ftp://x", "readiness.load.evidence.0.url"),
    "sources/0/settings": ({"url": 7}, "sources.service.settings.url"),
    "sources/0/interval_s": (1, "sources.service.interval_s"),
    "metrics/2/series/0/source": ("elsewhere", "metrics.latency.series.0.source"),
    "metrics/0/series/0/limits": ([{}], "metrics.mae.series.0"),
    "metrics/0/series/1/segment": ("", "metrics.mae.series"),
    "metrics/1/target": (None, "metrics.bias.target"),
    "metrics/3/leading": (True, "metrics.rows.leading"),
}


@pytest.mark.parametrize("place", WRONG)
def test_what_cannot_be_is_named_by_its_path(refused, place):
    value, path = WRONG[place]
    assert list(refused(_with(place, value))) == [path]
    assert not System.objects.filter(slug="prices").exists()


def test_what_is_wrong_in_many_sections_is_said_at_once(refused):
    document, rows = json.loads(json.dumps(DOCUMENT)), Change.objects.count()
    wrong = [one for one in WRONG if one not in ("sources/0/settings", "metrics/0/series/1/segment")]
    for place in wrong:
        value, _ = WRONG[place]
        *above, last = [int(part) if part.isdecimal() else part for part in place.split("/")]
        target = document
        for part in above:
            target = target[part]
        target[last] = value
    by_itself = {"phases", "expected_ranges", "retraining", "metrics", "readiness", "runbook"}  # their references wait
    errors = refused(document)
    assert {path.partition(".")[0] for path in errors} >= {*by_itself, "system", "owners", "feeds", "dependencies"}
    assert (Change.objects.count(), Feed.objects.count()) == (rows, 0)


def test_errors_of_form_and_of_reference_come_together(refused):
    document = _with("owners/model_owner/person", "nobody")
    document["system"]["tier"] = 9
    document["metrics"][2]["series"][0]["source"] = "elsewhere"
    assert set(refused(document)) == {"system.tier", "owners.model_owner.person", "metrics.latency.series.0.source"}


def test_what_only_applying_finds_comes_together_with_the_rest(prices, refused):
    document = _with("sources/0/kind", "prediction_log")
    document["sources"][0]["settings"] = {"predictions": "a.csv", "task": "binary"} | {
        "columns": {"at": "at", "prediction": "answer"}
    }
    document["metrics"][0]["series"] = [{"baseline": None}, {"segment": "city=Bern"}]
    document["owners"]["model_owner"]["person"] = "nobody"
    errors = refused(document, take_file=True)
    assert set(errors) == {"sources.service.kind", "metrics.mae.series.0.baseline", "owners.model_owner.person"}


def test_a_retired_system_is_left_alone(prices, refused, manager, now):
    retire_system(system=prices, by=manager, at=now)
    assert list(refused(_with("system/name", "Other"), take_file=True)) == ["system"]


def test_no_such_system_and_no_word_of_it_is_said(refused):
    assert list(refused({"version": 1})) == ["system"]


@pytest.mark.parametrize("text", ["a\u202eb", "a\u0007b", "a\u2066b", "\u009f"])
@pytest.mark.parametrize(
    ("place", "path"),
    [
        ("system/name", "system.name"),
        ("system/tags", "system.tags.0"),
        ("runbook/load", "runbook.load"),
        ("readiness/load/text", "readiness.load.text"),
        ("expected_ranges/mae/reason", "expected_ranges.mae.reason"),
        ("metrics/0/means", "metrics.mae.means"),
        ("retraining/policy", "retraining.policy"),
    ],
)
def test_what_nobody_sees_is_refused_where_it_stands(refused, place, path, text):
    assert list(refused(_with(place, [text] if place.endswith("tags") else text))) == [path]


def test_a_file_too_large_is_refused_in_a_sentence(manager):
    asking = caller(manager)
    yaml = asking.put("systems/prices/spec/", data=b"a: " + b"x" * 10 * 2**20, content_type="application/yaml")
    large = asking.put("systems/prices/spec/", data=b'"' + b"x" * 10 * 2**20 + b'"', content_type="application/json")
    assert (yaml.status_code, large.status_code) == (400, 413)
    assert "larger than" in yaml.json()["detail"]


def test_aliases_that_explode_are_refused_quickly(manager):
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [{','.join([f'*{chr(97 + n)}'] * 9)}]\n" for n in range(20)
    )
    answer = caller(manager).put("systems/prices/spec/", data=bomb, content_type="application/yaml")
    assert (answer.status_code, "alias" in answer.json()["detail"]) == (400, True)


@pytest.mark.parametrize("codec", ["utf-16", "utf-32", "latin-1"])
def test_another_encoding_is_named(codec):
    with pytest.raises(NotPlain, match=r"UTF-8|no YAML"):
        parse_yaml("version: 1\nname: Zürich".encode(codec))


def test_a_key_that_comes_twice_is_named_by_its_line():
    with pytest.raises(NotPlain, match="twice at line 2"):
        parse_yaml(b"version: 1\nsystem: {slug: a, slug: b}")


@pytest.mark.parametrize("document", [None, [], "x", 7, {}, {"version": 2}, {"version": 1, "colours": {}}])
def test_what_is_no_such_file_is_refused(refused, document):
    assert refused(document)


def test_the_name_stands_in_the_place_of_a_number_only_where_it_is_one_name(refused):
    twice = _with("sources", [SOURCE | {"interval_s": "x"}, SOURCE | {"interval_s": "y"}, {"name": 7}])
    assert "sources.0.interval_s" in refused(json.loads(json.dumps(twice)))


def test_what_was_written_reads_again_whatever_it_holds():
    text = "a\r\nb \u2028 c\td\n\n  e: {f}\n# g\n"
    assert parse_yaml(write_yaml({"t": text}).encode()) == {"t": text}
