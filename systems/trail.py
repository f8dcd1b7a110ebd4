"""The audit trail as a person may read it: without what is about systems that are hidden from them."""

from django.db.models import CharField, Exists, ExpressionWrapper, F, OuterRef, Q, Value
from django.db.models.functions import Concat

from mlops_portal.engine.models import Change
from systems.models import Person, System


def changes_visible_to(person: Person):
    """Return the changes that `person` may read; a refused request is about the system that its address names."""
    hidden = System.objects.hidden_from(person)
    asked = hidden.annotate(address=ExpressionWrapper(OuterRef("object"), CharField()))
    asked = asked.filter(address__contains=Concat(Value("/systems/"), F("slug"), Value("/")))
    return Change.objects.exclude(system__in=hidden.values("slug")).exclude(Q(Exists(asked), kind="request"))
