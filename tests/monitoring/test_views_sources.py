from datetime import timedelta

import pytest

from monitoring.models import Pull, Source
from monitoring.views import connecting
from tests.factories import SeriesFactory, SourceFactory
from tests.monitoring.conftest import ADDRESS

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("pages")]
CONNECT = "/systems/churn/connect/"
TYPED = {"name": "Pages", "interval_s": "60", "settings.url": ADDRESS, "settings.format": "plain"}


@pytest.fixture
def source(system):
    return SourceFactory(system=system, kind="pages", name="Pages")


def ticked(rows, **changes) -> dict:
    """Return what a browser posts of the rows as they stand."""
    typed = {"found-TOTAL_FORMS": len(rows.forms), "found-INITIAL_FORMS": len(rows.forms)}
    for form in rows.forms:
        for bound in form:
            if bound.name != "watch" or bound.value():
                typed[bound.html_name] = "" if bound.value() is None else bound.value()
    return typed | changes


def test_the_kinds_come_first_each_with_what_it_reads(client, data_scientist, system):
    client.force_login(data_scientist)
    assert "Reads numbers from a page." in client.get(CONNECT).content.decode()
    assert client.get(CONNECT + "?kind=nothing").status_code == 404


def test_the_form_is_made_of_the_schema(client, data_scientist, system):
    client.force_login(data_scientist)
    form = client.get(CONNECT + "?kind=pages").context["form"]
    names = [bound.name for bound in form.setting_fields]
    assert names == [f"settings.{name}" for name in ("url", "format", "columns.at", "columns.segments", "delay_s")]
    assert form["settings.url"].help_text == "Where the page is."


def test_a_test_shows_what_was_found_and_saves_nothing(client, data_scientist, system):
    client.force_login(data_scientist)
    answer = client.post(CONNECT + "?kind=pages", TYPED | {"do": "test"})
    rows = answer.context["rows"]
    assert [form["watch"].value() for form in rows.forms] == [True, False]
    assert "0.91" in answer.content.decode()
    assert not Source.objects.exists()


def test_a_test_that_fails_says_so_in_place(client, data_scientist, system):
    client.force_login(data_scientist)
    answer = client.post(CONNECT + "?kind=pages", TYPED | {"settings.url": ADDRESS + "/down"})
    assert "It did not answer within 30 s." in answer.content.decode()
    assert answer.context["form"]["settings.url"].value() == ADDRESS + "/down"


def test_wrong_settings_are_said_beside_their_field(client, data_scientist, system):
    client.force_login(data_scientist)
    answer = client.post(CONNECT + "?kind=pages", TYPED | {"settings.url": "ftp://x.example"})
    assert answer.status_code == 422
    assert answer.context["form"].errors["settings.url"] == ["Give an address that begins with https://."]


def test_what_is_ticked_is_saved_and_its_page_follows(client, data_scientist, system):
    client.force_login(data_scientist)
    rows = client.post(CONNECT + "?kind=pages", TYPED).context["rows"]
    typed = TYPED | ticked(rows, **{"found-0-name": "Hits", "found-1-kind": "nonsense"}) | {"do": "save"}
    answer = client.post(CONNECT + "?kind=pages", typed)
    source = Source.objects.get()
    assert answer.url == f"/sources/{source.pk}/"
    assert [(one.metric.key, str(one.metric), one.selector) for one in source.series.all()] == [
        ("accuracy", "Hits", {"line": "accuracy"})
    ]


def test_nothing_ticked_is_refused_with_everything_kept(client, data_scientist, system):
    client.force_login(data_scientist)
    rows = client.post(CONNECT + "?kind=pages", TYPED).context["rows"]
    typed = TYPED | ticked(rows) | {"do": "save"}
    del typed["found-0-watch"]
    answer = client.post(CONNECT + "?kind=pages", typed)
    assert answer.status_code == 422
    assert "Tick at least one series" in answer.content.decode()
    assert answer.context["rows"].forms[0]["name"].value() == "Accuracy"


def test_a_key_that_is_taken_gets_a_number(client, data_scientist, system):
    SeriesFactory(metric__system=system, metric__key="accuracy")
    client.force_login(data_scientist)
    rows = client.post(CONNECT + "?kind=pages", TYPED).context["rows"]
    client.post(CONNECT + "?kind=pages", TYPED | ticked(rows) | {"do": "save"})
    assert Source.objects.get().series.get().metric.key == "accuracy_2"


def test_credentials_are_sealed_and_never_shown(client, data_scientist, system):
    client.force_login(data_scientist)
    typed = TYPED | {"bearer": "very-secret-word"}
    answer = client.post(CONNECT + "?kind=pages", typed)
    assert "very-secret-word" not in answer.content.decode()
    assert "type them once more before you save" in answer.content.decode()
    client.post(CONNECT + "?kind=pages", typed | ticked(answer.context["rows"]) | {"do": "save"})
    source = Source.objects.get()
    assert source.secret
    assert "very-secret-word" not in source.secret
    assert "very-secret-word" not in client.get(f"/sources/{source.pk}/edit/").content.decode()


def test_for_htmx_only_the_form_comes_and_then_the_way_on(client, data_scientist, system):
    client.force_login(data_scientist)
    part = client.post(CONNECT + "?kind=pages", TYPED, headers={"HX-Request": "true"})
    assert part.templates[0].name == "monitoring/_connect_form.html"
    typed = TYPED | ticked(part.context["rows"]) | {"do": "save"}
    saved = client.post(CONNECT + "?kind=pages", typed, headers={"HX-Request": "true"})
    assert saved["HX-Redirect"] == f"/sources/{Source.objects.get().pk}/"


def test_every_kind_has_what_its_page_shows():
    assert all(one.title and one.summary.endswith(".") for one in connecting.all_connectors())


def test_the_page_of_a_source_says_how_it_does_in_a_sentence(client, viewer, source, now):
    Source.objects.update(failing_since=now - timedelta(hours=6), last_error="It did not answer within 30 s.")
    client.force_login(viewer)
    text = client.get(f"/sources/{source.pk}/").content.decode()
    assert "It did not answer within 30 s." in text
    assert "It has never brought a value." in text


def test_a_pull_that_runs_asks_for_itself_again_until_it_is_over(client, viewer, source, now):
    pull = Pull.objects.create(source=source, due_at=now, lease_until=now + timedelta(minutes=1))
    client.force_login(viewer)
    progress = f"/sources/{source.pk}/progress/"
    assert "every 2s" in client.get(progress).content.decode()
    Pull.objects.filter(pk=pull.pk).update(finished_at=now, outcome="timeout", error="No answer within 30 s.")
    text = client.get(progress).content.decode()
    assert "every 2s" not in text
    assert "No answer in time" in text


def test_editing_shows_the_settings_and_saves_them(client, data_scientist, source):
    client.force_login(data_scientist)
    edit = f"/sources/{source.pk}/edit/"
    assert client.get(edit).context["form"]["settings.url"].value() == ADDRESS
    assert client.post(edit, TYPED | {"interval_s": 300, "version": 1}).url == f"/sources/{source.pk}/"
    source.refresh_from_db()
    assert (source.interval_s, source.settings) == (300, {"url": ADDRESS, "format": "plain"})


def test_an_address_elsewhere_asks_for_the_credentials_again(client, data_scientist, source):
    Source.objects.update(secret="sealed")
    client.force_login(data_scientist)
    typed = TYPED | {"settings.url": "https://other.example/", "version": 1}
    answer = client.post(f"/sources/{source.pk}/edit/", typed)
    assert answer.status_code == 422
    assert "give the credentials again" in answer.content.decode()
    assert client.post(f"/sources/{source.pk}/edit/", typed | {"forget": "on"}).status_code == 302


def test_a_stale_edit_keeps_what_was_typed(client, data_scientist, source):
    Source.objects.update(version=5)
    client.force_login(data_scientist)
    answer = client.post(f"/sources/{source.pk}/edit/", TYPED | {"name": "Mine", "version": 1})
    assert (answer.status_code, answer.context["form"]["name"].value()) == (412, "Mine")


def test_pull_now_waits_to_be_taken_and_shows_itself(client, data_scientist, source):
    client.force_login(data_scientist)
    page = client.post(f"/sources/{source.pk}/pull/", follow=True).content.decode()
    assert source.pulls.get().why == Pull.Why.NOW
    assert "Waiting for a worker to ask it" in page
    assert "every 2s" in page


def test_a_source_is_paused_and_resumed(client, data_scientist, source):
    client.force_login(data_scientist)
    client.post(f"/sources/{source.pk}/pause/", {"to": "off"})
    assert not Source.objects.get().enabled
    client.post(f"/sources/{source.pk}/pause/", {"to": "on"})
    assert Source.objects.get().enabled


def test_a_source_is_removed_after_a_question(client, data_scientist, source):
    client.force_login(data_scientist)
    assert "keep their values" in client.get(f"/sources/{source.pk}/remove/").content.decode()
    client.post(f"/sources/{source.pk}/remove/")
    assert not Source.objects.exists()


def test_a_source_of_a_hidden_system_is_not_there(client, stranger, source):
    source.system.restricted = True
    source.system.save()
    client.force_login(stranger)
    paths = [f"/sources/{source.pk}/{rest}" for rest in ("", "progress/", "edit/", "remove/")]
    assert [client.get(path).status_code for path in [*paths, CONNECT]] == [404] * 5


def test_who_may_not_edit_reads_only(client, viewer, source):
    client.force_login(viewer)
    assert "Pause" not in client.get(f"/sources/{source.pk}/").content.decode()
    assert client.post(f"/sources/{source.pk}/pause/", {"to": "off"}).status_code == 403
