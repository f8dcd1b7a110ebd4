"""Versions of a runbook: what changed, an old one that holds again, and where a text is kept."""

from datetime import timedelta

import pytest

from mlops_portal.engine.models import Change
from mlops_portal.engine.spec import Refused
from mlops_portal.engine.versions import Stale
from mlops_portal.spec import ChangedByHand, apply, export
from systems.actions.registry import recheck
from systems.actions.runbooks import restore_runbook, retire_runbook, write_runbook
from systems.models import Outcome, RunbookVersion, System
from tests.callers import caller

pytestmark = pytest.mark.django_db
BOOK, API = "/systems/churn/runbook/load/", "systems/churn/runbook/load/"
KEPT = "https://code.example/churn/runbook.md at 3f2a1c"


@pytest.fixture
def written(system, manager, now):
    """Write texts one after the other under `load`."""

    def write(*bodies):
        for body in bodies:
            write_runbook(system=system, situation="load", body=body, by=manager, at=now)

    return write


@pytest.fixture
def writer(client, data_scientist, system):
    client.force_login(data_scientist)
    return client


@pytest.fixture
def put(system, manager, now):
    """Apply a file in which the text for load is as said."""

    def act(said, **how):
        return apply({"version": 1, "runbook": {"load": said}}, slug="churn", by=manager, at=now, **how).steps

    return act


def newest():
    return RunbookVersion.objects.newest().get()


def test_an_old_text_holds_again_as_a_version_of_its_own(written, system, data_scientist, now):
    written("One", "Two")
    version = restore_runbook(system=system, situation="load", n=1, by=data_scientist, at=now, seen=2)
    assert (version.n, version.body, version.by) == (3, "One", data_scientist)
    assert RunbookVersion.objects.count() == 3


def test_only_a_version_with_a_text_holds_again_and_only_over_what_was_seen(written, system, manager, now):
    written("One")
    retire_runbook(system=system, situation="load", by=manager, at=now)
    for n in (0, 2, 7):
        with pytest.raises(RunbookVersion.DoesNotExist):
            restore_runbook(system=system, situation="load", n=n, by=manager, at=now)
    with pytest.raises(Stale):
        restore_runbook(system=system, situation="load", n=1, by=manager, at=now, seen=1)
    assert restore_runbook(system=system, situation="load", n=1, by=manager, at=now).n == 3


def test_the_page_shows_what_a_version_changed_and_lets_it_hold_again(writer, written):
    written("One", "Two")
    assert 'name="restore" value="1"' in writer.get(f"{BOOK}?version=1").content.decode()
    assert 'name="restore"' not in writer.get(f"{BOOK}?version=2").content.decode()
    stale = writer.post(BOOK, {"restore": "1", "version": "1"}, follow=True)
    assert "changed in the meantime" in stale.content.decode()
    done = writer.post(BOOK, {"restore": "1", "version": "2"}, follow=True).content.decode()
    assert ("as version 3" in done, "the text of version 1 again" in done) == (True, True)
    for wrong in ("", "x", "99", "9" * 20):
        assert "no such version" in writer.post(BOOK, {"restore": wrong, "version": "3"}, follow=True).content.decode()


def test_what_a_version_changed_is_text_and_never_markup(writer, written):
    written("<b>One</b>", "<script>alert(1)</script>")
    shown = writer.get(f"{BOOK}?version=2").content.decode()
    assert "<ins>+ &lt;script&gt;alert(1)&lt;/script&gt;</ins>" in shown


def test_the_longest_texts_are_compared_at_once(writer, written):
    written("a\n" * 9_000, "b\na\n" * 4_500)
    assert len(writer.get(f"{BOOK}?version=2").context["change"]["lines"]) > 4_500


def test_the_second_to_save_is_told_what_the_first_changed(writer, written):
    written("One\ntwo", "One\nthree")
    late = writer.post(BOOK, {"body": "One\nfour", "version": 1})
    assert (late.status_code, late.context["since"]) == (412, [(" ", "One"), ("-", "two"), ("+", "three")])
    assert late.context["form"]["body"].value() == "One\nfour"


def test_a_file_says_where_a_text_is_kept(put, system):
    put({"text": "Wait.", "origin": KEPT})
    assert (newest().body, newest().origin) == ("Wait.", KEPT)
    assert export(system)["runbook"] == {"load": {"text": "Wait.", "origin": KEPT}}
    assert put({"text": "Wait.", "origin": KEPT}) == []


def test_what_only_moved_is_no_new_version(put, system):
    put({"text": "Wait.", "origin": KEPT})
    put({"text": "Wait.", "origin": "elsewhere"})
    assert (newest().n, newest().origin) == (1, "elsewhere")
    assert Change.objects.filter(kind="runbook", verb="traced", object="load").count() == 1
    put("Wait.")
    assert (newest().n, export(system)["runbook"]) == (1, {"load": "Wait."})


def test_a_text_without_where_it_is_kept_is_the_bare_text(put):
    put({"text": "Wait."})
    assert (newest().origin, put("Wait.")) == ("mlsystem.yaml", [])


@pytest.mark.parametrize(
    "said", [{"origin": KEPT}, {"text": " "}, {"text": "x", "origin": "o" * 201}, {"text": "x", "colour": 1}, 7, ""]
)
def test_what_is_no_text_is_refused_by_its_path(put, said):
    with pytest.raises(Refused) as refused:
        put(said)
    assert list(refused.value.errors) == ["runbook.load"]


def test_the_page_says_where_it_is_kept_and_that_the_file_will_be_in_conflict(writer, put):
    assert "in conflict with the file" not in writer.get(BOOK).content.decode()
    put({"text": "Wait.", "origin": KEPT})
    shown = writer.get(BOOK).content.decode()
    assert 'href="https://code.example/churn/runbook.md"' in shown
    assert "This text comes from the system's file" in shown.replace("&#x27;", "'")
    writer.post(BOOK, {"body": "Call.", "version": 1})
    assert "file says something else here" in writer.get(BOOK).content.decode()
    with pytest.raises(ChangedByHand):
        put({"text": "Wait longer.", "origin": KEPT})


def test_programs_read_all_versions_and_say_that_one_still_holds(written, system, manager, now):
    asked = caller(manager)
    assert asked.post(f"{API}confirm/").status_code == 404
    written("One", "Two")
    RunbookVersion.objects.update(review_by=now.date() - timedelta(days=1))
    System.objects.update(phase="operations")
    recheck(system)
    assert Outcome.objects.get(system=system, check_key="runbook_load").outcome == "fail"
    assert asked.post(f"{API}confirm/", headers={"If-Match": '"1"'}).status_code == 412
    assert asked.post(f"{API}confirm/").json()["review_by"] > now.date().isoformat()
    assert Outcome.objects.get(system=system, check_key="runbook_load").outcome == "pass"
    versions = asked.get(f"{API}versions/").json()["results"]
    assert [(one["n"], one["body"], one["by"]) for one in versions] == [(2, "Two", "manager"), (1, "One", "manager")]
