"""What must stand before the first page: the lock against a second `up`, the folders, the tables, the static files."""

import fcntl
import hashlib
import io
import json
import os
import socket
from pathlib import Path
from typing import IO

from django.conf import settings
from django.core.management import call_command
from django.db import OperationalError, connection

from mlops_portal.environment import is_loopback
from mlops_portal.startup.embedded import ROOT


class CannotStart(Exception):
    """`up` cannot go on; its text says why and what to do."""


def take_lock(data_dir: Path, address: str) -> IO[str]:
    """Return the open lock file that makes this the only `up`. Raises CannotStart when one is running."""
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = os.fdopen(os.open(data_dir / "up.lock", os.O_RDWR | os.O_CREAT, 0o600), "r+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        with lock:
            raise CannotStart(f"MLOps Portal is running already{_as_noted(lock.read())}.") from None
    lock.truncate()
    json.dump({"pid": os.getpid(), "address": address}, lock)
    lock.flush()
    return lock


def _as_noted(note: str) -> str:
    try:
        found = json.loads(note)
        return f": {found['address']} (process {found['pid']})"
    except (ValueError, KeyError):
        return ""


def refuse_public_host(host: str) -> None:
    """Raise CannotStart for a host beyond loopback in the embedded shape, and in any without TLS (S36, S19)."""
    if is_loopback(host):
        return
    if settings.IS_EMBEDDED:
        raise CannotStart(
            f"With its embedded database the portal answers on this machine only, not on {host}. Set DATABASE_URL to a "
            "PostgreSQL server to serve others."
        )
    if not settings.IS_TLS:
        raise CannotStart(
            f"On {host} others sign in too, over TLS alone: set PORTAL_BASE_URL to their https:// address."
        )


def refuse_taken_port(host: str, port: int) -> None:
    """Raise CannotStart when something else listens on the port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CannotStart(f"Cannot listen on {host}:{port} ({error.strerror}). Try `--port {port + 1}`.") from None


def make_folders(data_dir: Path) -> None:
    """Make what the embedded broker needs; it heals a folder that was taken away."""
    for name in ("broker", "broker/control"):
        (data_dir / name).mkdir(mode=0o700, parents=True, exist_ok=True)


def why_database_is_away() -> str:
    """Return "" when the database answers, else its words."""
    try:
        connection.ensure_connection()
    except OperationalError as error:
        return str(error).strip().splitlines()[0]
    finally:
        connection.close()
    return ""


def bring_tables_up_to_date() -> None:
    """Run the migrations that are missing."""
    try:
        call_command("migrate", verbosity=0, interactive=False)
        call_command("createcachetable", verbosity=0)
    finally:
        connection.close()


def collect_static_files(data_dir: Path) -> bool:
    """Collect and compress them unless those collected are of this very state; return whether there was work."""
    stamp, state = data_dir / "static-state", _state_of_static_files()
    if Path(settings.STATIC_ROOT).exists() and stamp.exists() and stamp.read_text() == state:
        return False
    stamp.unlink(missing_ok=True)
    call_command("collectstatic", verbosity=0, interactive=False, clear=True, stdout=io.StringIO())
    stamp.write_text(state)
    return True


def _state_of_static_files() -> str:
    digest = hashlib.sha256((ROOT / "requirements.lock").read_bytes())
    for folder in settings.STATICFILES_DIRS:
        for file in sorted(path for path in Path(folder).rglob("*") if path.is_file()):
            digest.update(str(file).encode() + file.read_bytes())
    return digest.hexdigest()
