"""What is taken out of texts on their way to a log or an error row (RELIABILITY S29)."""

import time

import pytest

from mlops_portal.engine.redaction import hide, redact, redacted
from tests.loops import run_alone


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("to https://ana:marker-x@host/a failed", "to https://***@host/a failed"),
        ("postgresql://u:marker/#?@x@host:port/name", "postgresql://***@host:port/name"),
        ("http://[::1:marker-x@bad", "http://***@bad"),
        ("'/metrics?key=marker-x&match=up'", "'/metrics?key=***&match=***'"),
        ("Authorization: Bearer marker-x, Accept: *", "Authorization: *** ***, Accept: *"),
        ("{'X-API-Key': 'marker x', 'a': 1}", "{'X-API-Key': ***, 'a': 1}"),
        ("password=marker-x host=db", "password=*** host=db"),
        ("{'portal-session': 'marker-x'} session_key=marker-x", "{'portal-session': ***} session_key=***"),
        ("mlp_0123abcd_marker-x", "mlp_0123abcd_***"),
        ("(7, v1:AAAAAAAAAAAAAAAAmarker-x==)", "(7, v1:***)"),
        ("/accounts/password/reset/key/1-marker-x/", "/accounts/password/reset/key/***/"),
    ],
)
def test_what_hides_a_secret_is_known_by_its_form(text, safe):
    assert redact(text) == safe


@pytest.mark.parametrize("text", ["https://host:8000/metrics", "ana@host.example", "3 tokens were made", "The basics."])
def test_what_hides_nothing_stays(text):
    assert redact(text) == text


@pytest.mark.parametrize("name", ["SECRET_KEY", "EMAIL_HOST_PASSWORD"])
def test_the_secrets_of_the_process_are_known_by_their_value(settings, name):
    setattr(settings, name, "marker of/the process")
    assert redact("it was marker of/the process") == "it was ***"
    assert redact("it was marker%20of%2Fthe%20process") == "it was ***"


@pytest.mark.parametrize("name", ["REDIS_URL", "KNOCK_URL", "HEARTBEAT_URL"])
def test_a_password_in_an_address_of_the_process_is_known_without_the_address(settings, name):
    setattr(settings, name, "https://ana:marker-of-ana@host/marker-of-a-path")
    assert redact("ana:marker-of-ana@host did not answer") == "ana:***@host did not answer"


def test_credentials_at_hand_are_hidden_for_the_rest_of_the_task():
    async def pull():
        hide({"header": {"X-Odd": "marker-odd"}})
        return redact("sent marker-odd")

    assert run_alone(pull()) == "sent ***"
    assert redact("sent marker-odd") == "sent marker-odd"


def test_a_field_that_bears_a_secrets_name_is_hidden_and_a_count_is_not():
    event = {"event": "made", "api_key": "marker-x", "tokens": 3, "inner": [{"cookie": {"a": "marker-x"}}]}
    assert redacted(event) == {"event": "made", "api_key": "***", "tokens": 3, "inner": [{"cookie": "***"}]}


@pytest.mark.parametrize("piece", ["a://", "?a", "token='", "a-", "bearer ", "v1:", "&x="])
def test_no_text_of_a_stranger_makes_it_slow(piece):
    began = time.process_time()
    redact(piece * (100_000 // len(piece)))
    assert time.process_time() - began < 5
