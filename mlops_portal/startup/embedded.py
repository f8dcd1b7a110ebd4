"""Where the embedded shape keeps its things. Settings import this: nothing heavy, nothing is written."""

import hashlib
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# A Unix socket's path must fit into 104 to 108 bytes, and ".s.PGSQL.5432" is a part of it.
LONGEST_SOCKET_FOLDER = 80


def data_folder() -> Path:
    """Return the folder of everything that the portal keeps: PORTAL_DATA_DIR, or `.data` beside manage.py."""
    named = os.environ.get("PORTAL_DATA_DIR")
    return Path(named).expanduser().absolute() if named else ROOT / ".data"


def socket_folder(data_dir: Path) -> Path:
    """Return the folder of the database's socket: in the data folder, or a short private one where that is too long.

    The short one must be the same for every process of this user, whatever TMPDIR says: hence /tmp by name.
    """
    inside = data_dir / "run"
    if len(os.fsencode(inside)) <= LONGEST_SOCKET_FOLDER:
        return inside
    digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    return Path("/tmp") / f"mlops-portal-{os.getuid()}-{digest}"  # noqa: S108  made 0700, its owner is checked


def embedded_database(data_dir: Path) -> dict[str, str]:
    """Return Django's DATABASES["default"] for the PostgreSQL that `up` starts in `data_dir`."""
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "portal",
        "USER": "portal",
        "PASSWORD": "",
        "HOST": str(socket_folder(data_dir)),
        "PORT": "5432",
    }
