"""Which tests share a process: those of one place named here run in the same one, in their order (a pytest plugin).

xdist has a mark for that, but hangs its group on a test's name in a way that pytest 9.2 does not take any more.
"""

import pytest
from xdist.scheduler import LoadScopeScheduling

TOGETHER = {
    "tests/faults/test_processes.py": "processes",
    "tests/faults/": "more processes",  # about as long as those before, and like them mostly waiting
    "tests/path/": "more processes",
    "tests/startup/test_bootstrap.py": "bootstrap",
    "tests/startup/test_postgres.py": "postgres",
}


class Sharing(LoadScopeScheduling):
    """Hands each place of TOGETHER to one process as a whole, the largest first, and every other test by itself."""

    def _split_scope(self, nodeid: str) -> str:
        return _group(nodeid) or nodeid


def _group(nodeid: str) -> str:
    return next((group for place, group in TOGETHER.items() if nodeid.startswith(place)), "")


def pytest_collection_modifyitems(items):
    """Tests of real processes have their places, by which CI runs them beside the others."""
    marked = (item.nodeid for item in items if item.get_closest_marker("processes"))
    if stray := [nodeid for nodeid in marked if not _group(nodeid).endswith("processes")]:
        raise pytest.UsageError(f"Tests of processes stand in tests/faults or tests/path, not in {stray[0]}")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    return Sharing(config, log)
