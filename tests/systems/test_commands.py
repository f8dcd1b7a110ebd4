import io
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.utils import timezone

from mlops_portal.engine.models import Change
from systems.actions.people import deactivate_person
from systems.models import Person, Token
from systems.tokens import find_token

pytestmark = pytest.mark.django_db


def _run(*words):
    out = io.StringIO()
    call_command(*words, stdout=out)
    return out.getvalue()


def _refused(*words):
    """Return the one sentence with which the command ended."""
    with pytest.raises(CommandError) as refusal:
        call_command(*words, stdout=io.StringIO())
    assert "\n" not in str(refusal.value)
    return str(refusal.value)


def test_a_new_person_gets_a_link_that_sets_a_password(client):
    link = _run("person", "ana", "--group", "on_call", "--group", "manager", "--name", "Ana").splitlines()[-1]
    page = client.get(link.removeprefix("http://127.0.0.1:8000"), follow=True)
    client.post(page.request["PATH_INFO"], {"password1": "quite-a-long-one", "password2": "quite-a-long-one"})
    ana = Person.objects.get(username="ana")
    assert (ana.groups, ana.name, ana.check_password("quite-a-long-one")) == (["manager", "on_call"], "Ana", True)


def test_a_link_works_once(client):
    link = _run("person", "ana").splitlines()[-1].removeprefix("http://127.0.0.1:8000")
    page = client.get(link, follow=True)
    client.post(page.request["PATH_INFO"], {"password1": "quite-a-long-one", "password2": "quite-a-long-one"})
    client.logout()
    again = client.get(link, follow=True)
    assert "password1" not in again.content.decode()


def test_without_a_group_a_new_person_may_read_and_a_known_one_keeps_theirs(manager):
    _run("person", "ana")
    _run("person", "MANAGER", "--name", "Max")
    assert Person.objects.get(username="ana").groups == ["viewer"]
    manager.refresh_from_db()
    assert (manager.groups, manager.name, Person.objects.count()) == (["manager"], "Max", 2)


def test_a_password_can_be_piped_in(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("piped-and-long-enough\n"))
    printed = _run("person", "ana", "--password-stdin")
    assert Person.objects.get(username="ana").check_password("piped-and-long-enough")
    assert "http" not in printed
    assert "piped" not in printed


def test_a_weak_password_adds_nobody(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    assert "too short" in _refused("person", "ana", "--password-stdin")
    assert not Person.objects.exists()


def test_a_program_has_neither_link_nor_password():
    assert "http" not in _run("person", "ci", "--service")
    assert not Person.objects.get(username="ci").has_usable_password()
    assert "A program has no password" in _refused("person", "ci", "--password-stdin")


def test_a_person_joins_a_team(team):
    _run("person", "ana", "--team", "growth")
    assert team.members.get().username == "ana"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--group", "boss"], "There is no group boss; the groups are viewer,"),
        (["--email", "nonsense"], "email: Enter a valid email address."),
        (["--team", "nowhere"], "There is no team nowhere; the teams are: administrators."),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence_and_nothing_is_kept(words, said):
    assert _refused("person", "ana", *words).startswith(said)
    assert not Person.objects.exists()


def test_a_name_that_cannot_be_typed_is_refused():
    assert "username: Enter a valid username" in _refused("person", "an a")


def test_a_deactivated_person_is_not_let_in_by_the_way(viewer):
    deactivate_person(person=viewer, by=None)
    assert "was deactivated" in _refused("person", "viewer")


def test_the_last_administrator_stays_one(administrator):
    assert "is the last administrator" in _refused("person", "administrator", "--group", "viewer")


def test_only_the_token_is_printed(viewer):
    printed = _run("token", "Viewer", "--scope", "ingest", "--scope", "read", "--name", "nightly job")
    token = find_token(printed.strip())
    assert printed == f"{printed.strip()}\n"
    assert (token.person, token.scopes, token.name, token.expires_at) == (
        viewer,
        ["ingest", "read"],
        "nightly job",
        None,
    )


def test_a_token_expires_after_days_or_after_a_day(viewer):
    tomorrow = timezone.now() + timedelta(days=1)
    _run("token", "viewer", "--expires", "30")
    _run("token", "viewer", "--expires", f"{tomorrow:%Y-%m-%d}")
    by_day, by_days = Token.objects.all()
    assert (by_days.expires_at - timezone.now()).days == 29
    assert by_day.expires_at.date() == (tomorrow + timedelta(days=1)).date()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nobody"], "There is no person nobody"),
        (["viewer", "--scope", "all"], "There is no scope all; the scopes are read,"),
        (["viewer", "--expires", "soon"], "--expires takes a number of days"),
        (["viewer", "--expires", "9" * 20], "--expires takes a number of days"),
        (["viewer", "--expires", "2020-01-01"], "--expires 2020-01-01 has passed already."),
        (["viewer", "--expires", "2020-02-31"], "--expires takes a number of days"),
    ],
)
def test_a_token_that_cannot_be_made_says_why(viewer, words, said):
    assert _refused("token", *words).startswith(said)
    assert not Token.objects.exists()


def test_what_a_command_does_is_on_the_trail(viewer):
    _run("token", "viewer")
    row = Change.objects.get(kind="token")
    assert (row.verb, row.door, row.by) == ("made", "command", "")


def test_a_database_that_is_away_is_one_sentence(monkeypatch):
    def away(*args, **kwargs):
        raise OperationalError("connection refused")

    monkeypatch.setattr(Person.objects, "filter", away)
    for command in ("person", "token"):
        assert "start `python3 manage.py up` first" in _refused(command, "ana")


@pytest.mark.parametrize("command", ["person", "token"])
def test_every_command_explains_itself(command, capsys):
    with pytest.raises(SystemExit):
        call_command(command, "--help")
    assert "--help" in capsys.readouterr().out
