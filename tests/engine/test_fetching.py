"""Fetching from targets that go wrong in every way (RELIABILITY F22–F24, S1, S3, S5)."""

import multiprocessing
import resource
import time
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from mlops_portal.engine import fetching
from mlops_portal.engine.egress import REFUSAL, Place
from mlops_portal.engine.fetching import Fetched, FetchFailed, fetch, run
from tests.hostile import PAGE, Target

DEADLINE_S = 0.6


@pytest.fixture
def target(settings):
    target = Target()
    settings.EGRESS_ALLOW_LOCAL = [Place.parse(f"127.0.0.1:{target.port}")]
    yield target
    target.end()


def got(url: str, **more) -> Fetched:
    return run(fetch(url, headers={}, deadline_s=DEADLINE_S, max_bytes=5_000_000, **more))


def failure(url: str) -> FetchFailed:
    with pytest.raises(FetchFailed) as failed:
        got(url).require_ok()
    return failed.value


@pytest.mark.parametrize("path", ["/ok", "/gzip", "/deflate"])
def test_an_answer_is_unpacked(target, path):
    fetched = got(target.url(path))
    assert (fetched.status, fetched.body, fetched.bytes) == (200, PAGE, len(PAGE))
    assert fetched.headers["content-type"] == "text/plain; version=0.0.4"


@pytest.mark.parametrize("path", ["/never", "/drip-headers", "/drip-body", "/continue"])
def test_whatever_takes_its_time_ends_at_the_deadline(target, path):
    started = time.monotonic()
    failed = failure(target.url(path))
    assert (failed.outcome, str(failed)) == ("timeout", "No whole answer came within 0.6 s.")
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


def test_a_bomb_goes_off_in_little_memory(target):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    failure(target.url("/bomb"))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000


def test_a_target_that_is_down_takes_no_connection(target):
    target.end()
    failed = failure(target.url("/ok"))
    assert (failed.outcome, str(failed)) == ("http_error", "The target takes no connection.")


def test_a_target_without_tls_says_so(target):
    failed = failure(target.url("/ok").replace("http:", "https:"))
    assert (failed.outcome, str(failed)[:31]) == ("http_error", "The target does not speak TLS: ")


def test_a_certificate_that_nobody_vouches_for_is_not_believed(target, tmp_path):
    target.speak_tls(self_signed(tmp_path))
    failed = failure(target.url("/ok").replace("http:", "https:"))
    assert (failed.outcome, str(failed)) == ("http_error", "The certificate of the target could not be verified.")
    assert target.hits == []


def self_signed(folder):
    """Return a file with a key and a certificate for 127.0.0.1 that no authority has signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
    signed = certificate.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "target.pem").write_bytes(private + signed)
    return folder / "target.pem"


def test_a_redirect_is_not_followed(target):
    failure(target.url("/redirect"))
    assert target.hits == ["/redirect"]


def test_a_refused_address_is_not_touched_and_told_like_any_other(target, settings):
    settings.EGRESS_ALLOW_LOCAL = []
    assert str(failure(target.url("/ok"))) == str(failure("http://10.1.2.3/")) == REFUSAL
    assert target.hits == []


def test_a_name_is_judged_by_what_it_resolves_to(target, settings):
    settings.EGRESS_ALLOW, settings.EGRESS_ALLOW_LOCAL = [Place.parse("localhost")], []
    failed = failure(f"http://localhost:{target.port}/ok")
    assert (failed.outcome, target.hits) == ("refused", [])


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
