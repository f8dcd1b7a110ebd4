"""Access tokens for programs: shown once, kept as a hash (RELIABILITY S26)."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class Scope(models.TextChoices):
    """What a token is for; it can never do more than its owner."""

    READ = "read"
    WRITE = "write"
    INGEST = "ingest"
    INCIDENTS = "incidents"
    REVIEW = "review"
    ADMIN = "admin"
    METRICS = "metrics"


class TokenQuerySet(models.QuerySet):
    def alive(self):
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=Now()), revoked_at=None, person__is_active=True)


class Token(models.Model):
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=80, blank=True)
    prefix = models.CharField(max_length=12, unique=True)
    hash = models.CharField(max_length=64)
    scopes = ArrayField(models.CharField(max_length=12, choices=Scope))
    made_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    objects = TokenQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]

    def __str__(self):
        return f"{self.prefix}… of {self.person}"
