"""Credentials at rest (RELIABILITY S27)."""

import pytest

from mlops_portal import environment
from mlops_portal.engine.secrets import CannotSeal, CannotUnseal, seal, unseal

OLD, NEW = "old-key-of-the-tests-0123456789abcdef", "new-key-of-the-tests-0123456789abcdef"
PLAIN = {"bearer": "hunter2"}


def test_what_is_sealed_opens_again_and_cannot_be_read(settings):
    settings.ENCRYPTION_KEYS = [OLD]
    sealed = seal(PLAIN, bound_to="source:1")
    assert unseal(sealed, bound_to="source:1") == PLAIN
    assert "hunter2" not in sealed
    assert sealed != seal(PLAIN, bound_to="source:1")


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
