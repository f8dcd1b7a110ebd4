"""What a monitor found."""

from collections.abc import Iterable
from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.functional import cached_property

from monitoring.models.blindness import Blindness
from monitoring.models.monitor import Monitor
from systems.models import System

SETTLES = timedelta(minutes=10)  # after a blindness, within which every source is heard again or stands for itself


class AlertQuerySet(models.QuerySet):
    def open(self):
        return self.filter(cleared_at=None)

    def alarming(self):
        """Open ones that somebody has to see to; without those that only ask about a new version."""
        return self.open().filter(asks="")

    def of_systems(self, systems):
        return self.filter(Q(monitor__series__metric__system__in=systems) | Q(monitor__source__system__in=systems))

    def visible_to(self, person):
        return self.filter(monitor__in=Monitor.objects.visible_to(person))

    def because_blind(self, at):
        """Silences of sources that could not be asked because the portal is blind, or was until a moment ago."""
        lasting = Q(over_at=None) | Q(over_at__gt=at - SETTLES)
        failing = OuterRef("monitor__series__source__failing_since")
        blind = Exists(Blindness.objects.filter(lasting, from_at__lte=failing))
        unreachable = Q(monitor__series__source__back_off_until__isnull=False)
        return self.filter(blind, unreachable, monitor__kind=Monitor.Kind.SILENCE)

    def with_origin(self):
        """With all that `system`, `role` and the sentences of pages ask for."""
        return self.select_related("monitor__series__metric__system__team", "monitor__source__system__team")


class Alert(models.Model):
    """Open until what it says is over; never cleared by missing data (`not_evaluated_since` says so meanwhile).

    One that comes back soon is the same alert, unless people ended its incident in between (`settled_at`). `asks`
    names a new model version: its new level may be the new normal, so a person is asked and nobody alarmed. `amended`
    says what late or corrected points changed of it; `explanation` is as monitoring/explaining/ gave it when the
    newest value was that of `explained_until`: what of it may be read now is `told`.
    """

    monitor = models.ForeignKey(Monitor, models.CASCADE, related_name="alerts")
    opened_at = models.DateTimeField()
    onset_at = models.DateTimeField(null=True)
    first_visible_at = models.DateTimeField(null=True)
    cleared_at = models.DateTimeField(null=True)
    severity = models.CharField(max_length=10, choices=Monitor.Severity)
    sentence = models.CharField(max_length=300)
    detail = models.JSONField(default=dict)
    not_evaluated_since = models.DateTimeField(null=True)
    returned = models.PositiveIntegerField(default=0)
    returned_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    asks = models.CharField(max_length=120, blank=True)
    amended = models.CharField(max_length=300, blank=True)
    explanation = models.JSONField(default=dict, blank=True)
    explained_until = models.DateTimeField(null=True)
    real = models.BooleanField(null=True)
    said_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    said_at = models.DateTimeField(null=True)

    objects = AlertQuerySet.as_manager()

    class Meta:
        ordering = ["-opened_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["monitor"], condition=Q(cleared_at=None), name="alert_one_open"),
            models.CheckConstraint(
                condition=Q(cleared_at=None) | Q(cleared_at__gte=models.F("opened_at")), name="alert_forward"
            ),
        ]

    def __str__(self):
        return self.sentence

    @property
    def system(self):
        return self.monitor.system

    @cached_property
    def names(self) -> frozenset[int]:
        """The ids of other systems that its explanation names."""
        return frozenset(filter(None, (one.get("names") for one in self.explanation.get("changes", []))))

    @cached_property
    def not_to_name(self) -> frozenset[int]:
        """Those of `names` that are restricted by now; a query, unless ask_once() has asked for many."""
        return _restricted(self.names)

    @property
    def told(self) -> dict:
        """The explanation without what names a system that has become restricted since."""
        if not self.not_to_name:
            return self.explanation
        changes, beside = self.explanation["changes"], self.explanation.get("beside", [])
        hidden = {one["words"] for one in changes if one.get("names") in self.not_to_name}
        return self.explanation | {
            "changes": [one for one in changes if one["words"] not in hidden],
            "beside": [words for words in beside if words not in hidden],
        }

    @property
    def whole_sentence(self) -> str:
        """The sentence with what moved most, and what moved or changed with it."""
        most, beside = self.told.get("most", ""), self.told.get("beside", [])
        if self.asks and beside:
            return f"{self.sentence} At about that time {'; '.join(beside)}."
        text = self.sentence.removesuffix(".") if most or beside else self.sentence
        return f"{'; '.join([f'{text}{most}', *beside])}." if most or beside else text

    def whole_within(self, sentence: str) -> str:
        """Return a sentence that begins with this alert's with the whole of it in its place; any other as it is."""
        return (
            sentence.replace(self.sentence, self.whole_sentence, 1) if sentence.startswith(self.sentence) else sentence
        )

    @property
    def role(self) -> str:
        """The role whose holder is told."""
        return self.monitor.role


def ask_once(alerts: Iterable[Alert]) -> None:
    """Find out for many alerts what their explanations are not to name: one query at most."""
    rows = list(alerts)
    restricted = _restricted(frozenset().union(*(one.names for one in rows)))
    for one in rows:
        one.not_to_name = one.names & restricted


def _restricted(ids: frozenset[int]) -> frozenset[int]:
    found = System.objects.filter(pk__in=ids, restricted=True).values_list("pk", flat=True) if ids else ()
    return frozenset(found)
