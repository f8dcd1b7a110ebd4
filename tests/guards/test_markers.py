"""Secrets are seeded, things go wrong with them at hand, and then they are looked for everywhere (RELIABILITY S29)."""

from uuid import uuid4

import pytest
from celery.signals import before_task_publish
from django.conf import settings as portal
from django.core.mail import EmailMessage
from django.urls import reverse

from incidents.delivery import plan, send_due
from mlops_portal.engine import duties
from mlops_portal.pages import views
from monitoring.actions.pulling import pull_due
from monitoring.connectors import by_http
from monitoring.connectors.connector import Failed
from monitoring.models import Source
from systems.actions.people import set_password, sign_in_link
from systems.api.systems import Systems
from systems.models import Notice, Scope
from systems.tokens import make_token
from tests.callers import Caller
from tests.database import texts_of_database
from tests.doors.conftest import open_world, people, world  # noqa: F401  fixtures
from tests.doors.routes import ROUTES
from tests.logged import logged
from tests.protections import protects
from tests.test_config import SECRET, run_python

pytestmark = pytest.mark.django_db
NOT_REDACTED = {"monitoring.actions.asking.redact": str, "monitoring.actions.pulling.redact": str}
OF_SOURCES = ["bearer", "basic password", "header"]
OF_THE_PROCESS = ["key of sessions", "key of credentials", "database password", "mail password"]


def _marker(name: str) -> str:
    return f"marker-{name.replace(' ', '-')}-{uuid4().hex}"


@pytest.fixture
def markers(settings, monkeypatch):
    """Secrets by name; those of the process stand in its settings."""
    made = {name: _marker(name) for name in [*OF_SOURCES, *OF_THE_PROCESS, "password"]}
    settings.SECRET_KEY = made["key of sessions"]
    settings.ENCRYPTION_KEYS = [made["key of credentials"]]
    settings.EMAIL_HOST_PASSWORD = made["mail password"]
    monkeypatch.setitem(settings.DATABASES["default"], "PASSWORD", made["database password"])
    return made


@pytest.fixture
def messages():
    """What is sent to the broker, as text."""
    sent = []

    def keep(sender, body, headers, **rest):
        sent.append(f"{sender} {body} {headers} {rest}")

    before_task_publish.connect(keep)
    yield sent
    before_task_publish.disconnect(keep)


def _sign_in(client, person, markers) -> None:
    set_password(person=person, password=markers["password"], by=None)
    client.post(reverse("account_login"), {"login": person.username, "password": markers["password"]})
    markers["session"] = client.cookies[portal.SESSION_COOKIE_NAME].value


def _caller(person, markers) -> Caller:
    _, markers["token"] = make_token(person=person, scopes=Scope.values, by=person)
    caller = Caller(raise_request_exception=False)
    caller.credentials(HTTP_AUTHORIZATION=f"Bearer {markers['token']}")
    return caller


def _link(person, markers) -> str:
    """Return the address by which a password is set; its key lets in who has it."""
    address = sign_in_link(person, "")
    markers["key of a link"] = address.rstrip("/").rpartition("/")[2]
    return address


def _connect_sources(caller, markers) -> None:
    """Connect a source with each kind of credentials, by the API."""
    credentials = [
        {"bearer": markers["bearer"]},
        {"username": "portal", "password": markers["basic password"]},
        {"header": {"X-API-Key": markers["header"]}},
    ]
    for number, said in enumerate(credentials):
        body = {"system": "churn", "kind": "prometheus_text", "name": f"Marked {number}"}
        body |= {"settings": {"url": f"http://model.example/{number}"}, "credentials": said}
        made = caller.post("sources/", body, headers={"Idempotency-Key": f"source-{number}"})
        assert made.status_code == 201


def _break_pulls(broken) -> None:
    """Let each pull fail with all that it was sent in its message, one of them as nobody foresaw."""

    async def fetch(settings, credentials, limits, *, accept):
        text = f"{settings['url']} {by_http.headers_of(credentials)} {credentials}"
        raise RuntimeError(text) if settings["url"].endswith("0") else Failed("http_error", text)

    broken.setattr(by_http, "ask", fetch)
    assert pull_due() == 3
    assert Source.objects.exclude(last_error="").count() == 3


def _break_all_else(broken, client, caller, markers, person) -> None:
    """Let a page, the API, a duty and a mail fail with the secrets of the process and of the request in the message."""
    said = " ".join(f"{name}={secret}" for name, secret in markers.items() if name not in OF_SOURCES)

    def fail(*args, **kwargs):
        raise RuntimeError(f"{said} https://ana:{markers['password']}@host:port/?key={markers['password']}")

    broken.setattr(Systems, "list", fail)
    broken.setattr(views, "render", fail)
    assert (client.get("/").status_code, caller.get("systems/").status_code) == (500, 500)
    broken.setitem(duties.DECLARED, "keep", duties.Declared("keep", "work", 60, 80, fail))
    with pytest.raises(RuntimeError):
        duties.do("keep")
    broken.setattr(EmailMessage, "send", fail)
    Notice.objects.create(key="now", person=person, subject="Now", text="Now.", url="/", urgency="now")
    plan()
    send_due()


def _addresses(world) -> set[str]:  # noqa: F811
    """Return every address that answers a GET, and every table for spreadsheets."""
    found = {world.address(route, "manager") for route in ROUTES if route.is_page or "get" in route.actions}
    found |= {f"{one}?format=csv" for one in found if one.startswith(("/systems/", "/reports/", "/api/v1/reports/"))}
    return found


def _of_sources() -> set[str]:
    """Return the addresses of the sources that failed and of their pulls."""
    ends = ["/sources/{}/", "/sources/{}/edit/", "/api/v1/sources/{}/", "/api/v1/sources/{}/pulls/"]
    return {end.format(source.pk) for source in Source.objects.filter(enabled=True) for end in ends}


@protects("S29", off={"mlops_portal.engine.logs.without_secrets": lambda logger, name, event: event})
@protects("S29", off={"mlops_portal.engine.duties.redact": str})
@protects("S29", off={"incidents.delivery.redact": str})
@protects("S29", off=NOT_REDACTED)
@protects("S29", off={"mlops_portal.engine.sessions.kept_as": lambda key: key})
@pytest.mark.parametrize("world", ["open"], indirect=True)
def test_no_secret_is_found_anywhere(
    client,
    world,  # noqa: F811
    markers,
    messages,
    monkeypatch,
    django_capture_on_commit_callbacks,
):
    manager = world.people["manager"]
    Source.objects.update(enabled=False)
    addresses = _addresses(world)
    client.raise_request_exception = False
    with logged() as lines, monkeypatch.context() as broken, django_capture_on_commit_callbacks(execute=True):
        _sign_in(client, manager, markers)
        caller = _caller(manager, markers)
        _connect_sources(caller, markers)
        _break_pulls(broken)
        _break_all_else(broken, client, caller, markers, manager)
        client.get(_link(manager, markers))
        duties.tick()
    kept = {"logs": lines.getvalue(), "broker": " ".join(messages), "database": texts_of_database()}
    assert len(markers) == 11
    assert [name for name, text in kept.items() if len(text) < 1000] == []
    assert _found(markers, kept) == []
    shown = {address: client.get(address).content.decode() for address in addresses | _of_sources()}
    assert _found(markers, shown) == []


def _found(markers, places: dict[str, str]) -> list[tuple[str, str]]:
    return [(place, name) for place, text in places.items() for name, secret in markers.items() if secret in text]


BROKEN = {
    "DATABASE_URL": "postgresql://portal:{}@host:port/name",
    "REDIS_URL": "redis://:{}@[broken/0",
    "EMAIL_URL": "smtp+tls://portal:{}@host:port",
    "PORTAL_HEARTBEAT_URL": "ftp://ana:{}@host/",
    "PORTAL_ENCRYPTION_KEYS": "{:.20}",
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_start_that_is_refused_names_the_variable_and_not_its_value(tmp_path, name):
    secret = _marker("x")
    done = run_python(tmp_path, "manage.py", "check", **SECRET, **{name: BROKEN[name].format(secret)})
    assert done.returncode == 1
    assert done.stderr.startswith(name)
    assert secret[:20] not in done.stdout + done.stderr


def test_a_start_with_one_key_for_both_is_refused(tmp_path):
    secret = _marker("both")
    both = {"SECRET_KEY": secret, "PORTAL_ENCRYPTION_KEYS": f"{_marker('other')},{secret}"}
    done = run_python(tmp_path, "manage.py", "check", **both)
    assert done.stderr.startswith("PORTAL_ENCRYPTION_KEYS holds SECRET_KEY")
    assert "marker-" not in done.stderr
