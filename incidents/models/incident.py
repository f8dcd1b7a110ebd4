"""An incident: what went wrong, when each thing about it happened, and who did it."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import reduce
from operator import or_

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Prefetch, Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.timesince import timesince

from systems.models import Level, System
from systems.models.drill import CAN_BE_TRIED


class Severity(models.TextChoices):
    SEV1 = "sev1", "SEV 1"
    SEV2 = "sev2", "SEV 2"
    SEV3 = "sev3", "SEV 3"
    SEV4 = "sev4", "SEV 4"


# What an unresolved incident makes of its systems (DESIGN 4, status).
LEVELS = {
    Severity.SEV1: Level.FAILING,
    Severity.SEV2: Level.FAILING,
    Severity.SEV3: Level.DEGRADED,
    Severity.SEV4: Level.HEALTHY,
}
STEPS_TAKEN = ["acknowledged", "mitigated", "resolved"]
OF_A_ROW = ["number", "title", "severity", "declared_at", *[f"{step}_at" for step in STEPS_TAKEN]]
OF_A_ROW += [f"{step}_by__{name}" for step in STEPS_TAKEN for name in ("username", "name")]
OF_A_LINE = ["number", "title", "severity", "declared_at", "acknowledged_at", "resolved_at"]
ONE_PER_CAUSE = "incident_one_per_cause"
NOTICED = {
    "monitor": "the portal's own monitoring",
    "on_call": "an on-call engineer",
    "data_scientist": "a data scientist",
    "user_report": "a user",
    "business_metric": "a business metric",
    "other": "somebody",
}


class IncidentQuerySet(models.QuerySet):
    def unresolved(self):
        return self.filter(resolved_at=None)

    def in_states(self, states: Iterable[str]):
        """Those whose furthest step is one of `states` (Incident.State)."""
        return self.filter(reduce(or_, [_is_in(state) for state in states]))

    def visible_to(self, person):
        """Incidents that touch no system, or at least one that `person` may see."""
        if person.sees_every_system:
            return self
        touched = IncidentSystem.objects.filter(incident=OuterRef("pk"))
        seen = touched.filter(system__in=System.objects.visible_to(person))
        return self.filter(~Exists(touched) | Exists(seen))

    def of_systems(self, systems) -> dict:
        """Return the incidents of each of `systems`, by its primary key; one query, the worst first."""
        touching = self.filter(incidentsystem__system__in=systems).annotate(touches=F("incidentsystem__system"))
        by_system: dict = {}
        for one in touching.with_who().only(*OF_A_ROW).order_by("severity", "declared_at"):
            by_system.setdefault(one.touches, []).append(one)
        return by_system

    def for_list_page(self, person):
        """With who did what, and as `shown_systems` those of its systems that `person` may see."""
        seen = Prefetch("systems", System.objects.visible_to(person), to_attr="shown_systems")
        return self.prefetch_related(seen).with_who()

    def with_names(self, person):
        """As much as one line says, with the names of those of its systems that `person` may see (`shown_systems`)."""
        seen = Prefetch("systems", System.objects.visible_to(person).only("name"), to_attr="shown_systems")
        return self.prefetch_related(seen).only(*OF_A_LINE)

    def with_who(self):
        """With who took each step."""
        return self.select_related("acknowledged_by", "mitigated_by", "resolved_by")

    def open_first(self):
        """Unresolved ones first, the most severe on top and among these the newest; then the last resolved."""
        return self.order_by(F("resolved_at").desc(nulls_first=True), "severity", "-number")


def _is_in(state: str) -> Q:
    steps = list(Incident.State)
    later = steps[steps.index(state) + 1 :]
    reached = {} if state == Incident.State.OPEN else {f"{state}_at__isnull": False}
    return Q(**reached, **{f"{step}_at": None for step in later})


def _who(name: str) -> models.ForeignKey:
    return models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name=name)


class Incident(models.Model):
    """Each stamp is set once, by its event; `cause` names what it is about, `system:portal` for one.

    Of a `situation` it counts as a drill once it is resolved; `held` says whether what was written for that did.
    """

    class NoticedHow(models.TextChoices):
        MONITOR = "monitor"
        ON_CALL = "on_call", "On-call engineer"
        DATA_SCIENTIST = "data_scientist", "Data scientist"
        USER_REPORT = "user_report", "User report"
        BUSINESS_METRIC = "business_metric", "Business metric"
        OTHER = "other"

    class Topic(models.TextChoices):
        QUALITY = "quality", "Quality of the predictions"
        DATA = "data"
        SERVICE = "service"
        BUSINESS = "business"
        OTHER = "other", "Other, or nobody said"

    class State(models.TextChoices):
        OPEN = "open"
        ACKNOWLEDGED = "acknowledged"
        MITIGATED = "mitigated"
        RESOLVED = "resolved"

        @classmethod
        def unresolved(cls) -> list["Incident.State"]:
            return [cls.OPEN, cls.ACKNOWLEDGED, cls.MITIGATED]

    number = models.PositiveIntegerField(unique=True)
    cause = models.CharField(max_length=120, blank=True)
    title = models.CharField(max_length=200)
    severity = models.CharField(max_length=4, choices=Severity)
    systems = models.ManyToManyField(System, through="IncidentSystem", related_name="incidents")
    by_alert = models.BooleanField(default=False)
    topic = models.CharField(max_length=10, choices=Topic, default=Topic.OTHER)
    situation = models.CharField(max_length=20, choices=CAN_BE_TRIED, blank=True)
    held = models.BooleanField(default=True)
    noticed_how = models.CharField(max_length=16, choices=NoticedHow)
    noticed_by = _who("noticed_incidents")
    impact_started_at = models.DateTimeField(null=True, blank=True)
    first_visible_at = models.DateTimeField(null=True, blank=True)
    noticed_at = models.DateTimeField()
    declared_at = models.DateTimeField(db_default=Now())
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = _who("acknowledged_incidents")
    mitigated_at = models.DateTimeField(null=True, blank=True)
    mitigated_by = _who("mitigated_incidents")
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = _who("resolved_incidents")
    version = models.PositiveIntegerField(default=1)

    objects = IncidentQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["cause"], condition=Q(by_alert=True, resolved_at=None), name=ONE_PER_CAUSE),
            *[
                models.CheckConstraint(
                    condition=Q(**{f"{step}_at": None, f"{step}_by": None})
                    | Q(**{f"{step}_at__isnull": False, f"{step}_by__isnull": False}),
                    name=f"incident_{step}_when_and_who",
                )
                for step in ("acknowledged", "mitigated", "resolved")
            ],
        ]

    def __str__(self):
        return f"#{self.number} {self.title}"

    def get_absolute_url(self) -> str:
        return reverse("incidents:detail", args=[self.number])

    @property
    def state(self) -> str:
        """The furthest step that was taken (Incident.State)."""
        for step in (self.State.RESOLVED, self.State.MITIGATED, self.State.ACKNOWLEDGED):
            if getattr(self, f"{step.value}_at"):
                return step
        return self.State.OPEN

    def is_before(self, step: str) -> bool:
        """Whether neither `step` nor a later one was taken."""
        steps = list(self.State)
        return steps.index(self.state) < steps.index(step)

    def last_step_sentence(self) -> str:
        """Return who took the furthest step and when, as a sentence."""
        if self.state == self.State.OPEN:
            return f"Incident {self.number} is open."
        who, when = getattr(self, f"{self.state}_by"), getattr(self, f"{self.state}_at")
        return f"Incident {self.number} was {self.state} by {who} on {when:%-d %B at %H:%M} UTC."

    @property
    def level(self) -> str:
        """What it makes of its systems (systems.models.Level); a resolved one nothing bad."""
        return Level.HEALTHY if self.resolved_at else LEVELS[self.severity]

    @property
    def who(self):
        """Who is on it: whoever took the furthest step; None while it is open."""
        return None if self.state == self.State.OPEN else getattr(self, f"{self.state}_by")

    @property
    def began_at(self) -> datetime | None:
        """When it began, as far as is known: the impact itself, else the first bad point in the portal's data."""
        return self.impact_started_at or self.first_visible_at

    @property
    def noticed(self) -> str:
        """Who or what noticed it, in words."""
        return str(self.noticed_by or NOTICED[self.noticed_how])

    @property
    def noticing_sentence(self) -> str:
        """Say how long it was visible in the portal's own data before anybody noticed; empty when it never was."""
        if not self.first_visible_at:
            return ""
        if self.noticed_at < self.first_visible_at:
            return "It was noticed before it was visible in our data."
        if self.noticed_at - self.first_visible_at < timedelta(minutes=1):
            return "It was noticed as soon as it was visible in our data."
        return f"It was visible in our data for {timesince(self.first_visible_at, self.noticed_at)} before that."


class IncidentSystem(models.Model):
    incident = models.ForeignKey(Incident, models.CASCADE)
    system = models.ForeignKey(System, models.PROTECT)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["incident", "system"], name="incident_system_once")]

    def __str__(self):
        return f"{self.incident} touches {self.system}"
