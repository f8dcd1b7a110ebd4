"""Keeping a view of the registry: a name, and what is asked of the list."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import QueryDict

from mlops_portal.engine.audit import record
from systems.models import Person, SavedView

MOST = 30  # that one person keeps
NOT_KEPT = ("page", "format")  # where one is in the list, and in which form, is no part of a view


def kept_query(asked: QueryDict) -> str:
    """Return the query string of the list as a view keeps it; empty where nothing is asked."""
    kept = asked.copy()
    for name in NOT_KEPT:
        kept.pop(name, None)
    return kept.urlencode()


@transaction.atomic
def keep_view(*, name: str, query: str, by: Person) -> SavedView:
    """Keep the view under its name, in the place of one that had it, and return it. Raises ValidationError."""
    Person.objects.select_for_update().get(pk=by.pk)
    view = by.saved_views.filter(name__iexact=name).first() or SavedView(person=by)
    if view.pk is None and by.saved_views.count() >= MOST:
        raise ValidationError(f"You keep {MOST} views already. Forget one first.")
    before = {"name": view.name, "query": view.query} if view.pk else None
    view.name, view.query = name, query
    view.save()
    record(by=by, verb="kept", kind="view", object=name, before=before, after={"name": name, "query": query})
    return view


@transaction.atomic
def forget_view(*, view: SavedView, by: Person) -> None:
    """Forget the view."""
    record(by=by, verb="forgot", kind="view", object=view.name, before={"name": view.name, "query": view.query})
    view.delete()
