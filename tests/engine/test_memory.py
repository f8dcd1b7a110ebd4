"""How processes look for garbage."""

import subprocess
import sys

from mlops_portal.engine.memory import LOOKS_AFTER
from mlops_portal.startup.embedded import ROOT

BEGIN = """
import gc, runpy
runpy.run_path("gunicorn.conf.py")["post_worker_init"](None)
print(gc.get_threshold()[0], gc.get_freeze_count() > 0)
"""


def test_a_web_process_looks_for_garbage_seldom():
    said = subprocess.run([sys.executable, "-c", BEGIN], cwd=ROOT, capture_output=True, text=True, check=True)
    assert said.stdout.split() == [str(LOOKS_AFTER), "True"]
