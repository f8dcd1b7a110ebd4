"""The audit trail as a person may read it: without what is about systems that are hidden from them."""

from django.db.models import CharField, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Concat

from mlops_portal.engine.models import Change
from systems.models import OldSlug, Person, System


def changes_visible_to(person: Person) -> QuerySet[Change]:
    """Return the changes that `person` may read; a refused request is about the system that its address names.

    A hidden system is hidden under each name that it ever had.
    """
    hidden, seen = System.objects.hidden_from(person), Change.objects.all()
    for named in (hidden, OldSlug.objects.filter(system__in=hidden)):
        seen = seen.exclude(system__in=named.values("slug")).exclude(Q(Exists(_in_the_address(named)), kind="request"))
    return seen


def _in_the_address(named: QuerySet) -> QuerySet:
    """Return those of `named` whose slug stands in the address that a change was refused at."""
    asked = named.annotate(address=ExpressionWrapper(OuterRef("object"), CharField()))
    return asked.filter(address__contains=Concat(Value("/systems/"), F("slug"), Value("/")))
