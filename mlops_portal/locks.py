"""The lock files: which packages, in which versions, by which hashes; and the same for who keeps books of parts."""

import hashlib
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from packaging.utils import canonicalize_name

_PIN = re.compile(r"(?m)^([A-Za-z0-9._-]+)==([^ ;\\\n]+)((?:.*\\\n)*.*)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})\b")


@dataclass(frozen=True)
class Pin:
    """One package of a lock; each of `hashes` is a file of it that may be installed."""

    name: str
    version: str
    hashes: tuple[str, ...]


def pins_of(lock: Path) -> list[Pin]:
    """Return the packages of the lock file, by name."""
    found = _PIN.findall(lock.read_text())
    return [Pin(canonicalize_name(name), version, tuple(_HASH.findall(rest))) for name, version, rest in found]


def bill_of_materials(root: Path) -> dict:
    """Return what the portal runs on as CycloneDX 1.6, out of the lock alone: the same lock gives the same bill."""
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    lock = root / "requirements.lock"
    digest = hashlib.sha256(lock.read_bytes()).digest()
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{UUID(bytes=digest[:16], version=4)}",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": project["name"], "version": project["version"]}},
        "components": [_component(pin) for pin in pins_of(lock)],
    }


def _component(pin: Pin) -> dict:
    address = f"pkg:pypi/{pin.name}@{pin.version}"
    hashes = [{"alg": "SHA-256", "content": digest} for digest in pin.hashes]
    named = {"type": "library", "bom-ref": address, "name": pin.name, "version": pin.version, "purl": address}
    return named | {"hashes": hashes}
