"""Checklists: versions of lists of questions, each in force from a day on."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from systems.models.slug import slug_field


class Topic(models.TextChoices):
    """What is asked of every system, in the order of its page."""

    DATA = "data"
    QUALITY = "quality"
    ERRORS = "errors", "When it errs"
    RETRAINING = "retraining"
    RESILIENCE = "resilience"
    OWNERSHIP = "ownership"
    PHASES = "phases", "Phases and cost"


class Checklist(models.Model):
    key = slug_field()
    title = models.CharField(max_length=80)

    class Meta:
        ordering = ["key"]
        constraints = [models.UniqueConstraint(fields=["key"], name="checklist_key_once")]

    def __str__(self):
        return self.title


class ChecklistVersion(models.Model):
    """What a checklist asks from `in_force_from` on; null: a draft. `published_by` null: it came with the portal."""

    checklist = models.ForeignKey(Checklist, models.CASCADE, related_name="versions")
    n = models.PositiveIntegerField()
    in_force_from = models.DateTimeField(null=True)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["checklist", "-n"]
        constraints = [models.UniqueConstraint(fields=["checklist", "n"], name="checklist_version_once")]

    def __str__(self):
        return f"{self.checklist} {self.n}"


class ItemQuerySet(models.QuerySet):
    def in_force(self, checklist: str, at):
        """The questions of the newest version of `checklist` that is in force at the moment `at`, in order."""
        newest = ChecklistVersion.objects.filter(checklist__key=checklist, in_force_from__lte=at).order_by("-n")
        return self.filter(checklist_version__in=newest.values("pk")[:1])


class Item(models.Model):
    """One question of a version. `tiers` are those that are asked; `checks` the keys of what counts as evidence."""

    checklist_version = models.ForeignKey(ChecklistVersion, models.CASCADE, related_name="items")
    position = models.PositiveSmallIntegerField()
    question_key = models.CharField(max_length=40)
    title = models.CharField(max_length=40)
    text = models.CharField(max_length=300)
    guidance = models.TextField(blank=True)
    topic = models.CharField(max_length=12, choices=Topic)
    tiers = ArrayField(models.PositiveSmallIntegerField())
    required = models.BooleanField(default=True)
    checks = ArrayField(models.CharField(max_length=60), default=list, blank=True)

    objects = ItemQuerySet.as_manager()

    class Meta:
        ordering = ["checklist_version", "position"]
        constraints = [models.UniqueConstraint(fields=["checklist_version", "question_key"], name="item_once")]

    def __str__(self):
        return self.title
