"""Which tests share a process: those of one place named here run in the same one, in their order (a pytest plugin).

xdist has a mark for that, but hangs its group on a test's name in a way that pytest 9.2 does not take any more.
"""

import pytest
from xdist.scheduler import LoadScopeScheduling

TOGETHER = {
    "tests/faults/": "processes",
    "tests/path/": "processes",
    "tests/startup/test_bootstrap.py": "bootstrap",
    "tests/startup/test_postgres.py": "postgres",
}


class Sharing(LoadScopeScheduling):
    """Hands each place of TOGETHER to one process as a whole, the largest first, and every other test by itself."""

    def _split_scope(self, nodeid: str) -> str:
        return next((group for place, group in TOGETHER.items() if nodeid.startswith(place)), nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    return Sharing(config, log)
