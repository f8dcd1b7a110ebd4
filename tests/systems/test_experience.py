import pytest

from systems.experience import experience_of
from tests.factories import SystemFactory
from tests.systems.planning import finished, plan, spend

pytestmark = pytest.mark.django_db


@pytest.fixture
def told(system, viewer):
    """Return what a viewer is told beside the plan of a phase."""
    return lambda phase="engineering": experience_of(viewer, system, phase)


def _portfolio(by, at, multiples=(1, 2, 2, 3, 4), **facts):
    for multiple in multiples:
        finished(by, at, 100, 100 * multiple, **facts)


def test_the_portfolios_own_experience_stands_beside_a_plan(told, manager, now):
    _portfolio(manager, now)
    assert told()[0].sentence == "In 5 systems engineering cost 2.0 × research; middle half 2.0–3.0."


def test_what_that_would_be_here_is_said(told, system, manager, now):
    _portfolio(manager, now)
    spend(system, "research", 41300, manager, now)
    assert told()[0].here.replace("\N{NO-BREAK SPACE}", " ") == (
        "Here that would be EUR 83,000; middle half EUR 83,000 to EUR 120,000."
    )


def test_research_that_runs_is_taken_as_it_is_planned(told, system, manager, now):
    _portfolio(manager, now)
    plan(system, "research", manager, now)
    spend(system, "research", 5, manager, now)
    assert told()[0].base_here == 100


def test_too_few_is_said_honestly(told, manager, now):
    _portfolio(manager, now, (1, 2, 3, 4))
    assert told()[0].sentence == (
        "Too little experience to compare with research: "
        "4 systems that you can see have finished engineering with its money recorded, 5 are needed."
    )
    assert told()[0].here == ""


def test_what_a_person_may_not_see_is_in_no_figure(told, manager, now):
    _portfolio(manager, now, (1, 2, 3, 4))
    finished(manager, now, 100, 900, restricted=True)
    assert len(told()[0].multiples) == 4


def test_a_phase_that_runs_and_another_currency_are_no_experience(told, manager, now):
    _portfolio(manager, now, (1, 2, 3, 4))
    running = finished(manager, now, 100, 900)
    running.phase = "engineering"
    running.save()
    other = SystemFactory(phase="operations")
    for phase, currency in (("research", "EUR"), ("engineering", "USD")):
        spend(other, phase, 900, manager, now, currency=currency)
    assert sorted(told()[0].multiples) == [1, 2, 3, 4]


def test_research_is_compared_with_its_plan(told, manager, now):
    for _ in range(5):
        plan(finished(manager, now, 150, 1), "research", manager, now)
    assert [one.sentence for one in told("research")] == [
        "In 5 systems research cost 1.5 × its plan; middle half 1.5–1.5."
    ]
