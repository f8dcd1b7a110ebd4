"""What is on the audit trail: each of these leaves exactly one row, which says who and what (S37)."""

import pytest
from django.utils import timezone

from mlops_portal.engine.models import Change
from systems.models import Scope
from systems.tokens import make_token
from tests.callers import caller
from tests.factories import AnswerFactory, SourceFactory
from tests.protections import protects

CLOSED = {
    f"{module}.record": lambda **row: None
    for module in (
        "systems.tokens",
        "systems.actions.readiness",
        "systems.actions.ownership",
        "monitoring.actions.sources",
    )
}


@pytest.fixture
def asking(manager, system, data_scientist):
    """A program of a manager, who finds an answer to review, a source and a token that is not in use."""
    AnswerFactory(system=system, author=data_scientist)
    SourceFactory(pk=900_001, system=system, kind="prometheus_text", settings={"url": "https://old.example/metrics"})
    token, _ = make_token(person=manager, scopes=[Scope.READ], by=manager)
    client = caller(manager)
    client.spare = token.prefix
    return client


NEW_ADDRESS = {"settings": {"url": "https://new.example/metrics"}}
ACTS = {
    "a token is made": ("post", "tokens/", {"scopes": ["read"]}, ("made", "token")),
    "a token is revoked": ("delete", "tokens/{spare}/", None, ("revoked", "token")),
    "an answer is approved": (
        *("post", "systems/churn/readiness/feed_unavailable/review/"),
        *({"decision": "approved"}, ("approved", "question")),
    ),
    "a role is assigned": ("put", "systems/churn/owners/data_owner/", {"person": "manager"}, ("assigned", "role")),
    "a source leads elsewhere": ("patch", "sources/900001/", NEW_ADDRESS, ("edited", "source")),
    "a source has other credentials": (
        "patch",
        "sources/900001/",
        {"credentials": {"bearer": "x"}},
        ("edited", "source"),
    ),
}


@protects("S37", off=CLOSED)
@pytest.mark.parametrize("act", ACTS)
def test_it_leaves_one_row(asking, manager, act):
    method, address, body, row = ACTS[act]
    began = timezone.now()
    answer = getattr(asking, method)(address.format(spare=asking.spare), body)
    assert answer.status_code < 300, answer.content
    rows = Change.objects.filter(at__gte=began, by=manager.username, door="api")
    assert list(rows.values_list("verb", "kind")) == [row]
