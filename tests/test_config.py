"""What the settings must hold, whatever the environment says (RELIABILITY F2, F14, S19, S34, S36)."""

import os
import re
import subprocess
import sys

import pytest
from django.conf import settings
from kombu.exceptions import ContentDisallowed
from kombu.serialization import dumps, loads

from mlops_portal import environment
from mlops_portal.celery import app
from mlops_portal.engine.cache import JsonSerializer
from mlops_portal.startup.embedded import ROOT
from mlops_portal.startup.portal import WORKERS
from mlops_portal.startup.postgres import SETTINGS

SERVERS = {"DATABASE_URL": "postgresql://u:p@db.portal.test/portal", "REDIS_URL": "redis://redis.portal.test/0"}
SECRET = {"SECRET_KEY": "a-key-for-tests-that-is-long-enough-and-never-used-9876543210"}
OURS = ("SECRET_KEY", "DATABASE_URL", "REDIS_URL", "ALLOWED_HOSTS", "EMAIL_URL", "PORTAL_")


def run_python(folder, *arguments, **variables):
    """Run Python in the root folder, in an environment that has of our variables only these."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    kept |= {"PORTAL_DATA_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "mlops_portal.settings", **variables}
    return subprocess.run([sys.executable, *arguments], cwd=ROOT, env=kept, capture_output=True, text=True, timeout=60)


def said(folder, expression, **variables):
    """Return what the settings say under these variables."""
    code = f"from mlops_portal import settings; print({expression})"
    return run_python(folder, "-c", code, **SECRET, **variables).stdout.strip()


def portal_tasks():
    return [task for name, task in app.tasks.items() if not name.startswith("celery.")]


@pytest.mark.fault("F1", "F2")
def test_no_task_outlives_half_the_visibility_timeout():
    limits = [task.time_limit or app.conf.task_time_limit for task in portal_tasks() if task.acks_late]
    assert all(limit < app.conf.visibility_timeout / 2 for limit in [*limits, app.conf.task_time_limit])


@pytest.mark.fault("F1", "F2")
def test_acknowledging_late_is_never_the_general_rule():
    assert app.conf.task_acks_late is False


def test_soft_limit_comes_before_the_hard_one():
    assert 0 < app.conf.task_soft_time_limit < app.conf.task_time_limit


@pytest.mark.fault("F1")
def test_the_visibility_timeout_is_the_same_in_all_its_places(tmp_path):
    expression = "settings.CELERY_BROKER_TRANSPORT_OPTIONS['visibility_timeout']"
    places = (app.conf.visibility_timeout, app.conf.result_backend_transport_options["visibility_timeout"])
    assert places == (180, 180)
    assert said(tmp_path, expression, **SERVERS) == "180"


@pytest.mark.fault("F5")
@pytest.mark.parametrize("wait", ["socket_timeout", "socket_connect_timeout", "health_check_interval"])
def test_every_wait_for_redis_ends(tmp_path, wait):
    assert float(said(tmp_path, f"settings.CELERY_BROKER_TRANSPORT_OPTIONS['{wait}']", **SERVERS)) <= 10


def test_messages_are_json_and_nothing_else():
    assert (app.conf.accept_content, app.conf.task_serializer) == (["json"], "json")


def test_a_pickled_message_is_refused():
    content_type, encoding, body = dumps({"any": "thing"}, serializer="pickle")
    with pytest.raises(ContentDisallowed):
        loads(body, content_type, encoding, accept=app.conf.accept_content)


def test_the_cache_keeps_json():
    assert JsonSerializer().dumps({"a": [1, None]}) == b'{"a": [1, null]}'


def test_shared_cache_uses_the_json_serializer(tmp_path):
    expression = "settings.CACHES['default']['OPTIONS']['serializer']"
    assert said(tmp_path, expression, **SERVERS) == "mlops_portal.engine.cache.JsonSerializer"


def test_sessions_are_json():
    assert settings.SESSION_SERIALIZER == "django.contrib.sessions.serializers.JSONSerializer"


@pytest.mark.fault("F10", "F12")
def test_workers_take_one_message_at_a_time_and_are_renewed():
    conf = app.conf
    assert (conf.worker_prefetch_multiplier, conf.worker_max_tasks_per_child) == (1, 200)
    assert conf.worker_max_memory_per_child == 400_000


@pytest.mark.fault("F5")
def test_workers_never_give_up_on_a_broker_that_is_away():
    assert app.conf.broker_connection_max_retries is None
    assert app.conf.worker_cancel_long_running_tasks_on_connection_loss is True


@pytest.mark.fault("F12")
def test_no_result_is_kept():
    assert app.conf.task_ignore_result is True
    assert app.conf.result_backend is None


def test_the_scheduler_has_one_entry():
    assert list(app.conf.beat_schedule) == ["tick"]


@pytest.mark.fault("F13")
@pytest.mark.parametrize("wait", ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"])
def test_every_wait_inside_the_database_ends(wait):
    assert f"-c {wait}=" in settings.DATABASES["default"]["OPTIONS"]["options"]


@pytest.mark.fault("F13", "F14")
def test_dead_database_connections_are_noticed():
    database = settings.DATABASES["default"]
    assert database["CONN_HEALTH_CHECKS"] is True
    assert database["OPTIONS"]["tcp_user_timeout"] <= 20_000


@pytest.mark.fault("F14")
def test_the_documented_connections_add_up_and_leave_room():
    table = (ROOT / "docs/operations/README.md").read_text()
    rows = {name: int(count) for name, count in re.findall(r"(?m)^\| ([^|]+) \| (\d+) \|", table)}
    together = rows.pop("together")
    assert together == sum(rows.values())
    assert together < int(SETTINGS["max_connections"]) - 10


@pytest.mark.fault("F14")
def test_the_documented_connections_are_those_of_the_workers_that_up_starts():
    table = (ROOT / "docs/operations/README.md").read_text()
    documented = [int(count) for count in re.findall(r"(?m)^\| worker [^|]+ \| (\d+) \|", table)]
    assert documented == [children + 1 for _, children in WORKERS.values()]


def test_debug_is_off_and_cannot_be_switched_on(tmp_path):
    assert said(tmp_path, "settings.DEBUG", DEBUG="1", DJANGO_DEBUG="1", PORTAL_DEBUG="1") == "False"


def test_behind_tls_cookies_are_bound_to_the_host(tmp_path):
    names = "settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME, settings.SESSION_COOKIE_SECURE"
    answer = said(tmp_path, names, PORTAL_BASE_URL="https://portal.example")
    assert answer == "__Host-portal-session __Host-portal-csrf True"


def test_scripts_cannot_read_cookies_and_other_sites_do_not_send_them():
    assert settings.SESSION_COOKIE_HTTPONLY is True
    assert settings.CSRF_COOKIE_HTTPONLY is True
    assert (settings.SESSION_COOKIE_SAMESITE, settings.CSRF_COOKIE_SAMESITE) == ("Lax", "Lax")


def test_behind_tls_browsers_are_told_to_stay_there(tmp_path):
    answer = said(tmp_path, "settings.SECURE_HSTS_SECONDS, settings.SECURE_SSL_REDIRECT", PORTAL_BASE_URL="https://a.b")
    assert answer == "31536000 True"


def test_the_address_of_the_portal_is_an_allowed_host(tmp_path):
    assert "portal.example" in said(tmp_path, "settings.ALLOWED_HOSTS", PORTAL_BASE_URL="https://portal.example")


def test_mail_can_go_into_a_folder(tmp_path):
    answer = said(tmp_path, "settings.EMAIL_BACKEND, settings.EMAIL_FILE_PATH", EMAIL_URL="file:///var/spool/portal")
    assert answer == "django.core.mail.backends.filebased.EmailBackend /var/spool/portal"


WEB = {"schemes": ("http", "https"), "example": "https://portal.example"}


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (environment.database, "foo"),
        (environment.database, "mysql://host/name"),
        (environment.database, "postgresql://host:port/name"),
        (environment.database, "postgresql://host"),
        (lambda name: environment.email(name, "mail"), "ftp://host"),
        (lambda name: environment.email(name, "mail"), "smtp://host:port"),
        (lambda name: environment.address(name, "", **WEB), "portal.example"),
        (lambda name: environment.address(name, "", **WEB), "file:///etc/passwd"),
        (lambda name: environment.number(name, 1), "abc"),
        (lambda name: environment.number(name, 1), "0"),
        (lambda name: environment.number(name, 1, kind=float), "nan"),
        (lambda name: environment.choice(name, "INFO", ("INFO",)), "loud"),
        (lambda name: environment.folders(name, []), "logs"),
        (lambda name: environment.folders(name, []), "/srv/logs,/srv/../etc"),
    ],
)
def test_a_wrong_value_names_its_variable(monkeypatch, read, value):
    monkeypatch.setenv("PORTAL_SOMETHING", value)
    with pytest.raises(environment.WrongSetting, match=r"^PORTAL_SOMETHING "):
        read("PORTAL_SOMETHING")


def test_a_wrong_value_is_not_repeated_where_it_may_hold_a_password(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:hunter2@host:port/name")
    with pytest.raises(environment.WrongSetting) as wrong:
        environment.database("DATABASE_URL")
    assert "hunter2" not in str(wrong.value)


def test_an_empty_variable_counts_as_not_set(monkeypatch):
    monkeypatch.setenv("PORTAL_SOMETHING", "")
    assert environment.number("PORTAL_SOMETHING", 7) == 7


def test_on_servers_a_missing_secret_key_names_itself(tmp_path):
    done = run_python(tmp_path, "-c", "import django; django.setup()", DATABASE_URL=SERVERS["DATABASE_URL"])
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("mlops_portal.environment.WrongSetting: SECRET_KEY is not set")


def test_manage_py_says_a_wrong_setting_in_one_line(tmp_path):
    done = run_python(tmp_path, "manage.py", "check", **SECRET, PORTAL_TICK_S="abc")
    assert (done.returncode, done.stderr) == (1, "PORTAL_TICK_S is 'abc': give it a number above 0, such as 1.0.\n")
