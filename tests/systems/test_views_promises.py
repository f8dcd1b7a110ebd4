import pytest
from django.utils import timezone

from systems.actions.registry import recheck
from systems.actions.runbooks import write_runbook
from systems.forms.promises import LEFT
from systems.models import Deployment, ExpectedRange, ModelVersion, Retraining, RetrainingRun, RunbookVersion, System

BOOK = "/systems/churn/runbook/load/"
pytestmark = pytest.mark.django_db


@pytest.fixture
def writer(client, data_scientist, system):
    client.force_login(data_scientist)
    return client


def test_a_runbook_is_written_and_read(writer):
    assert "Nobody has written this yet" in writer.get(BOOK).content.decode()
    assert writer.post(BOOK, {"body": "- [ ] Look at <b>it</b>", "version": 0}).status_code == 302
    assert '<li class="step">Look at &lt;b&gt;it&lt;/b&gt;</li>' in writer.get(BOOK).content.decode()


def test_a_preview_saves_nothing_and_keeps_the_text(writer):
    answer = writer.post(BOOK, {"body": "**Call** her", "version": 0, "preview": "yes"})
    assert "<strong>Call</strong>" in answer.content.decode()
    assert answer.context["form"]["body"].value() == "**Call** her"
    assert not RunbookVersion.objects.exists()


def test_a_stale_page_saves_nothing_and_keeps_the_text(writer):
    writer.post(BOOK, {"body": "First", "version": 0})
    late = writer.post(BOOK, {"body": "Second", "version": 0})
    assert (late.status_code, late.context["form"]["body"].value()) == (412, "Second")
    writer.post(BOOK, {"body": "Second", "version": late.context["form"]["version"].value()})
    assert RunbookVersion.objects.newest().get().body == "Second"


def test_what_a_version_changed_is_shown(writer, manager, system, now):
    for body in ("one\ntwo", "one\nthree"):
        write_runbook(system=system, situation="load", body=body, by=manager, at=now)
    lines = writer.get(f"{BOOK}?version=2").context["change"]["lines"]
    assert lines == [(" ", "one"), ("-", "two"), ("+", "three")]


def test_ranges_are_named_and_removed_under_normal(writer):
    page = "/systems/churn/runbook/ranges/"
    wrong = writer.post(page, {"range-metric_key": "auc", "range-reason": "Seen.", "range-version": 0})
    assert (wrong.status_code, list(wrong.context["range_form"].errors)) == (422, ["low"])
    facts = {"range-metric_key": "auc", "range-low": "0.8", "range-reason": "Seen.", "range-version": 0}
    writer.post(page, facts)
    late = writer.post(page, facts | {"range-low": "0.7", "range-reason": "Also seen."})
    assert (late.status_code, late.context["range_now"].low, late.context["range_form"]["low"].value()) == (
        *(409, 0.8, "0.7"),
    )
    assert ExpectedRange.objects.get().low == 0.8
    writer.post(page, facts | {"range-low": "0.7", "range-version": late.context["range_form"]["version"].value()})
    assert ExpectedRange.objects.get().low == 0.7
    writer.post(page, {"remove": "auc"})
    assert not ExpectedRange.objects.exists()


def test_who_may_not_write_is_told_who_may(client, viewer, system):
    client.force_login(viewer)
    assert "Who may write it" in client.get(BOOK).content.decode()
    assert client.post(BOOK, {"body": "x", "version": 0}).status_code == 403


def test_a_version_and_its_deployment_are_recorded_past_the_gate_that_is_said_to_be_shut(writer):
    page = "/systems/churn/deployments/"
    writer.post(page, {"what": "version", "version-name": "2.1", "version-figures": "accuracy 0.91"})
    version = ModelVersion.objects.get()
    assert version.figures == {"accuracy": 0.91}
    assert "The gate into operations is shut" in writer.get(page).content.decode()
    at = timezone.now().strftime("%Y-%m-%dT%H:%M")
    facts = {"deployment-version": version.pk, "deployment-environment": "production", "deployment-at": at}
    assert writer.post(page, {"what": "deployment"} | facts).status_code == 302
    assert Deployment.objects.get().gate["passed"] is False


def test_moments_are_read_in_the_persons_own_time_zone(writer, data_scientist, system):
    data_scientist.time_zone = "Asia/Tokyo"
    data_scientist.save()
    facts = {"what": "run", "run-cause": "drift", "run-at": "2026-03-01T09:00"}
    writer.post("/systems/churn/retraining/", facts)
    assert RetrainingRun.objects.get().at.isoformat() == "2026-03-01T00:00:00+00:00"


@pytest.mark.parametrize("figures", ["accuracy", "0.9", "accuracy nan", "accuracy 1_0"])
def test_figures_that_are_none_are_refused(writer, figures):
    facts = {"what": "version", "version-name": "2", "version-figures": figures}
    assert writer.post("/systems/churn/deployments/", facts).status_code == 422


def test_a_plan_must_be_due_some_day(writer):
    facts = {"what": "plan", "plan-version": 0, "plan-policy": "Again.", "plan-who": "Me", "plan-triggers": ""}
    assert writer.post("/systems/churn/retraining/", facts).status_code == 422
    writer.post("/systems/churn/retraining/", facts | {"plan-triggers": "drift\n\nrules change"})
    assert Retraining.objects.get().triggers == ["drift", "rules change"]


def test_a_manager_decides_with_every_gap_ticked(client, manager, system):
    recheck(system)
    client.force_login(manager)
    page = client.get("/systems/churn/phase/")
    gaps = [gap.check_key for gap in page.context["gaps"]]
    facts = {"to": "engineering", "version": System.objects.get(slug="churn").version}
    for accepted in ([], gaps[1:]):
        refused = client.post("/systems/churn/phase/", facts | {"accept": accepted})
        assert (refused.status_code, refused.context["form"].errors["accept"]) == (422, [LEFT])
    assert client.post("/systems/churn/phase/", facts | {"accept": gaps}).url == "/systems/churn/#phases"


def test_the_systems_page_says_what_is_promised(writer, manager, system, now):
    write_runbook(system=system, situation="model_errs", body="Call.", by=manager, at=now)
    text = writer.get("/systems/churn/").content.decode()
    assert "Of the 4 texts for when it errs, 1 is written." in text
    assert "Nobody has said when and how it is trained again." in text
    assert "It is in research." in text
