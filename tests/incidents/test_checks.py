from datetime import timedelta

import pytest

from incidents.actions.response import acknowledge
from systems.checking import run_checks
from systems.models import Outcome, System
from tests.factories import IncidentFactory


def judged(system) -> Outcome:
    run_checks(System.objects.filter(pk=system.pk), keys=["incidents_acknowledged"])
    return Outcome.objects.get(system=system, check_key="incidents_acknowledged")


@pytest.mark.parametrize(
    ("severity", "minutes", "outcome"),
    [("sev1", 14, "pass"), ("sev1", 16, "fail"), ("sev3", 7 * 60, "pass"), ("sev3", 9 * 60, "fail")],
)
def test_an_incident_waits_for_somebody_as_long_as_its_severity_allows(system, now, severity, minutes, outcome):
    IncidentFactory(severity=severity, systems=[system], declared_at=now - timedelta(minutes=minutes))
    assert judged(system).outcome == outcome


def test_what_waits_is_named_with_the_way_to_it(system, now):
    incident = IncidentFactory(number=7, title="Slow", systems=[system], declared_at=now - timedelta(days=3))
    outcome = judged(system)
    assert (outcome.url, outcome.why.startswith("Nobody is on incident 7")) == (incident.get_absolute_url(), True)


def test_once_somebody_is_on_it_the_check_passes_at_once(system, now, on_call):
    incident = IncidentFactory(systems=[system], declared_at=now - timedelta(days=3))
    assert judged(system).outcome == "fail"
    acknowledge(incident=incident, by=on_call, at=now)
    assert Outcome.objects.get(system=system, check_key="incidents_acknowledged").outcome == "pass"
