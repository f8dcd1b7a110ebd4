"""Where the embedded shape keeps its things. Settings import this: nothing heavy."""

import contextlib
import hashlib
import os
import secrets
import sys
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
    if len(os.fsencode(inside)) <= LONGEST_SOCKET_FOLDER and "," not in str(inside):  # a comma would part two hosts
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


def kept_key(data_dir: Path, name: str) -> str:
    """Return the key `name` kept in `data_dir`, made once where one machine is all there is; else "" if there is none.

    With a database of its own there may be many hosts, which must share a key: then only `up` and `test` make one.
    """
    if (data_dir / name).exists() or not os.environ.get("DATABASE_URL") or sys.argv[1:2] in (["up"], ["test"]):
        return kept_secret(data_dir / name)
    return ""


def kept_secret(path: Path, size: int = 48) -> str:
    """Return the random secret in the file `path`, made once of `size` random bytes, for its owner's eyes only."""
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(size) + "\n")
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)  # the first of two that come at once stays
        draft.unlink()
    return path.read_text().strip()
