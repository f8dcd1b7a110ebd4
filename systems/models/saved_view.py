"""A view of the registry that a person keeps: a name and what is asked of the list."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower

LONGEST_NAME = 60
LONGEST_QUERY = 1000


class SavedView(models.Model):
    """`query` is the query string of the list; only the person sees it."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="saved_views")
    name = models.CharField(max_length=LONGEST_NAME)
    query = models.CharField(max_length=LONGEST_QUERY)

    class Meta:
        ordering = ["name", "pk"]
        constraints = [models.UniqueConstraint("person", Lower("name"), name="saved_view_named_once")]

    def __str__(self):
        return self.name
