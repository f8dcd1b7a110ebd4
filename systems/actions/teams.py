"""Teams, and who is in them."""

from django.db import transaction

from mlops_portal.engine.audit import record
from systems.models import Membership, Person, Team


@transaction.atomic
def add_team(*, slug: str, name: str, by) -> Team:
    """Make a team and return it. Raises IntegrityError when the slug is taken."""
    team = Team.objects.create(slug=slug, name=name)
    record(by=by, verb="added", kind="team", object=team.slug, after={"name": team.name})
    return team


@transaction.atomic
def join_team(*, team: Team, person: Person, by) -> None:
    """Make the person a member; once is enough."""
    _, is_new = Membership.objects.get_or_create(team=team, person=person)
    if is_new:
        record(by=by, verb="joined", kind="team", object=team.slug, after={"person": person.username})


@transaction.atomic
def leave_team(*, team: Team, person: Person, by) -> None:
    """End the membership; once is enough."""
    gone, _ = Membership.objects.filter(team=team, person=person).delete()
    if gone:
        record(by=by, verb="left", kind="team", object=team.slug, before={"person": person.username})
