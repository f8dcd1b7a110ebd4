"""Writing notices: each names the person whom something must reach, and is written once."""

from mlops_portal.engine.duties import nudge
from systems.models import Holding, Membership, Notice, Role, System

# Who is asked when a role is empty: the deputy first, then the accountable product owner (DESIGN idea 4).
FALLBACK = Role.PRODUCT_OWNER


def holders_to_tell(system: System, role: str) -> list:
    """Return who is to be told for `role`: its active holder, else the deputy, else the product owner's.

    When nobody holds either role, everybody of the system's team; empty only for a team without active members.
    """
    for asked in dict.fromkeys([role, FALLBACK]):
        holding = Holding.objects.current().filter(system=system, role=asked).select_related("person", "deputy").first()
        for person in (holding.person, holding.deputy) if holding else ():
            if person and person.is_active:
                return [person]
    members = Membership.objects.filter(team=system.team, person__is_active=True).select_related("person")
    return [member.person for member in members]


def tell_holder(
    *, system: System, role: str, key: str, subject: str, text: str, url: str, urgency: str = Notice.Urgency.DIGEST
) -> int:
    """Write the notice for everybody who is to be told, and nudge its delivery; return how many are told."""
    people = holders_to_tell(system, role)
    notices = [
        Notice(
            key=f"{key}:{person.username}",
            person=person,
            system=system,
            urgency=urgency,
            subject=" ".join(f"{system.name}: {subject}".split())[:200],
            text=text,
            url=url or system.get_absolute_url(),
        )
        for person in people
    ]
    Notice.objects.bulk_create(notices, ignore_conflicts=True)
    if urgency == Notice.Urgency.NOW:
        nudge("deliver")
    return len(people)
