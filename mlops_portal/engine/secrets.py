"""Credentials at rest: sealed with a ring of keys, each bound to the row that it stands in (RELIABILITY S27).

The first key seals, all of them open, so that a key is renewed by putting the new one in front. SECRET_KEY is no part
of it: what signs sessions must not be what opens credentials.
"""

import base64
import os
from functools import lru_cache

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

MARK = "v1:"
NONCE_BYTES = 12


class CannotSeal(Exception):
    """There is no key to seal with; the text names the setting."""


class CannotUnseal(Exception):
    """What is stored cannot be opened: no key of the ring fits, or it was sealed for another row."""

    def __init__(self):
        super().__init__(
            "The stored credentials cannot be opened: PORTAL_ENCRYPTION_KEYS does not hold the key that sealed them. "
            "Give it that key back, or enter the credentials again."
        )


def seal(plain: dict, *, bound_to: str) -> str:
    """Return `plain` as a text that only this portal can open, and only for `bound_to`. Raises CannotSeal."""
    if not settings.ENCRYPTION_KEYS:
        raise CannotSeal("PORTAL_ENCRYPTION_KEYS is not set: give it a long random value, the same on every host.")
    nonce = os.urandom(NONCE_BYTES)
    sealed = _cipher(settings.ENCRYPTION_KEYS[0]).encrypt(nonce, orjson.dumps(plain), bound_to.encode())
    return MARK + base64.urlsafe_b64encode(nonce + sealed).decode()


def unseal(sealed: str, *, bound_to: str) -> dict:
    """Return what was sealed for `bound_to`; {} for "". Raises CannotUnseal."""
    if not sealed:
        return {}
    try:
        raw = base64.urlsafe_b64decode(sealed.removeprefix(MARK))
    except ValueError:
        raise CannotUnseal from None
    for key in settings.ENCRYPTION_KEYS:
        try:
            return orjson.loads(_cipher(key).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], bound_to.encode()))
        except (InvalidTag, ValueError):
            continue
    raise CannotUnseal


@lru_cache(maxsize=8)
def _cipher(key: str) -> AESGCM:
    return AESGCM(HKDF(SHA256(), length=32, salt=None, info=b"mlops-portal credentials").derive(key.encode()))
