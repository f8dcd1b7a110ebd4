"""Asking a page of the portal itself whether anybody is at home."""

from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

DEADLINE_S = 5


class NobodyAnswers(Exception):
    """The front door gave no answer, or not the one of a portal that lives."""


def knock_at(url: str) -> None:
    """Return when `url` answers 200 within 5 s; raise NobodyAnswers otherwise."""
    parts = urlsplit(url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    door = kind(parts.hostname or "", parts.port, timeout=DEADLINE_S)
    try:
        door.request("GET", parts.path)
        status = door.getresponse().status
    except (OSError, HTTPException) as error:
        raise NobodyAnswers(f"The web process at {parts.netloc} did not answer: {error}") from error
    finally:
        door.close()
    if status != 200:
        raise NobodyAnswers(f"The web process at {parts.netloc} answered {status}.")
