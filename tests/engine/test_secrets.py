"""Credentials at rest (RELIABILITY S27)."""

import base64
import io

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR
from django.core.management import CommandError, call_command

from mlops_portal import environment
from mlops_portal.engine import secrets
from mlops_portal.engine.secrets import CannotSeal, CannotUnseal, binding_of, seal, unseal
from monitoring.models import Source
from tests.factories import SourceFactory
from tests.protections import protects

OLD, NEW = "old-key-of-the-tests-0123456789abcdef", "new-key-of-the-tests-0123456789abcdef"
PLAIN = {"bearer": "hunter2"}


class Unencrypted:
    def encrypt(self, nonce, plain, bound_to):
        return plain

    decrypt = encrypt


class Unauthenticated:
    """Encrypts as well as the real one, but notices no change."""

    def encrypt(self, nonce, plain, bound_to):
        return Cipher(AES(b"0" * 32), CTR(nonce + b"0000")).encryptor().update(plain)

    decrypt = encrypt


@protects("S27", off={"mlops_portal.engine.secrets._cipher": lambda key: Unencrypted()})
def test_what_is_sealed_opens_again_and_cannot_be_read(settings):
    settings.ENCRYPTION_KEYS = [OLD]
    sealed = seal(PLAIN, bound_to="source:1")
    assert unseal(sealed, bound_to="source:1") == PLAIN
    assert b"hunter2" not in base64.urlsafe_b64decode(sealed.removeprefix("v1:"))
    assert sealed != seal(PLAIN, bound_to="source:1")


@protects("S27", off={"mlops_portal.engine.secrets._cipher": lambda key: Unauthenticated()})
def test_not_a_bit_of_what_is_sealed_can_be_changed():
    raw = base64.urlsafe_b64decode(seal(PLAIN, bound_to="source:1").removeprefix("v1:"))
    for place in range(len(raw)):
        changed = raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]
        with pytest.raises(CannotUnseal):
            unseal("v1:" + base64.urlsafe_b64encode(changed).decode(), bound_to="source:1")


def test_the_first_key_seals_and_every_key_opens(settings):
    settings.ENCRYPTION_KEYS = [OLD]
    sealed = seal(PLAIN, bound_to="source:1")
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    assert unseal(sealed, bound_to="source:1") == PLAIN
    renewed = seal(PLAIN, bound_to="source:1")
    settings.ENCRYPTION_KEYS = [NEW]
    assert unseal(renewed, bound_to="source:1") == PLAIN
    with pytest.raises(CannotUnseal, match="PORTAL_ENCRYPTION_KEYS"):
        unseal(sealed, bound_to="source:1")


def test_a_secret_opens_for_its_own_row_only():
    with pytest.raises(CannotUnseal):
        unseal(seal(PLAIN, bound_to="source:1"), bound_to="source:2")


@pytest.mark.parametrize("broken", ["v1:", "v1:AAAA", "nonsense", "v1:é", "v1:" + "A" * 100])
def test_what_is_broken_is_an_error_and_never_a_value(broken):
    with pytest.raises(CannotUnseal) as error:
        unseal(broken, bound_to="source:1")
    assert broken not in str(error.value)


def test_nothing_sealed_is_nothing():
    assert unseal("", bound_to="source:1") == {}


def test_without_a_key_the_setting_is_named(settings):
    settings.ENCRYPTION_KEYS = []
    with pytest.raises(CannotSeal, match="PORTAL_ENCRYPTION_KEYS"):
        seal(PLAIN, bound_to="source:1")


def test_the_key_of_sessions_opens_nothing(settings):
    sealed = seal(PLAIN, bound_to="source:1")
    settings.ENCRYPTION_KEYS = [settings.SECRET_KEY]
    with pytest.raises(CannotUnseal):
        unseal(sealed, bound_to="source:1")


def test_a_short_key_names_its_setting(monkeypatch):
    monkeypatch.setenv("PORTAL_SOMETHING", "short")
    with pytest.raises(environment.WrongSetting, match=r"^PORTAL_SOMETHING "):
        environment.keys("PORTAL_SOMETHING", "")


@pytest.fixture
def sealed_sources(settings, system):
    """Three sources with credentials sealed with the old key, one of them with a key that is lost."""
    sources = SourceFactory.create_batch(3, system=system)
    for source, key in zip(sources, [OLD, OLD, "lost-key-of-the-tests-0123456789abcdef"], strict=True):
        settings.ENCRYPTION_KEYS = [key]
        source.secret = seal(PLAIN, bound_to=binding_of(source))
        source.save()
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    return sources


def opened(sources) -> list[dict]:
    return [unseal(Source.objects.get(pk=source.pk).secret, bound_to=binding_of(source)) for source in sources]


def test_rotating_seals_all_anew_and_names_what_no_key_opens(settings, sealed_sources):
    *two, lost = sealed_sources
    out = io.StringIO()
    with pytest.raises(CommandError) as error:
        call_command("rotate_keys", stdout=out)
    assert out.getvalue() == "2 sealed anew with the first key; 0 had it already.\n"
    assert f"source {lost.pk} ({lost.name})" in str(error.value)
    assert lost.secret not in str(error.value)
    settings.ENCRYPTION_KEYS = [NEW]
    assert opened(two) == [PLAIN, PLAIN]
    assert Source.objects.get(pk=lost.pk).secret == lost.secret


def test_rotating_twice_does_no_more(sealed_sources):
    sealed_sources[2].delete()
    secrets.rotate()
    before = list(Source.objects.values_list("secret", flat=True))
    done = secrets.rotate()
    assert (done.anew, done.current, done.closed) == (0, 2, [])
    assert list(Source.objects.values_list("secret", flat=True)) == before


def test_a_rotation_that_is_killed_is_taken_up_where_it_was(sealed_sources, monkeypatch):
    sealed_sources[2].delete()
    tries = iter([seal])
    with monkeypatch.context() as killed:
        killed.setattr(secrets, "seal", lambda *plain, **bound: next(tries)(*plain, **bound))
        with pytest.raises(StopIteration):
            secrets.rotate()
    done = secrets.rotate()
    assert (done.anew, done.current) == (1, 1)
    assert opened(sealed_sources[:2]) == [PLAIN, PLAIN]


def test_a_rotation_leaves_versions_and_stamps_alone(sealed_sources):
    before = Source.objects.values("pk", "version", "next_due_at", "settings").get(pk=sealed_sources[0].pk)
    secrets.rotate()
    assert Source.objects.values("pk", "version", "next_due_at", "settings").get(pk=before["pk"]) == before
