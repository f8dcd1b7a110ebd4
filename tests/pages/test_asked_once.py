"""A page asks the database for a thing once, and hands what it read down."""

import re
from collections import Counter

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from systems.actions.registry import recheck
from systems.models import Role
from tests.factories import HoldingFactory, IncidentFactory, SeriesFactory, SystemFactory

pytestmark = pytest.mark.django_db
PAGES = ["/", "/systems/", "/systems/churn/", "/reports/gaps/"]
VALUE = re.compile(r"'[^']*'|\b\d+\b")


@pytest.fixture
def registry(system, holder, data_scientist):
    """A system that much is known of, and a second one."""
    for role in (Role.MODEL_OWNER, Role.DATA_OWNER):
        HoldingFactory(system=system, role=role, person=holder, deputy=data_scientist)
    SeriesFactory(metric__system=system, metric__leading=True)
    IncidentFactory(number=1, systems=[system, SystemFactory()])
    recheck(system)


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("who", ["manager", "holder", "data_scientist", "viewer"])
def test_nothing_is_asked_twice(client, registry, request, who, path):
    client.force_login(request.getfixturevalue(who))
    client.get(path)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == 200
    asked = Counter(VALUE.sub("?", query["sql"]) for query in queries)
    assert [sql for sql, times in asked.items() if times > 1] == []
