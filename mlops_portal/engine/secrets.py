"""Credentials at rest: sealed with a ring of keys, each bound to the row that it stands in (RELIABILITY S27).

The first key seals, all of them open, so that a key is renewed by putting the new one in front. SECRET_KEY is no part
of it: what signs sessions must not be what opens credentials.
"""

import base64
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.apps import apps
from django.conf import settings
from django.db import models, transaction

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


class SealedField(models.TextField):
    """A column of sealed credentials: what `rotate` finds. For migrations it is text like any other."""

    def deconstruct(self):
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.TextField", args, kwargs


def binding_of(row: models.Model) -> str:
    """Return what credentials are bound to that stand in `row`: copied into another one, they do not open."""
    return f"{row._meta.model_name}:{row.pk}"


def seal(plain: dict, *, bound_to: str) -> str:
    """Return `plain` as a text that only this portal can open, and only for `bound_to`. Raises CannotSeal."""
    if not settings.ENCRYPTION_KEYS:
        raise CannotSeal("PORTAL_ENCRYPTION_KEYS is not set: give it a long random value, the same on every host.")
    nonce = os.urandom(NONCE_BYTES)
    sealed = _cipher(settings.ENCRYPTION_KEYS[0]).encrypt(nonce, orjson.dumps(plain), bound_to.encode())
    return MARK + base64.urlsafe_b64encode(nonce + sealed).decode()


def unseal(sealed: str, *, bound_to: str) -> dict:
    """Return what was sealed for `bound_to`; {} for "". Raises CannotUnseal."""
    return _opened(sealed, bound_to)[0] if sealed else {}


def _opened(sealed: str, bound_to: str) -> tuple[dict, int]:
    """Return what was sealed, and the place in the ring of the key that opened it. Raises CannotUnseal."""
    try:
        raw = base64.urlsafe_b64decode(sealed.removeprefix(MARK))
    except ValueError:
        raise CannotUnseal from None
    for place, key in enumerate(settings.ENCRYPTION_KEYS):
        try:
            plain = _cipher(key).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], bound_to.encode())
            return orjson.loads(plain), place
        except (InvalidTag, ValueError):
            continue
    raise CannotUnseal


@lru_cache(maxsize=8)
def _cipher(key: str) -> AESGCM:
    return AESGCM(HKDF(SHA256(), length=32, salt=None, info=b"mlops-portal credentials").derive(key.encode()))


@dataclass
class Rotated:
    """What a rotation did: how many were sealed anew, how many had the first key already, which rows no key opens."""

    anew: int = 0
    current: int = 0
    closed: list[str] = field(default_factory=list)


def rotate() -> Rotated:
    """Seal everything anew with the first key of the ring, row by row: may be killed and run again at any time."""
    done = Rotated()
    for model, column in _sealed_columns():
        for pk in model._default_manager.exclude(**{column: ""}).order_by("pk").values_list("pk", flat=True):
            _rotate_row(model, column, pk, done)
    return done


def _sealed_columns() -> Iterator[tuple[type[models.Model], str]]:
    for model in apps.get_models():
        yield from ((model, column.name) for column in model._meta.fields if isinstance(column, SealedField))


@transaction.atomic
def _rotate_row(model: type[models.Model], column: str, pk, done: Rotated) -> None:
    """Seal one row anew, under its lock: who changes its credentials at this moment comes before or after."""
    row = model._default_manager.select_for_update().filter(pk=pk).exclude(**{column: ""}).first()
    if row is None:
        return
    try:
        plain, place = _opened(getattr(row, column), binding_of(row))
    except CannotUnseal:
        done.closed.append(f"{row._meta.model_name} {pk} ({row})")
        return
    if place == 0:
        done.current += 1
        return
    model._default_manager.filter(pk=pk).update(**{column: seal(plain, bound_to=binding_of(row))})
    done.anew += 1
