"""Fetching from targets that go wrong in every way (RELIABILITY F22–F24, S1, S3–S5, S7)."""

import asyncio
import multiprocessing
import resource
import socket
import ssl
import time
from itertools import cycle

import pytest

from mlops_portal.engine import egress, fetching
from mlops_portal.engine.egress import REFUSAL, Place
from mlops_portal.engine.fetching import Fetched, FetchFailed, fetch, run
from tests.certificates import Authority
from tests.hostile import PAGE, Target
from tests.protections import protects

DEADLINE_S = 0.5
NOT_JUDGED = {"mlops_portal.engine.egress.is_allowed": lambda *_: True}
NOT_VERIFIED = {"mlops_portal.engine.fetching.trusting": lambda ca: ssl._create_unverified_context()}
NO_CLOCK = {"mlops_portal.engine.fetching.within": lambda seconds: asyncio.timeout(seconds + 1.5)}


@pytest.fixture
def target(settings):
    target = Target()
    settings.EGRESS_ALLOW_LOCAL = [Place.parse(f"127.0.0.1:{target.port}")]
    yield target
    target.end()


@pytest.fixture
def canary():
    """Nothing may ever come here: it is on no list."""
    canary = Target()
    yield canary
    canary.end()


def got(url: str, *, deadline_s: float = 20, **more) -> Fetched:
    return run(fetch(url, headers={}, deadline_s=deadline_s, max_bytes=5_000_000, **more))


def failure(url: str, **more) -> FetchFailed:
    with pytest.raises(FetchFailed) as failed:
        got(url, **more).require_ok()
    return failed.value


@pytest.mark.parametrize("path", ["/ok", "/gzip", "/deflate"])
def test_an_answer_is_unpacked(target, path):
    fetched = got(target.url(path))
    assert (fetched.status, fetched.body, fetched.bytes) == (200, PAGE, len(PAGE))
    assert fetched.headers["content-type"] == "text/plain; version=0.0.4"


@pytest.fixture
def resolver(monkeypatch):
    """Names that a test sets lead where it says; the others where they always do."""
    answers, resolve = {}, egress.look_up

    def look_up(host, *arguments, **more):
        return answers[host]() if host in answers else resolve(host, *arguments, **more)

    monkeypatch.setattr(egress, "look_up", look_up)
    return answers


def found(port):
    return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", port))]


@pytest.fixture
def slow(target, settings, resolver):
    """Targets that take their time, each over another part of the way."""
    deaf = socket.create_server(("127.0.0.1", 0))
    places = [f"127.0.0.1:{port}" for port in (target.port, deaf.getsockname()[1])]
    settings.EGRESS_ALLOW_LOCAL = [Place.parse(place) for place in places]
    resolver["slow.example"] = lambda: time.sleep(2.5)
    urls = {path: target.url(path) for path in ("/never", "/drip-headers", "/drip-body", "/continue")}
    yield urls | {"look-up": "http://slow.example/", "TLS": f"https://{places[1]}/"}
    deaf.close()


@pytest.mark.fault("F23")
@protects("F23", off=NO_CLOCK)
@pytest.mark.parametrize("way", ["look-up", "TLS", "/never", "/drip-headers", "/drip-body", "/continue"])
def test_whatever_takes_its_time_ends_at_the_deadline(slow, way):
    started = time.monotonic()
    failed = failure(slow[way], deadline_s=DEADLINE_S)
    assert (failed.outcome, str(failed)) == ("timeout", "No whole answer came within 0.5 s.")
    assert time.monotonic() - started < DEADLINE_S + 1


@pytest.mark.parametrize(
    ("path", "outcome", "words"),
    [
        ("/huge", "over_limit", "larger than 5000000 bytes"),
        ("/bomb", "over_limit", "larger than 5000000 bytes, unpacked"),
        ("/half-gzip", "cut", "does not end where it should"),
        ("/brotli", "parse_error", "a way that was not asked for"),
        ("/cut", "cut", "ended before it was whole"),
        ("/nothing", "cut", "closed the connection"),
        ("/redirect", "http_error", "with a redirect (302)"),
        ("/unavailable", "http_error", "answered 503"),
        ("/forbidden", "http_error", "does not take these credentials"),
        ("/no-http", "http_error", "not proper HTTP"),
        ("/long-header", "http_error", "not proper HTTP"),
    ],
)
def test_whatever_goes_wrong_has_its_word_and_a_sentence_of_ours(target, path, outcome, words):
    failed = failure(target.url(path))
    assert failed.outcome == outcome
    assert words in str(failed)
    assert "secret" not in str(failed)


@pytest.mark.fault("F22")
@protects("F22", off={"mlops_portal.engine.fetching.CHUNK": 10**9})
def test_a_bomb_goes_off_in_little_memory(target):
    with multiprocessing.get_context("fork").Pool(1) as pool:  # so that nothing was ever larger before
        kilobytes = pool.apply(_memory_for, (target.url("/bomb"),))
    assert kilobytes < 50_000


def _memory_for(url: str) -> int:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    failure(url)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before


@pytest.mark.fault("F24")
@protects("F24", off={"mlops_portal.engine.fetching._Packed.end": lambda self: None})
def test_half_of_what_was_packed_is_not_taken_for_the_whole(target):
    assert failure(target.url("/half-gzip")).outcome == "cut"


def test_a_target_that_is_down_takes_no_connection(target):
    target.end()
    failed = failure(target.url("/ok"))
    assert (failed.outcome, str(failed)) == ("http_error", "The target takes no connection.")


def test_a_target_without_tls_says_so(target):
    failed = failure(target.url("/ok").replace("http:", "https:"))
    assert (failed.outcome, str(failed)[:31]) == ("http_error", "The target does not speak TLS: ")


@protects("S7", off=NOT_VERIFIED)
@pytest.mark.parametrize(("address", "ca"), [("127.0.0.1", ""), ("127.0.0.1", Authority().pem), ("127.0.0.2", None)])
def test_a_certificate_that_cannot_be_verified_is_not_believed(target, tmp_path, address, ca):
    authority = Authority()
    target.speak_tls(authority.signed(tmp_path, address))
    failed = failure(target.url("/ok").replace("http:", "https:"), ca=authority.pem if ca is None else ca)
    assert (failed.outcome, str(failed)) == ("http_error", "The certificate of the target could not be verified.")
    assert target.hits == []


def test_the_authority_that_is_given_is_believed(target, tmp_path):
    authority = Authority()
    target.speak_tls(authority.signed(tmp_path))
    assert got(target.url("/ok").replace("http:", "https:"), ca=authority.pem).status == 200
    assert len(fetching.trusting(authority.pem).get_ca_certs()) == 1  # and no other


REDIRECTS = [
    "/ok", "//127.0.0.1:{other}/ok", "http://127.0.0.1:{other}/ok", "https://127.0.0.1:{port}/ok", "http://[::1]:{port}/ok",
    "http://localhost:{port}/ok", "http://169.254.169.254/latest/meta-data/", "ftp://127.0.0.1:{other}/", "file:///etc/passwd",
]  # fmt: skip


@protects("S3", off={"mlops_portal.engine.fetching.FOLLOW_REDIRECTS": True})
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed_wherever_it_leads(target, canary, status):
    for place in REDIRECTS:
        target.redirect = (status, place.format(port=target.port, other=canary.port))
        failed = failure(target.url("/elsewhere"))
        assert str(failed) == f"The target answered with a redirect ({status}): give its new URL."
    assert (target.hits, canary.touched) == (["/elsewhere"] * len(REDIRECTS), 0)


@protects("S4", off={"mlops_portal.engine.guard._judge": lambda *_: None})
def test_a_name_that_changes_its_mind_is_judged_at_each_connection(target, canary, resolver):
    ports = cycle([target.port, canary.port])
    resolver["rebinding.example"] = lambda: found(next(ports))
    outcomes = [_outcome(f"http://rebinding.example:{target.port}/ok") for _ in range(20)]
    assert (outcomes, canary.touched) == (["ok", "refused"] * 10, 0)


def _outcome(url: str) -> str:
    try:
        got(url).require_ok()
    except FetchFailed as failed:
        return failed.outcome
    return "ok"


@protects("S5", off=NOT_JUDGED)
def test_a_refusal_says_the_same_at_once_whether_or_not_anything_listens(canary, settings):
    settings.EGRESS_ALLOW = [Place.parse("10.0.0.0/8:9000")]
    started = time.monotonic()
    places = [f"127.0.0.1:{canary.port}", f"localhost:{canary.port}", "127.0.0.1:9", "10.0.0.1:80", "192.0.2.1"]
    assert {str(failure(f"http://{place}/", deadline_s=DEADLINE_S)) for place in places} == {REFUSAL}
    assert (canary.touched, time.monotonic() - started < DEADLINE_S * len(places)) == (0, True)


def test_a_name_is_judged_by_what_it_resolves_to(target, settings):
    settings.EGRESS_ALLOW, settings.EGRESS_ALLOW_LOCAL = [Place.parse("localhost")], []
    failed = failure(f"http://localhost:{target.port}/ok")
    assert (failed.outcome, target.hits) == ("refused", [])


def test_an_entry_with_a_name_opens_what_it_leads_to(target, settings, resolver, monkeypatch):
    resolver |= dict.fromkeys(["metrics.example", "other.example"], lambda: found(target.port))
    monkeypatch.setattr(egress, "NEVER", [])
    settings.EGRESS_ALLOW, settings.EGRESS_ALLOW_LOCAL = [Place.parse("metrics.example")], []
    assert got(f"http://metrics.example:{target.port}/ok").status == 200
    assert failure(f"http://other.example:{target.port}/ok").outcome == "refused"


def test_proxies_of_the_environment_are_not_asked(target, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert got(target.url("/ok")).status == 200


def test_no_cookie_comes_back(target):
    target.page = b"x 1\n"
    got(target.url("/a"))
    got(target.url("/b"))
    assert not any(b"cookie" in request.lower() for request in target.requests)


def test_a_forked_process_has_a_loop_of_its_own(target):
    got(target.url("/ok"))
    before = fetching.home()
    assert fetching.home() is before
    with multiprocessing.get_context("fork").Pool(1) as pool:
        assert pool.apply(_is_new, (id(before),)) is True


def _is_new(before: int) -> bool:
    return fetching._home is None and id(fetching.home()) != before
