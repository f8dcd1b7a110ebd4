"""What people and targets write runs in no browser (S22, S23): asked of a real one, also without its own guard."""

import pytest

from systems.actions.runbooks import write_runbook
from systems.models import RunbookVersion
from tests.protections import protects
from tests.systems.test_runbooks import HOSTILE, NOTHING_AT_ALL

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = "/systems/churn/runbook/load/"
EXECUTABLE = """
    [...document.querySelectorAll(".prose *")].flatMap((node) => [
        ...(node.matches("script, style, link, meta, base, iframe, object, embed, form, input, img, svg, math, video")
            ? [node.tagName] : []),
        ...[...node.attributes].map((one) => one.name).filter((name) => name.startsWith("on") || name === "style"),
        ...(node.protocol && !["http:", "https:", "mailto:"].includes(node.protocol) ? [node.protocol] : []),
    ])
"""


@protects("S22", off=NOTHING_AT_ALL)
def test_a_runbook_runs_and_fetches_nothing_in_a_browser_that_would(visit, manager, system, now):
    """The window ignores the policy: the text itself must be harmless."""
    write_runbook(system=system, situation="load", body="Wait.", by=manager, at=now)
    visitor = visit(manager, bypass_csp=True)
    ran = []
    visitor.page.on("dialog", lambda dialog: (ran.append(dialog.message), dialog.dismiss()))
    for body in HOSTILE:
        RunbookVersion.objects.update(body=body)
        assert visitor.go(f"{PAGE}?version=1").evaluate(EXECUTABLE) == [], body
    assert (ran, visitor.complaints) == ([], [])
