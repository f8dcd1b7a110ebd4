"""That tests which belong together really run in one process (a run of pytest inside this one)."""

import subprocess
import sys

from mlops_portal.startup.embedded import ROOT

TEST = """import os, time, pytest

@pytest.mark.parametrize("n", range(8))
def test_it(n):
    time.sleep(0.02)
    with open({log!r}, "a") as file:
        print(os.getpid(), n, file=file)
"""


def test_what_belongs_together_runs_in_one_process_in_its_order(tmp_path):
    for place in ("faults", "path", "other"):
        (tmp_path / "tests" / place).mkdir(parents=True)
        (tmp_path / "tests" / place / f"test_{place}.py").write_text(TEST.format(log=str(tmp_path / place)))
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    options = ["-p", "tests.sharing", "-p", "no:django", "-n", "2", "--rootdir", str(tmp_path)]
    command = [sys.executable, "-m", "pytest", *options, "-c", str(tmp_path / "pytest.ini"), str(tmp_path)]
    subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    together = [line.split() for place in ("faults", "path") for line in (tmp_path / place).read_text().splitlines()]
    assert len({pid for pid, _ in together}) == 1
    assert [n for _, n in together] == [str(n) for n in range(8)] * 2
