"""Reading settings from the environment: a value that does not fit says, in one sentence, which variable it is."""

import ipaddress
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

from mlops_portal.engine.egress import Place

_env = environ.Env()
SHORTEST_KEY = 32


class WrongSetting(ImproperlyConfigured):
    """A variable of the environment is missing or does not fit; the text names it and says what would."""


def text(name: str, default: str = "") -> str:
    """Return the variable's text; an empty one counts as not set."""
    return _env.str(name, default="").strip() or default


def words(name: str, default: list[str]) -> list[str]:
    """Return the variable's words, which commas part."""
    return [word.strip() for word in text(name).split(",") if word.strip()] or default


def folders(name: str, default: list[Path]) -> list[Path]:
    """Return the variable's folders, which commas part. Raises WrongSetting unless each is a whole path."""
    given = [Path(word).expanduser() for word in words(name, [])]
    for folder in given:
        if not folder.is_absolute() or ".." in folder.parts:
            raise WrongSetting(f"{name} names {str(folder)!r}: give whole paths, such as /srv/logs.")
    return given or default


def places(name: str, *, on_loopback: bool = False) -> list[Place]:
    """Return the places to connect to that the variable names, parted by commas. Raises WrongSetting.

    With `on_loopback` each must be one loopback address with one port.
    """
    example = "127.0.0.1:9090" if on_loopback else "10.0.0.0/8:8000-9100, metrics.example:443"
    try:
        found = [Place.parse(word) for word in words(name, [])]
    except ValueError as wrong:
        raise WrongSetting(f"{name} does not fit: give it places such as {example}. ({wrong})") from None
    if on_loopback and not all(_is_one_port_of_loopback(place) for place in found):
        raise WrongSetting(f"{name} does not fit: each of its places is a loopback address and a port: {example}.")
    return found


def _is_one_port_of_loopback(place: Place) -> bool:
    network = place.network
    return network is not None and network.num_addresses == 1 and network.is_loopback and len(place.ports) == 1


def keys(name: str, default: str) -> list[str]:
    """Return the variable's keys, which commas part, else `default` if there is one. Raises WrongSetting."""
    found = words(name, [default] if default else [])
    if any(len(key) < SHORTEST_KEY for key in found):
        raise WrongSetting(f"{name} does not fit: each key is a random text of at least {SHORTEST_KEY} characters.")
    return found


def number(name: str, default: float, *, kind: Callable = int, may_be_0: bool = False):
    """Return the variable as a number of `kind`, int or float, above 0 or where it may be 0. Raises WrongSetting."""
    given = text(name, str(default))
    try:
        value = kind(given)
    except ValueError:
        value = -1
    if not 0 <= value < float("inf") or (value == 0 and not may_be_0):
        which = "from 0 up" if may_be_0 else "above 0"
        raise WrongSetting(f"{name} is {given!r}: give it a number {which}, such as {default}.")
    return value


def choice(name: str, default: str, choices: tuple[str, ...]) -> str:
    """Return the variable's text. Raises WrongSetting unless it is one of `choices`."""
    given = text(name, default)
    if given not in choices:
        raise WrongSetting(f"{name} is {given!r}: give it one of {', '.join(choices)}.")
    return given


def address(name: str, default: str, *, schemes: tuple[str, ...], example: str) -> str:
    """Return the variable's URL, without a slash at its end. Raises WrongSetting unless it is one of `schemes`."""
    given = text(name, default).rstrip("/")
    if given:
        _require_address(name, given, schemes, example)
    return given


def web_address(name: str, default: str) -> str:
    """Return the portal's own address. Raises WrongSetting where people elsewhere would sign in without TLS (S19)."""
    given = address(name, default, schemes=("http", "https"), example="https://portal.example")
    parts = urlsplit(given)
    if parts.scheme != "https" and not is_loopback(parts.hostname or ""):
        raise WrongSetting(f"{name} is {given!r}: beyond this machine people sign in over TLS alone, so https://….")
    return given


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches `host`, a name or an address."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def hosts(name: str, default: list[str]) -> list[str]:
    """Return the host names, which commas part. Raises WrongSetting for one that stands for every host."""
    given = words(name, default)
    if "*" in given:
        raise WrongSetting(f"{name} is '*': name the hosts that people use, such as portal.example.")
    return given


def secret(name: str, default: str) -> str:
    """Return the variable's secret, else `default`. Raises WrongSetting when there is none, or it can be guessed."""
    given = text(name, default)
    if not given:
        raise WrongSetting(f"{name} is not set: give it a long random value, or run `manage.py up` once.")
    if len(given) < SHORTEST_KEY:
        raise WrongSetting(f"{name} does not fit: it is a random text of at least {SHORTEST_KEY} characters.")
    return given


def database(name: str) -> dict:
    """Return Django's DATABASES entry for the variable's URL. Raises WrongSetting unless it is PostgreSQL's."""
    example = "postgresql://user:password@host:5432/name"
    _require_address(name, text(name), ("postgresql", "postgres"), example, needs_path=True)
    return _env.db_url(name)


def email(name: str, folder: str) -> dict[str, object]:
    """Return Django's EMAIL_… settings: the variable's server or folder, else `folder`. Raises WrongSetting."""
    given = text(name)
    if not given:
        return _to_folder(folder)
    parts = _require_address(
        name, given, ("smtp", "smtp+tls", "smtp+ssl", "file"), "smtp+tls://user:password@host:587 or file:///a/folder"
    )
    return _to_folder(parts.path) if parts.scheme == "file" else dict(_env.email_url(name))


def _to_folder(folder: str) -> dict[str, object]:
    return {"EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend", "EMAIL_FILE_PATH": folder}


def _require_address(name: str, given: str, schemes: tuple[str, ...], example: str, *, needs_path: bool = False):
    # the value itself is not repeated: it may hold a password
    wrong = WrongSetting(f"{name} does not fit: give it an address such as {example}.")
    try:
        parts = urlsplit(given)
        is_whole = bool(parts.hostname or parts.scheme == "file") and (parts.port is None or parts.port > 0)
    except ValueError:
        raise wrong from None
    if parts.scheme not in schemes or not is_whole or (needs_path and parts.path in ("", "/")):
        raise wrong
    return parts
