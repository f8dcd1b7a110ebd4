"""Which tests run on every shape, by what they touch (a pytest plugin); `-m every_shape` chooses them.

A shape changes the server of the database, the broker, the cache, and how processes start. So a test runs on each,
unless it asks no database; or stands in a place named here, whose tests are about what the portal sends; or is a run
with a protection switched off, which proves the test and not the portal. Where one of those depends on the shape all
the same, the mark is written at it: so are the walks that ask for every page and every address of the API.
"""

import pytest

WHAT_IS_SENT = ("tests/browser/", "tests/doors/", "tests/guards/", "tests/pages/", "tests/test_api_contract.py")
DATABASE = {"db", "transactional_db", "live_server"}


def pytest_configure(config):
    config.addinivalue_line("markers", "every_shape: runs on the embedded shape and on servers")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    for item in items:
        if _depends_on_the_shape(item):
            item.add_marker("every_shape")


def _depends_on_the_shape(item: pytest.Item) -> bool:
    if item.get_closest_marker("processes"):
        return True
    asks_database = item.get_closest_marker("django_db") or not DATABASE.isdisjoint(item.fixturenames)
    return bool(asks_database) and not item.nodeid.startswith(WHAT_IS_SENT) and not _is_switched_off(item)


def _is_switched_off(item: pytest.Item) -> bool:
    return bool(getattr(item, "callspec", None) and item.callspec.params.get("_protection"))
