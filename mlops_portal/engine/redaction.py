"""What must not be written down is taken out of every text on its way to a log or an error row (RELIABILITY S29).

By its form, wherever it comes from: what an address, a header or a token hides, found by pattern, so that an address
which no parser takes is no exception. By its value: the keys and passwords of this process, and the credentials that a
task has at hand.
"""

import re
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from typing import Any
from urllib.parse import quote, urlsplit

from django.conf import settings

HIDDEN = "***"
SHORTEST = 8  # what is shorter would take plain words out of every text
_NAMES = r"(?:passw(?:or)?d|secret|token|api[_-]?key|authorization|cookie|credentials?|session(?:[_-]?(?:id|key))?)"
# Repetitions are bounded, so that no text of a stranger makes any of these slow.
_FORMS = [
    (re.compile(r"://\S{1,1000}@"), f"://{HIDDEN}@"),
    (re.compile(r"([?&][^\s=&?#'\"<>]{1,200}=)[^\s&#'\"<>]+"), rf"\1{HIDDEN}"),
    (re.compile(r"(?i)\b(bearer|basic) [^\s'\",]+"), rf"\1 {HIDDEN}"),
    (re.compile(r"\bmlp_([0-9a-f]{8})_[\w-]+"), rf"mlp_\1_{HIDDEN}"),
    (re.compile(r"\bv1:[\w-]{16,}={0,2}"), f"v1:{HIDDEN}"),
    (re.compile(r"(/password/reset/key/)[^\s/'\"]+"), rf"\1{HIDDEN}"),
    (re.compile(rf"(?i)({_NAMES}['\"]?\s{{0,3}}[:=]\s{{0,3}})(?:'[^']*'|\"[^\"]*\"|[^\s,;&)}}\]]+)"), rf"\1{HIDDEN}"),
]
_NAME = re.compile(f"(?i){_NAMES}")
_at_hand: ContextVar[tuple[str, ...]] = ContextVar("secrets_at_hand", default=())


def hide(credentials: dict) -> dict:
    """Return the credentials; from here on they are taken out of whatever this task writes down."""
    _at_hand.set((*_at_hand.get(), *_texts(credentials)))
    return credentials


def redact(text: str) -> str:
    """Return the text without what is secret in it."""
    if not text:
        return text
    for value in _values():
        for spelt in {value, quote(value, safe="")}:
            text = text.replace(spelt, HIDDEN)
    for form, instead in _FORMS:
        text = form.sub(instead, text)
    return text


def redacted(value: Any) -> Any:
    """Return what is about to be logged as plain JSON, each text in it redacted, what bears a secret's name hidden."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {redact(str(name)): HIDDEN if _is_secret(name, one) else redacted(one) for name, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [redacted(one) for one in value]
    return redact(str(value))


def _is_secret(name: Any, value: Any) -> bool:
    return bool(value) and not isinstance(value, bool | int | float) and bool(_NAME.search(str(name)))


def _values() -> Iterator[str]:
    """Yield the secrets that are known by their value, the longest first: one may be a part of another."""
    known = [*_at_hand.get(), *(_own() if settings.configured else ())]
    yield from sorted({one for one in known if len(one) >= SHORTEST}, key=len, reverse=True)


def _own() -> Iterator[str]:
    yield settings.SECRET_KEY
    yield from settings.ENCRYPTION_KEYS
    yield from (str(database.get("PASSWORD") or "") for database in settings.DATABASES.values())
    yield settings.EMAIL_HOST_PASSWORD or ""
    for url in (settings.REDIS_URL, settings.KNOCK_URL, settings.HEARTBEAT_URL):
        yield urlsplit(url).password or ""
    yield urlsplit(settings.HEARTBEAT_URL).path  # who knows it can keep the alarm from coming


def _texts(value: Any) -> Iterator[str]:
    """Yield every text in the values of nested credentials."""
    if isinstance(value, Mapping):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, str):
        yield value
