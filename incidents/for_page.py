"""What a system's page shows of incidents."""

from systems.models import Person, System

PAST_SHOWN = 5


def for_page(system: System, person: Person) -> dict:
    """Return what _of_system.html takes: open and past incidents, and whether one may be declared.

    `person` may see the system, and so every incident that touches it.
    """
    of_it = system.incidents.for_list_page(person)
    return {
        "open_incidents": of_it.unresolved().open_first(),
        "past_incidents": of_it.exclude(resolved_at=None).open_first()[:PAST_SHOWN],
        "may_declare": system.retired_at is None,
    }
