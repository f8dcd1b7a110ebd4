"""The cast, by role: `holder` holds a role of `system`, `teammate` is in its team, `stranger` has no tie to it."""

from uuid import uuid4

import pytest
from django.utils import timezone

from mlops_portal.engine import fetching, health
from mlops_portal.engine.memory import collect_seldom
from systems.models import Group, Holding, Role
from tests.factories import PASSWORD, HoldingFactory, PersonFactory, SystemFactory, TeamFactory

pytest_plugins = ["tests.no_skips", "tests.chromium", "tests.protections", "tests.shapes", "tests.sharing"]


def pytest_collection_finish():
    """Test processes look for garbage as seldom as the portal's own: it is an eighth of their CPU."""
    collect_seldom()


@pytest.fixture(autouse=True)
def _plain_static_files(settings):
    """Tests need no collected, hashed files."""
    storage = "django.contrib.staticfiles.storage.StaticFilesStorage"
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": storage}}


@pytest.fixture(autouse=True)
def _own_cache(settings):
    """Each test begins with an empty cache, also where several test processes share one Redis."""
    settings.CACHES = {"default": settings.CACHES["default"] | {"KEY_PREFIX": uuid4().hex}}


@pytest.fixture(autouse=True)
def _no_lateness_of_before(monkeypatch):
    """Each page of a test looks anew whether duties are late, so that it takes as many queries as the next."""
    monkeypatch.setattr(health, "READ_EVERY_S", -1)


@pytest.fixture(autouse=True)
def _quick_passwords(settings):
    """The cast has passwords; a good hash of each would take longer than all the rest."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="session", autouse=True)
def _fetching_ends():
    """The loop of this process is closed at the end, if a test has used it."""
    yield
    fetching.close()


@pytest.fixture(autouse=True)
def _own_key(settings):
    """Credentials are sealed with a key of the tests' own, whatever the environment has."""
    settings.ENCRYPTION_KEYS = ["a-key-of-the-tests-alone-0123456789"]


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def team(db):
    return TeamFactory(slug="growth", name="Growth")


@pytest.fixture
def system(team):
    return SystemFactory(slug="churn", name="Churn model", team=team)


def _person(username, *groups, team=None):
    person = PersonFactory(username=username, groups=list(groups), team=team)
    person.set_password(PASSWORD)
    person.save()
    return person


@pytest.fixture
def viewer(db):
    return _person("viewer", Group.VIEWER)


@pytest.fixture
def data_scientist(team):
    return _person("data-scientist", Group.DATA_SCIENTIST, team=team)


@pytest.fixture
def on_call(db):
    return _person("on-call", Group.ON_CALL)


@pytest.fixture
def manager(db):
    return _person("manager", Group.MANAGER)


@pytest.fixture
def administrator(db):
    return _person("administrator", Group.ADMINISTRATOR)


@pytest.fixture
def teammate(team):
    return _person("teammate", Group.VIEWER, team=team)


@pytest.fixture
def stranger(db):
    return _person("stranger", Group.DATA_SCIENTIST)


@pytest.fixture
def holder(system):
    person = _person("holder", Group.VIEWER)
    HoldingFactory(system=system, role=Role.PRODUCT_OWNER, person=person)
    return person


@pytest.fixture
def deputy(system, holder):
    person = _person("deputy", Group.VIEWER)
    Holding.objects.current().filter(system=system, person=holder).update(deputy=person)
    return person


def pytest_terminal_summary(terminalreporter):
    """Show the figures that tests noted down, such as the seconds of those with real processes."""
    noted = [
        (report.nodeid.rpartition("::")[2], report.user_properties) for report in terminalreporter.getreports("passed")
    ]
    rows = [(name, *properties) for name, properties in noted if properties]
    if rows:
        terminalreporter.section("figures")
    for name, *figures in rows:
        terminalreporter.write_line(f"{name:64} " + "  ".join(f"{what} {value}" for what, value in figures))
