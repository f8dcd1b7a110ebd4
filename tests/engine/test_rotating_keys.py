"""A ring of keys over three starts of real processes: the old key, the new before the old, the new alone (S27)."""

import os
import subprocess
import sys

import pytest

from mlops_portal.startup.embedded import ROOT
from mlops_portal.startup.postgres import temporary_server

OLD, NEW = "marker-old-key-0123456789abcdef-01234", "marker-new-key-0123456789abcdef-01234"
OURS = ("DATABASE_URL", "REDIS_URL", "PORTAL_", "SECRET_KEY", "EMAIL_URL")
CONNECT = """
from django.utils import timezone
from monitoring.actions.sources import connect_source
from systems.models import System
for number in range(3):
    connect_source(system=System.objects.get(slug="portal"), kind="prometheus_text", name=f"Pages {number}",
        settings={"url": "http://model.example/metrics"}, credentials={"bearer": f"marker-bearer-{number}"},
        by=None, at=timezone.now())
"""
OPEN = """
from mlops_portal.engine.secrets import binding_of, unseal
from monitoring.models import Source
print([unseal(one.secret, bound_to=binding_of(one))["bearer"] for one in Source.objects.order_by("name")])
"""
OPENED = "['marker-bearer-0', 'marker-bearer-1', 'marker-bearer-2']\n"


@pytest.fixture(scope="module")
def start():
    """Return what runs manage.py in a process of its own, on a database of this test, under a ring of keys."""
    with temporary_server() as data_dir:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        kept |= {"PORTAL_DATA_DIR": str(data_dir), "DJANGO_SETTINGS_MODULE": "mlops_portal.settings"}

        def run(*words, keys):
            environment = kept | {"PORTAL_ENCRYPTION_KEYS": keys, "SECRET_KEY": "marker-of-sessions-0123456789-abcdef"}
            command = [sys.executable, "manage.py", *words]
            return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)

        yield run


def test_credentials_outlive_their_key(start):
    start("migrate", "-v", "0", keys=OLD)
    start("shell", "-v", "0", "-c", CONNECT, keys=OLD)
    assert start("shell", "-v", "0", "-c", OPEN, keys=OLD).stdout == OPENED

    assert start("shell", "-v", "0", "-c", OPEN, keys=f"{NEW},{OLD}").stdout == OPENED
    first, again = (start("rotate_keys", keys=f"{NEW},{OLD}") for _ in range(2))
    assert (first.returncode, first.stdout) == (0, "3 sealed anew with the first key; 0 had it already.\n")
    assert (again.returncode, again.stdout) == (0, "0 sealed anew with the first key; 3 had it already.\n")

    assert start("shell", "-v", "0", "-c", OPEN, keys=NEW).stdout == OPENED
    late = start("rotate_keys", keys=OLD)
    assert late.returncode == 1
    assert "3 open with no key of PORTAL_ENCRYPTION_KEYS" in late.stderr
    assert "marker-" not in late.stdout + late.stderr
    assert "v1:" not in late.stdout + late.stderr
