"""Where input comes from, what is promised of it, and its contract in versions."""

from functools import cached_property

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import OuterRef, Q, Subquery
from django.db.models.functions import Lower
from django.urls import reverse

from mlops_portal.engine.plain_yaml import parse_yaml
from systems.models.slug import slug_field
from systems.models.system import System
from systems.models.words import words_are_seen

LONGEST_SPAN_S = 10 * 365 * 86_400


class Arrival(models.TextChoices):
    REQUEST = "request", "With each request"
    STREAM = "stream", "As a stream"
    SCHEDULE = "schedule", "On a schedule"
    FILE = "file", "As files"


class FeedQuerySet(models.QuerySet):
    def in_use(self):
        return self.filter(retired_at=None)

    def with_contract(self):
        """Each with `settled`, the status of its newest contract that was more than a proposal or a draft, or None."""
        settled = Contract.objects.settled().filter(feed=OuterRef("pk")).order_by("-n")
        newest = Contract.objects.filter(feed=OuterRef("pk")).order_by("-n")
        return self.annotate(
            settled=Subquery(settled.values("status")[:1]),
            newest_status=Subquery(newest.values("status")[:1]),
            newest_from=Subquery(newest.values("from_on")[:1]),
        )

    def for_list_page(self):
        """What a row of the list shows."""
        return self.with_contract().select_related("owner").order_by("slug")


class Feed(models.Model):
    """A feed of input: `freshness_s` is how old its newest rows are at most, `max_delay_s` how late they come.

    `evidence_metric` is the key of a metric of `evidence_system` by which one sees that it is so; monitoring judges it.
    """

    slug = slug_field()
    name = models.CharField(max_length=120, validators=[words_are_seen])
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="feeds")
    arrival = models.CharField(max_length=10, choices=Arrival)
    freshness_s = models.PositiveIntegerField(validators=[MinValueValidator(1), MaxValueValidator(LONGEST_SPAN_S)])
    max_delay_s = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(LONGEST_SPAN_S)]
    )
    fallback = models.TextField(max_length=2000, blank=True, validators=[words_are_seen])
    evidence_system = models.ForeignKey(System, models.PROTECT, null=True, blank=True, related_name="evidence_of")
    evidence_metric = models.CharField(max_length=80, blank=True)
    added_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = FeedQuerySet.as_manager()

    class Meta:
        ordering = ["slug"]
        constraints = [
            models.UniqueConstraint(Lower("slug"), name="feed_slug_once"),
            models.CheckConstraint(condition=Q(freshness_s__range=(1, LONGEST_SPAN_S)), name="feed_freshness"),
            models.CheckConstraint(
                condition=Q(max_delay_s=None) | Q(max_delay_s__range=(1, LONGEST_SPAN_S)), name="feed_max_delay"
            ),
            models.CheckConstraint(
                condition=Q(evidence_system=None, evidence_metric="")
                | Q(evidence_system__isnull=False) & ~Q(evidence_metric=""),
                name="feed_evidence_whole",
            ),
        ]

    def __str__(self):
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("systems:feed", args=[self.slug])

    @property
    def contract_url(self) -> str:
        return reverse("systems:contract", args=[self.slug])

    @property
    def has_contract(self) -> bool:
        """Whether a contract is in force; needs with_contract()."""
        return self.settled in Contract.IN_FORCE

    def contract_in_force(self) -> "Contract | None":
        """Return the newest contract that holds; None while there is none, and after it was retired."""
        settled = self.contracts.settled().first()
        return settled if settled and settled.status in Contract.IN_FORCE else None

    def evidence_for(self, person) -> System | None:
        """Return the system whose metric shows whether it is fresh; None for those who may not know of that system."""
        system = self.evidence_system
        is_open = system and (not system.restricted or System.objects.visible_to(person).filter(pk=system.pk).exists())
        return system if is_open else None

    def dependents(self, person) -> models.QuerySet[System]:
        """Return the systems in use that depend on it and that `person` may see."""
        return System.objects.visible_to(person).in_use().filter(dependencies__on_feed=self).order_by("slug")


class ContractQuerySet(models.QuerySet):
    def settled(self):
        """Those that are, or were, more than a proposal or a draft."""
        return self.exclude(status__in=[Contract.Status.PROPOSED, Contract.Status.DRAFT])


class Contract(models.Model):
    """A version of a feed's contract: `text` as it came, kept for ever; `from_on` is when a proposed one is to hold."""

    class Status(models.TextChoices):
        PROPOSED = "proposed"
        DRAFT = "draft"
        ACTIVE = "active", "In force"
        DEPRECATED = "deprecated", "In force, but deprecated"
        RETIRED = "retired"

    IN_FORCE = (Status.ACTIVE, Status.DEPRECATED)

    feed = models.ForeignKey(Feed, models.CASCADE, related_name="contracts")
    n = models.PositiveIntegerField()
    text = models.TextField()
    status = models.CharField(max_length=10, choices=Status)
    from_on = models.DateField(null=True, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    objects = ContractQuerySet.as_manager()

    class Meta:
        ordering = ["feed", "-n"]
        constraints = [
            models.UniqueConstraint(fields=["feed", "n"], name="contract_once"),
            models.CheckConstraint(
                condition=~Q(status="proposed") | Q(from_on__isnull=False), name="contract_proposed_from"
            ),
        ]

    def __str__(self):
        return f"{self.feed}: contract {self.n}"

    @property
    def version(self) -> int:
        return self.n

    @cached_property
    def document(self) -> dict:
        """What the text says."""
        return parse_yaml(self.text.encode())

    @property
    def is_proposed(self) -> bool:
        return self.status == Contract.Status.PROPOSED


class Confirmation(models.Model):
    """That a system which depends on the feed can live with the proposed contract, as somebody of it said."""

    contract = models.ForeignKey(Contract, models.CASCADE, related_name="confirmations")
    system = models.ForeignKey(System, models.CASCADE, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["at"]
        constraints = [models.UniqueConstraint(fields=["contract", "system"], name="confirmation_once")]

    def __str__(self):
        return f"{self.system}: {self.contract}"
