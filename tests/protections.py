"""Protections are proved: a test that names its row of RELIABILITY 4 runs as it is, and once with each switched off.

Switched off, it must fail: `@protects("S2", off={"mlops_portal.engine.egress.is_allowed": lambda *_: True})` puts other
things in the place of these names for the second run (`settings.NAME` is a setting). A second run that passes is a
failure, and so is one that ends by anything but an assertion.
"""

from collections import Counter
from typing import Any

import pytest
from django.conf import settings as portal_settings

NOTICED = (AssertionError, pytest.fail.Exception)
_noticed: Counter = Counter()


def protects(row: str, off: dict[str, Any]):
    """Mark a test as the proof of `row`; `off` names what to replace, dotted, and by what, to switch it off."""
    return pytest.mark.protects(row=row, off=off)


def pytest_configure(config):
    config.addinivalue_line("markers", "protects(row, off): proves a row of RELIABILITY 4; must fail with it off")


def pytest_generate_tests(metafunc):
    marks = [mark.kwargs for mark in metafunc.definition.iter_markers("protects")]
    if not marks:
        return
    must_fail = pytest.mark.xfail(strict=True, raises=NOTICED, reason="switched off")
    without = [pytest.param(one["off"], id=f"without-{one['row']}", marks=must_fail) for one in marks]
    metafunc.parametrize("_protection", [pytest.param({}, id="protected"), *without], indirect=True)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """What proves a row of faults by switching its protection off belongs to `-m fault` too."""
    for item in items:
        if any(mark.kwargs["row"].startswith("F") for mark in item.iter_markers("protects")):
            item.add_marker("fault")


@pytest.fixture(autouse=True)
def _protection(request, monkeypatch):
    """Switch off what this run of the test is to do without."""
    for name, other in getattr(request, "param", {}).items():
        place, _, attribute = name.rpartition(".")
        if place == "settings":
            monkeypatch.setattr(portal_settings, attribute, other)
        else:
            monkeypatch.setattr(name, other)


def pytest_runtest_logreport(report):
    if report.when == "call" and hasattr(report, "wasxfail") and report.skipped:
        _noticed[report.nodeid.rpartition("without-")[2].rstrip("]").partition("-")[0].partition("_")[0]] += 1


def pytest_terminal_summary(terminalreporter):
    if _noticed:
        count, rows = sum(_noticed.values()), ", ".join(sorted(_noticed, key=lambda row: int(row[1:])))
        terminalreporter.write_line(f"protections: {count} switched off one by one, each missed by its test ({rows})")
