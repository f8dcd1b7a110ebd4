"""With a bad environment the portal does not start, and one sentence names the setting (S36)."""

from unittest.mock import Mock

import pytest

from mlops_portal import environment
from mlops_portal.startup import preparation
from tests.protections import protects
from tests.test_config import SECRET, SERVERS, run_python

WHOLE = SERVERS | SECRET | {"PORTAL_BASE_URL": "https://portal.example"}
BAD = {
    "SECRET_KEY is not set": {"SECRET_KEY": ""},
    "SECRET_KEY does not fit": {"SECRET_KEY": "changeme"},
    "ALLOWED_HOSTS is '*'": {"ALLOWED_HOSTS": "portal.example,*"},
    "PORTAL_BASE_URL is 'http://portal.example'": {"PORTAL_BASE_URL": "http://portal.example"},
    "PORTAL_BASE_URL does not fit": {"PORTAL_BASE_URL": "portal.example"},
    "DATABASE_URL does not fit": {"DATABASE_URL": "sqlite:///portal.db"},
    "REDIS_URL does not fit": {"REDIS_URL": "redis.portal.test"},
    "PORTAL_ENCRYPTION_KEYS does not fit": {"PORTAL_ENCRYPTION_KEYS": "short"},
}


@pytest.mark.parametrize("said", BAD)
def test_a_bad_environment_stops_every_command_with_one_sentence(tmp_path, said):
    done = run_python(tmp_path, "manage.py", "check", **WHOLE | BAD[said])
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.startswith(said)


def test_with_a_whole_environment_django_finds_nothing_to_say(tmp_path, monkeypatch):
    monkeypatch.delenv("DJANGO_ALLOW_ASYNC_UNSAFE", raising=False)  # what tests with a browser set
    done = run_python(tmp_path, "manage.py", "check", "--deploy", "--fail-level", "WARNING", **WHOLE)
    assert done.returncode == 0, done.stderr


@protects("S36", off={"mlops_portal.environment.SHORTEST_KEY": 0})
def test_a_key_that_can_be_guessed_is_refused(monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "changeme")
    with pytest.raises(environment.WrongSetting, match=r"^SECRET_KEY "):
        environment.secret("SECRET_KEY", "")


@protects("S36", off={"mlops_portal.environment.hosts": environment.words})
def test_not_every_host_is_ours(monkeypatch):
    monkeypatch.setenv("ALLOWED_HOSTS", "portal.example, *")
    with pytest.raises(environment.WrongSetting, match=r"^ALLOWED_HOSTS "):
        environment.hosts("ALLOWED_HOSTS", [])


@protects("S36", off={"mlops_portal.startup.preparation.is_loopback": lambda host: True})
@pytest.mark.parametrize(("is_embedded", "named"), [(True, "DATABASE_URL"), (False, "PORTAL_BASE_URL")])
def test_others_are_served_from_servers_and_over_tls_alone(settings, is_embedded, named):
    settings.IS_EMBEDDED, settings.IS_TLS = is_embedded, False
    with pytest.raises(preparation.CannotStart, match=named):
        preparation.refuse_public_host("0.0.0.0")


COMMANDS = {
    "up": ["manage.py", "up", "--host", "0.0.0.0", "--port", "0"],
    "gunicorn": ["-m", "gunicorn", "mlops_portal.wsgi", "--bind", "0.0.0.0:0", "--no-control-socket"],
}


@pytest.mark.parametrize("command", COMMANDS)
def test_the_embedded_shape_listens_on_this_machine_alone(tmp_path, command):
    done = run_python(tmp_path, *COMMANDS[command])
    assert done.returncode == 1
    assert "on this machine only, not on 0.0.0.0. Set DATABASE_URL" in done.stderr
    assert "Traceback" not in done.stderr


@protects("S36", off={"mlops_portal.api.Schema.permission_classes": [], "mlops_portal.pages.health.find_token": Mock()})
def test_nothing_about_the_inside_is_told_to_strangers(client, db):
    inside = ["/api/schema/", "/api/docs/", "/metrics", "/api/v1/systems/", "/components/"]
    assert [client.get(address).status_code for address in inside] == [401, 302, 401, 401, 302]


def test_there_is_no_admin_and_no_page_for_debugging(settings, client, db):
    assert settings.DEBUG is False
    assert "django.contrib.admin" not in settings.INSTALLED_APPS
    assert client.get("/admin/").status_code == 404
