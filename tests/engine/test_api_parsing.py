import json

import pytest

from mlops_portal.engine.api.parsing import NotJson, parse_json
from tests.callers import caller
from tests.protections import protects


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"\xef\xbb\xbf{}",
        b"NaN",
        b"[Infinity]",
        b"[-Infinity]",
        b"[1e999]",
        b"[" + b"9" * 19 + b"]",
        b"[" + b"9" * 5000 + b"]",
        b'"\\u0000"',
        b'{"\\u0000": 1}',
        b'"\\ud800"',
        b'{"a": 1, "a": 2}',
        b"[" * 33 + b"]" * 33,
        b"[" * 100_000,
        b'{"a":' * 100_000,
    ],
    ids=lambda raw: raw[:12],
)
def test_what_is_no_plain_json_is_refused(raw):
    with pytest.raises(NotJson):
        parse_json(raw)


def test_plain_json_is_read():
    assert parse_json('{"a": [1, -2.5, "ä😀", null, true]}'.encode()) == {"a": [1, -2.5, "ä😀", None, True]}


def test_the_depth_that_is_allowed_is_read():
    assert parse_json(b"[" * 32 + b"]" * 32)


KILLING = {
    "NUL": rb'{"purpose": "\u0000"}',
    "half of a pair": rb'{"purpose": "\ud800"}',
    "not a number": b'{"tier": NaN}',
    "5000 digits": b'{"tier": ' + b"9" * 5000 + b"}",
    "deep": b'{"purpose": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "twice": b'{"purpose": "a", "purpose": "b"}',
}


@pytest.mark.fault("F25")
@protects("F25", off={"mlops_portal.engine.api.parsing.parse_json": json.loads})
@pytest.mark.parametrize("body", KILLING.values(), ids=KILLING)
@pytest.mark.django_db
def test_a_body_that_kills_parsers_is_a_400_with_a_reason(manager, system, body):
    client = caller(manager)
    client.raise_request_exception = False
    answer = client.patch("systems/churn/", body, content_type="application/json")
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith("The body is not the JSON that is taken here. ")
