"""How often one may, over all web processes (RELIABILITY S33)."""

import shutil
import socket
import subprocess
import threading
import time
from types import SimpleNamespace

import pytest
from django.core.cache.backends.redis import RedisCache

from mlops_portal.engine import limits
from mlops_portal.engine.limits import TooMany, spend, wait_for
from tests.callers import caller
from tests.logged import logged
from tests.protections import protects

pytestmark = pytest.mark.every_shape  # they count in its cache
NEVER_MANY = {"mlops_portal.engine.limits._count": lambda key, per_s: 0}


@pytest.fixture(autouse=True)
def at_second_40(settings, monkeypatch):
    """Every window has 20 of its 60 seconds left."""
    settings.LIMITS = {"api": (50, 60), "pull": (3, 60), "test": (3, 60), "export": (3, 60)}
    monkeypatch.setattr(limits, "now", lambda: 1_000.0)
    monkeypatch.setattr(limits, "_silent_until", 0.0)
    monkeypatch.setattr(limits, "PAUSE_AFTER_FAILURE_S", 600.0)


@protects("S33", off=NEVER_MANY)
def test_of_a_burst_of_200_as_many_are_answered_as_are_allowed(viewer):
    client = caller(viewer)
    answers = [client.get("me/") for _ in range(200)]
    assert [answer.status_code for answer in answers] == [200] * 50 + [429] * 150
    assert answers[-1]["Content-Type"] == "application/problem+json"
    assert answers[-1]["Retry-After"] == "20"
    assert caller(viewer).get("me/").status_code == 200


def test_the_next_window_begins_anew(monkeypatch):
    assert [wait_for("pull", "a") for _ in range(4)] == [0, 0, 0, 20]
    monkeypatch.setattr(limits, "now", lambda: 1_020.0)
    assert wait_for("pull", "a") == 0


def test_what_is_tight_is_counted_by_person_and_by_what_it_is(viewer, manager):
    for _ in range(3):
        spend("pull", by=viewer)
    with pytest.raises(TooMany, match=r"try again in 20 s\."):
        spend("pull", by=viewer)
    spend("pull", by=manager)
    spend("test", by=viewer)


def test_without_the_cache_nobody_is_kept_out_and_it_is_said_once(monkeypatch, viewer):
    monkeypatch.setattr(limits, "cache", _cache_of_a_process(f"redis://127.0.0.1:{free_port()}/0"))
    with logged() as lines:
        assert {caller(viewer).get("me/").status_code for _ in range(60)} == {200}
    assert lines.getvalue().count("requests are not counted") == 1


def test_what_the_cache_forgot_in_between_is_counted_anew(monkeypatch):
    forgetful = SimpleNamespace(add=lambda *args, **kwargs: False, incr=limits.cache.incr)
    monkeypatch.setattr(limits, "cache", forgetful)
    assert wait_for("pull", "a") == 0


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def _cache_of_a_process(url: str) -> RedisCache:
    return RedisCache(url, {"OPTIONS": {"serializer": "mlops_portal.engine.cache.JsonSerializer"}})


@pytest.fixture
def redis_url(tmp_path):
    """A Redis of this test's own, which ends with it."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("needs redis-server")
    port = free_port()
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        _wait_for(port)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.kill()
        server.wait(timeout=10)


def _wait_for(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("Redis did not start")


def _in_two_steps(key, per_s):
    """Count as one would without an atomic step: what two read at once, they both write."""
    count = (limits.cache.get(key) or 0) + 1
    time.sleep(0.001)
    limits.cache.set(key, count, per_s)
    return count


@protects("S33", off={"mlops_portal.engine.limits._count": _in_two_steps})
def test_several_processes_on_one_redis_let_through_no_more_than_one(redis_url, monkeypatch):
    mine, caches = threading.local(), [_cache_of_a_process(redis_url) for _ in range(2)]
    monkeypatch.setattr(limits, "cache", _Mine(mine))
    taken = []

    def burst(number):
        mine.cache = caches[number % 2]
        taken.extend(wait_for("api", "token-1") == 0 for _ in range(50))

    threads = [threading.Thread(target=burst, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one in caches:
        one.close()
    assert (len(taken), taken.count(True)) == (200, 50)


class _Mine:
    """The cache of the process that a thread stands for."""

    def __init__(self, mine):
        self.mine = mine

    def __getattr__(self, name):
        return getattr(self.mine.cache, name)
