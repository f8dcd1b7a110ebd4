"""Teams: who looks after systems together."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower

from systems.models.person import Group
from systems.models.slug import slug_field


class TeamQuerySet(models.QuerySet):
    def open_to(self, person):
        """Teams that `person` may give a system to: the own ones, or every one for a manager."""
        return self if person.is_in(Group.MANAGER) else self.filter(members=person)


class Team(models.Model):
    slug = slug_field()
    name = models.CharField(max_length=120)
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, through="Membership", related_name="teams")
    version = models.PositiveIntegerField(default=1)

    objects = TeamQuerySet.as_manager()

    class Meta:
        ordering = ["slug"]
        constraints = [models.UniqueConstraint(Lower("slug"), name="team_slug_once")]

    def __str__(self):
        return self.name


class Membership(models.Model):
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    team = models.ForeignKey(Team, models.CASCADE, related_name="memberships")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "team"], name="membership_once")]

    def __str__(self):
        return f"{self.person} in {self.team}"
