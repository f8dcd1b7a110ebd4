"""A notice: something that must reach a person."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from systems.models.system import System


class NoticeQuerySet(models.QuerySet):
    def for_person(self, person):
        """Notices to `person` or to one of the person's teams."""
        return self.filter(Q(person=person) | Q(team__in=person.teams.all()))

    def unread(self):
        return self.filter(read_at=None)

    def unread_by(self, person):
        """Unread notices to `person`, of systems that `person` may see."""
        seen = Q(system=None) | Q(system__in=System.objects.visible_to(person).values("pk"))
        return self.unread().for_person(person).filter(seen)

    def mark_read(self, keys: list[int]) -> int:
        """Mark those of the notices whose primary key is in `keys` as read; return how many were."""
        return self.filter(pk__in=keys).update(read_at=Now())


class Notice(models.Model):
    """Told once: the key is unique, so whoever writes it again writes nothing."""

    class Urgency(models.TextChoices):
        NOW = "now"
        DIGEST = "digest"

    key = models.CharField(max_length=200, unique=True)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="notices")
    team = models.ForeignKey("Team", models.CASCADE, null=True, related_name="notices")
    system = models.ForeignKey("System", models.CASCADE, null=True, related_name="notices")
    urgency = models.CharField(max_length=8, choices=Urgency, default=Urgency.NOW)
    subject = models.CharField(max_length=200)
    text = models.TextField()
    url = models.CharField(max_length=300)
    at = models.DateTimeField(db_default=Now())
    read_at = models.DateTimeField(null=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(person__isnull=False, team__isnull=True) | Q(person__isnull=True, team__isnull=False),
                name="notice_to_exactly_one",
            )
        ]

    def __str__(self):
        return self.subject
