"""The audit trail as far as it is about systems: which rows a person may see."""

from django.db.models import QuerySet

from mlops_portal.engine.models import Change
from systems.models import OldSlug, Person, System


def changes_visible_to(person: Person) -> QuerySet[Change]:
    """Return the rows but those of systems that `person` may not see, whatever they were called at the time."""
    hidden = System.objects.exclude(pk__in=System.objects.visible_to(person).values("pk"))
    former = OldSlug.objects.filter(system__in=hidden)
    return Change.objects.exclude(system__in=hidden.values("slug")).exclude(system__in=former.values("slug"))
