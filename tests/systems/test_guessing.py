"""Guessing passwords: how soon it is refused, and that it keeps no owner out (S16, S17)."""

import pytest
from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.internal import ratelimit
from django.contrib.auth.hashers import MD5PasswordHasher, make_password
from django.test import Client
from redis.exceptions import ConnectionError as CacheAway

from mlops_portal.engine.callers import caller_address
from systems.models import Person
from tests.callers import caller
from tests.factories import PASSWORD
from tests.protections import protects

LOGIN = "/accounts/login/"
KEY_OF_TRIES = "systems.accounts.Adapter._get_login_attempts_cache_key"
TRIES = 100


def attempt(client, username, password=PASSWORD, **extra):
    return client.post(LOGIN, {"login": username, "password": password}, **extra)


def is_in(client) -> bool:
    return "_auth_user_id" in client.session


def forged(n: int) -> dict:
    return {"HTTP_X_FORWARDED_FOR": f"10.0.{n}.1"}


def spent(username, **extra) -> None:
    """Spend all the tries that there are on the account."""
    for _ in range(5):
        attempt(Client(), username, "wrong", **extra)


@protects("S16", off={KEY_OF_TRIES: lambda adapter, request, **who: request.headers["X-Forwarded-For"]})
def test_after_the_limit_none_of_a_hundred_tries_is_taken(viewer):
    spent("viewer", **forged(200))
    taken = 0
    for n in range(TRIES):
        client = Client()
        attempt(client, "viewer", **forged(n))
        taken += is_in(client)
    assert taken == 0


@protects("S16", off={"systems.accounts.caller_address": lambda request: request.headers["X-Forwarded-For"]})
def test_an_address_that_tries_many_names_is_refused_whatever_it_says_of_itself(db):
    answers = [attempt(Client(), f"name-{n}", "wrong", **forged(n)) for n in range(TRIES)]
    tried = [one for one in answers if one.status_code == 200 and "Too many" not in one.content.decode()]
    assert len(tried) <= 10


@protects("S16", off={KEY_OF_TRIES: DefaultAccountAdapter._get_login_attempts_cache_key})
@pytest.mark.parametrize(("username", "host"), [("viewer", "testserver:1"), ("v\u0131ewer", "testserver")])
def test_an_account_is_one_however_it_is_spelled_and_asked_for(viewer, username, host):
    spent("viewer")
    again = attempt(Client(), username, "wrong", HTTP_HOST=host)
    assert "Too many" in again.content.decode()


def test_the_wait_comes_to_an_end_though_tries_go_on(viewer, monkeypatch):
    spent("viewer")
    attempt(Client(), "viewer", "wrong")
    later = ratelimit.time.time() + 301
    monkeypatch.setattr(ratelimit.time, "time", lambda: later)
    client = Client()
    attempt(client, "viewer")
    assert is_in(client)


@protects("S16", off={"systems.accounts.known_browser": lambda request, account: ""})
def test_strangers_guesses_do_not_keep_an_owner_out_of_the_browser_they_use(viewer):
    mine = Client()
    attempt(mine, "viewer")
    mine.post("/accounts/logout/")
    spent("viewer", REMOTE_ADDR="203.0.113.7")
    attempt(mine, "viewer")
    assert is_in(mine)


def test_a_browser_that_one_has_used_gives_no_tries_on_another_account(viewer, manager):
    client = Client()
    attempt(client, "viewer")
    client.post("/accounts/logout/")
    spent("manager", REMOTE_ADDR="203.0.113.7")
    attempt(client, "manager")
    assert not is_in(client)


@pytest.mark.parametrize(
    ("proxies", "said", "address"),
    [
        (0, "10.9.9.9", "192.0.2.1"),
        (1, "10.9.9.9, 198.51.100.4", "198.51.100.4"),
        (2, "10.9.9.9, 198.51.100.4, 10.0.0.1", "198.51.100.4"),
        (1, "", "192.0.2.1"),
        (1, "unknown", "192.0.2.1"),
        (3, "198.51.100.4", "198.51.100.4"),
    ],
)
def test_the_address_is_what_our_own_proxies_saw(rf, settings, proxies, said, address):
    settings.TRUSTED_PROXIES = proxies
    assert caller_address(rf.get("/", REMOTE_ADDR="192.0.2.1", HTTP_X_FORWARDED_FOR=said)) == address


class Away:
    """A cache that does not answer."""

    def __getattr__(self, name):
        raise CacheAway("gone")


def without_counting(*args, **kwargs):
    return ratelimit.RateLimitUsage([])


@protects("S16", off={"allauth.core.internal.ratelimit.consume": without_counting})
def test_without_the_cache_nobody_signs_in_and_programs_go_on(viewer, monkeypatch):
    monkeypatch.setattr(ratelimit, "cache", Away())
    monkeypatch.setattr("mlops_portal.engine.limits.cache", Away())
    monkeypatch.setattr("mlops_portal.engine.limits._silent_until", 0.0)
    client = Client(raise_request_exception=False)
    answer = attempt(client, "viewer")
    assert (answer.status_code, is_in(client)) == (503, False)
    assert "cannot count" in answer.content.decode()
    assert caller(viewer).get("me/").status_code == 200


def hasty(backend, request, username=None, password=None, **kwargs):
    person = Person.objects.filter(username__iexact=username, is_active=True).first()
    return person if person and person.check_password(password) else None


@protects("S17", off={"django.contrib.auth.backends.ModelBackend.authenticate": hasty})
def test_whoever_is_asked_for_one_hash_is_computed(viewer, manager, on_call, monkeypatch):
    Person.objects.filter(pk=manager.pk).update(is_active=False)
    Person.objects.filter(pk=on_call.pk).update(password=make_password(None))
    computed, encode = [], MD5PasswordHasher.encode
    monkeypatch.setattr(MD5PasswordHasher, "encode", lambda *args: computed.append(args) or encode(*args))
    counts = {}
    for name in ("nobody", "viewer", "manager", "on-call"):  # unknown, wrong, deactivated, without a password
        attempt(Client(), name, "wrong" if name == "viewer" else PASSWORD)
        counts[name], computed[:] = len(computed), []
    assert set(counts.values()) == {1}


def test_the_backend_is_djangos_own_which_hashes_for_everybody(settings):
    assert settings.AUTHENTICATION_BACKENDS == ["django.contrib.auth.backends.ModelBackend"]
