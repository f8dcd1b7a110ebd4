import pytest

from mlops_portal.engine.api.parsing import NotJson, parse_json


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
