"""The engine's three tables: duties, the audit trail, and answers kept for repeated requests."""

import re

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)[\d:.]*\+00:00")  # as the trail keeps a time


class DutyQuerySet(models.QuerySet):
    def due(self):
        """Duties whose time has come and that nobody was nudged for, or whose nudge came to nothing."""
        return self.filter(due_at__lte=Now()).filter(Q(lease_until=None) | Q(lease_until__lte=Now()))

    def with_age(self):
        """Each with `age`: time since it was last done, by the database's clock; null when never."""
        return self.annotate(age=Now() - F("finished_at"))


class Duty(models.Model):
    """Something that the portal does by itself, again and again. A row's times are the canary of the whole engine."""

    name = models.CharField(primary_key=True, max_length=40)
    queue = models.CharField(max_length=10)
    every_s = models.FloatField()
    late_after_s = models.FloatField()
    due_at = models.DateTimeField(db_default=Now())
    lease_until = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    did = models.IntegerField(default=0)
    ahead_s = models.FloatField(
        default=0, db_default=0
    )  # the clock of the process that did it last, before the database's
    error = models.TextField(default="", blank=True)

    objects = DutyQuerySet.as_manager()

    def __str__(self):
        return self.name


class Change(models.Model):
    """The audit trail: who changed what, through which door. Append-only: a trigger refuses update and delete.

    Names are text and no foreign key leaves the engine: the trail outlives what it speaks of.
    """

    class Door(models.TextChoices):
        PAGE = "page"
        API = "api"
        FILE = "file"
        COMMAND = "command"
        DUTY = "duty"

    at = models.DateTimeField(db_default=Now(), db_index=True)
    by = models.CharField(max_length=150, blank=True)
    door = models.CharField(max_length=10, choices=Door)
    system = models.CharField(max_length=80, blank=True)
    kind = models.CharField(max_length=40)
    object = models.CharField(max_length=200)
    verb = models.CharField(max_length=40)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    request = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["system", "-id"], name="change_of_system")]

    def __str__(self):
        return f"{self.verb} {self.kind} {self.object}"

    @property
    def verb_words(self) -> str:
        return self.verb.replace("_", " ")

    @property
    def subject(self) -> str:
        """What was changed, in words: "role model owner"."""
        return f"{self.kind} {self.object}".replace("_", " ")

    @property
    def lines(self) -> list[tuple[str, str, str]]:
        """What differs, as texts: (field, before, after); what is the same on both sides is left out."""
        before, after = self.before or {}, self.after or {}
        names = {**before, **after}
        texts = [(name.replace("_", " "), _text(before.get(name)), _text(after.get(name))) for name in names]
        return [line for line in texts if line[1] != line[2]]


def _text(value) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name.replace('_', ' ')}: {_text(one) or 'nothing'}" for name, one in value.items())
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = "" if value is None else str(value)
    moment = _MOMENT.fullmatch(text)
    return f"{moment[1]} {moment[2]} UTC" if moment else text


class IdempotencyKey(models.Model):
    """The answer to a POST that carried an Idempotency-Key, given again when the same request comes again (24 h)."""

    person = models.CharField(max_length=150)
    key = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.JSONField(null=True)
    at = models.DateTimeField(db_default=Now(), db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "key"], name="idempotency_key_once")]

    def __str__(self):
        return f"{self.person} {self.key}"
