"""How notices leave the house: a channel of a person, and one delivery for each notice on each channel."""

from django.conf import settings
from django.db import models
from django.db.models import F, Max, Q
from django.db.models.functions import Now


class Channel(models.Model):
    """Where a person wants to be told. Every person with an e-mail address has one of kind e-mail."""

    class Kind(models.TextChoices):
        EMAIL = "email", "E-mail"

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="channels")
    kind = models.CharField(max_length=10, choices=Kind)
    disabled_at = models.DateTimeField(null=True, blank=True)
    why = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "kind"], name="channel_once")]

    def __str__(self):
        return f"{self.kind} to {self.person}"


class DeliveryQuerySet(models.QuerySet):
    def due(self):
        """Waiting, its time has come, and nobody has it in hand."""
        free = Q(lease_until=None) | Q(lease_until__lte=Now())
        return self.filter(free, state=Delivery.State.WAITING, next_at__lte=Now()).order_by("next_at")

    def oldest_due_age_s(self) -> float:
        """Return for how many seconds the oldest delivery that is due has been waiting; 0 when none is."""
        ages = self.filter(state=Delivery.State.WAITING, next_at__lte=Now()).annotate(age=Now() - F("next_at"))
        oldest = ages.aggregate(oldest=Max("age"))["oldest"]
        return oldest.total_seconds() if oldest else 0.0


class Delivery(models.Model):
    """One notice on one channel: at least once, tried again with back-off for a day."""

    class State(models.TextChoices):
        WAITING = "waiting"
        SENT = "sent"
        GIVEN_UP = "given_up", "Given up"

    notice = models.ForeignKey("systems.Notice", models.CASCADE, related_name="deliveries")
    channel = models.ForeignKey(Channel, models.CASCADE, related_name="deliveries")
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    attempts = models.PositiveIntegerField(default=0)
    made_at = models.DateTimeField(db_default=Now())
    next_at = models.DateTimeField(db_default=Now())
    lease_until = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["notice", "channel"], name="delivery_once")]
        indexes = [models.Index(fields=["next_at"], condition=Q(state="waiting"), name="delivery_waiting")]

    def __str__(self):
        return f"{self.notice} by {self.channel}: {self.state}"
