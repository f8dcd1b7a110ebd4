"""What the kinds that ask one address have in common: its settings, its credentials, and the asking."""

import base64
import re
from collections.abc import Mapping
from typing import Any

from mlops_portal.engine import egress, fetching
from monitoring.connectors.connector import BadSettings, Failed, Limits

HEADER = re.compile(r"[A-Za-z0-9-]{1,64}")
RESERVED = {"host", "content-length", "transfer-encoding", "connection", "accept", "accept-encoding"}
LONGEST_CA = 64 * 1024
SHOWN = 60
TEXT = {"type": "string"}
CREDENTIALS = {
    "type": "object",
    "properties": {
        "bearer": TEXT,
        "username": TEXT,
        "password": TEXT,
        "header": {"type": "object", "additionalProperties": TEXT},
    },
    "additionalProperties": False,
}


def settings_schema(example: str) -> dict:
    """Return the JSON Schema of an address and, for https, the authority that it is verified against."""
    return {
        "type": "object",
        "properties": {
            "url": TEXT | {"format": "uri", "title": "Address", "description": f"such as {example}"},
            "ca": TEXT
            | {
                "title": "Certificate authority",
                "description": "for https:// where your own authority signs: its certificate as text (PEM)",
                "maxLength": LONGEST_CA,
            },
        },
        "required": ["url"],
        "additionalProperties": False,
    }


def checked_address(settings: dict) -> dict:
    """Return the address and its authority. Raises BadSettings."""
    errors = {str(name): ["There is no such setting."] for name in sorted(set(settings) - {"url", "ca"}, key=str)}
    url, ca = settings.get("url") or "", settings.get("ca") or ""
    for name, wrong in (("url", _wrong_url(url)), ("ca", _wrong_ca(ca, url))):
        if wrong:
            errors[name] = [wrong]
    if errors:
        raise BadSettings(errors)
    return {"url": url} | ({"ca": "\n".join(ca.splitlines())} if ca else {})


def _wrong_url(url: object) -> str:
    if not isinstance(url, str) or not url:
        return "Give the address that is asked."
    try:
        egress.check_url(url)
    except egress.Refused as refused:
        return str(refused)
    return ""


def _wrong_ca(ca: object, url: object) -> str:
    """Return in a sentence what is wrong with the authority's certificates, "" when nothing is."""
    if not ca:
        return ""
    if not isinstance(ca, str) or len(ca) > LONGEST_CA:
        return f"Certificates are a text of at most {LONGEST_CA} characters."
    if not str(url).startswith("https:"):
        return "Only an address that begins with https:// is verified."
    try:
        fetching.trusting(ca)
    except fetching.BadAuthority as bad:
        return str(bad)
    return ""


async def ask(settings: dict, credentials: dict, limits: Limits, *, accept: str) -> fetching.Fetched:
    """Return the answer to a GET of the address, its status 200. Raises Failed and BadSettings."""
    headers = {"Accept": accept, **headers_of(credentials)}
    try:
        fetched = await fetching.fetch(
            settings["url"],
            headers=headers,
            deadline_s=limits.deadline_s,
            max_bytes=limits.max_bytes,
            ca=settings.get("ca", ""),
        )
        fetched.require_ok()
    except fetching.FetchFailed as failed:
        raise Failed(failed.outcome, str(failed)) from None
    return fetched


def headers_of(credentials: Mapping[str, Any]) -> dict[str, str]:
    """Return the headers that carry the credentials. Raises BadSettings."""
    headers = dict(credentials.get("header") or {})
    if token := credentials.get("bearer"):
        headers["Authorization"] = f"Bearer {token}"
    elif credentials.get("username"):
        pair = f"{credentials['username']}:{credentials.get('password', '')}"
        headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    for name, value in headers.items():
        if not HEADER.fullmatch(name) or name.lower() in RESERVED:
            raise BadSettings({"credentials.header": ["This header cannot be given."]})
        if not isinstance(value, str) or not value.isascii() or not value.isprintable():
            raise BadSettings({"credentials": ["Credentials are one line of plain characters."]})
    return headers


def printable(text: str) -> str:
    """Return of what came from outside as much as may be shown (RELIABILITY S5)."""
    return "".join(char if char.isprintable() else "?" for char in text[:SHOWN])
