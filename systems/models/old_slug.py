"""Names that systems had before: they lead on to the system, and no other system can take them."""

from django.db import models
from django.db.models.functions import Lower

from systems.models.slug import slug_field
from systems.models.system import System


class OldSlug(models.Model):
    slug = slug_field()
    system = models.ForeignKey(System, models.CASCADE, related_name="old_slugs")
    until = models.DateTimeField()

    class Meta:
        ordering = ["-until"]
        constraints = [models.UniqueConstraint(Lower("slug"), name="old_slug_once")]

    def __str__(self):
        return self.slug
