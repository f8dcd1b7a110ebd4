"""What every portal has from its first migration on: the team of administrators, and the portal as a system."""

from systems.actions.people import ADMINISTRATORS
from systems.models import System, Team

PURPOSE = (
    "Watches every ML system of the organisation, notices when one stops being all right and tells a named person. "
    "It watches itself as well: when its own duties are late, the incident is opened here."
)


def seed_portal() -> None:
    """Make sure that both stand; called after every migration."""
    team, _ = Team.objects.get_or_create(slug=ADMINISTRATORS, defaults={"name": "Portal administrators"})
    facts = {"name": "MLOps Portal", "purpose": PURPOSE, "tier": 2, "team": team, "phase": "operations"}
    System.objects.get_or_create(slug="portal", defaults=facts)
