"""An ML system in the registry."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Case, Count, F, Func, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce, Lower, Now
from django.urls import reverse
from django.utils import timezone

from systems.models.condition import Level, StatusSpan
from systems.models.face import Face
from systems.models.holding import Holding, Role
from systems.models.outcome import OVERDUE, Outcome
from systems.models.phase import Phase, Scoped, scoped_by
from systems.models.phase_plan import PhasePlan
from systems.models.slug import slug_field
from systems.models.team import Team

PORTAL = "portal"
CHECKS_EVERY = timedelta(hours=1)
NOT_LISTED = ["links", "verdict_against", "verdict_due_at", "verdict_since", "verdict_sentence", "checks_due_at"]
NOT_LISTED += ["reality_gap_now", "reality_gap_share", "reality_gap_sentence", "reality_due_at"]
OVER = Q(status_good_until__lt=Now())  # nobody has looked since
LINE = 110  # letters of a purpose in a row
NOT_LOOKED = "Nobody has looked since."  # the sentence of a status whose time is over


class Verdict(models.TextChoices):
    """Whether its questions have confident answers; computed (systems/actions/verdict.py), never typed."""

    EXPERIMENT = "experiment", "At the experiment stage"
    READY = "ready"


class SystemQuerySet(models.QuerySet):
    def visible_to(self, person):
        """What `person` may see: all but restricted systems, and those of own teams, own roles, or as a manager."""
        if person.sees_every_system:
            return self
        own = Q(team__members=person) | Q(holdings__person=person, holdings__to=None)
        own |= Q(holdings__deputy=person, holdings__to=None)
        return self.filter(Q(restricted=False) | Q(pk__in=System.objects.filter(own).values("pk")))

    def hidden_from(self, person):
        """What `person` may not see, and so what does not exist for them."""
        return self.exclude(pk__in=System.objects.visible_to(person).values("pk"))

    def known_as(self, slug: str):
        """The system that has this slug, or had it once."""
        return self.filter(Q(slug=slug) | Q(pk__in=self.model.objects.filter(old_slugs__slug=slug).values("pk")))

    def in_use(self):
        return self.filter(retired_at=None)

    def of(self, person):
        """Systems that `person` answers for: in a role, as a deputy, or as a member of the team."""
        held = Holding.objects.current().of(person).order_by().values("system")
        of_teams = System.objects.filter(team__in=person.teams.all()).order_by().values("pk")
        return self.filter(pk__in=held.union(of_teams, all=True))  # an OR of the two looks at every system

    def with_status(self):
        """Each with `status_now` and `status_now_since`: as stored, or unknown since its time ran out."""
        word = Case(When(OVER, then=Value(Level.UNKNOWN)), default=F("status"), output_field=models.CharField())
        since = Case(When(OVER, then=F("status_good_until")), default=F("status_since"))
        return self.annotate(status_now=word, status_now_since=since)

    def worst_first(self):
        """Failing, degraded, unknown, unmonitored, healthy; within each the longest first. Needs with_status()."""
        levels = Value(Level.worst_first(), output_field=ArrayField(models.CharField()))
        rank = Func(levels, F("status_now"), function="array_position", output_field=models.IntegerField())
        return self.order_by(rank, "status_now_since", "slug")

    def with_gap_count(self):
        """Each with `gap_count`, its failing checks, and `gaps_unknown`: nobody has run its checks in time."""
        failing = Outcome.objects.failing().filter(system=OuterRef("pk")).order_by().values("system")
        count = Coalesce(Subquery(failing.annotate(n=Count("pk")).values("n")), 0)
        return self.annotate(gap_count=count, gaps_unknown=Q(checks_due_at__lt=Now() - OVERDUE))

    def checked_in_time(self):
        """Those whose checks ran in time, so that what they found is known."""
        return self.filter(checks_due_at__gte=Now() - OVERDUE)

    def with_scope(self):
        """Each with `scoped_phases`, of which dates, budget and exit criterion stand."""
        return self.annotate(
            scoped_phases=ArraySubquery(PhasePlan.objects.scoped().filter(system=OuterRef("pk")).values("phase"))
        )

    def for_list_page(self):
        """What a row of the registry shows; its owners come with with_owners()."""
        return self.with_status().with_gap_count().with_scope().defer(*NOT_LISTED).select_related("team")

    def in_order(self, keys: list[int]) -> list["System"]:
        """Return those that have the primary keys `keys`, in the order of these."""
        found = self.in_bulk(keys)
        return [found[key] for key in keys if key in found]


class System(models.Model):
    """Model(s), data, service and purpose that people answer for together."""

    slug = slug_field()
    name = models.CharField(max_length=120)
    purpose = models.TextField(blank=True, max_length=2000)
    tier = models.PositiveSmallIntegerField(default=3, validators=[MinValueValidator(1), MaxValueValidator(4)])
    team = models.ForeignKey(Team, models.PROTECT, related_name="systems")
    phase = models.CharField(max_length=12, choices=Phase, default=Phase.RESEARCH)
    restricted = models.BooleanField(default=False)
    tags = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    links = models.JSONField(default=dict, blank=True)
    registered_at = models.DateTimeField(default=timezone.now)
    retired_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    status = models.CharField(max_length=12, choices=Level, default=Level.UNMONITORED)
    status_since = models.DateTimeField(db_default=Now())
    status_sentence = models.CharField(max_length=300, default="Nobody has looked at this system yet.")
    status_good_until = models.DateTimeField(null=True)
    checks_due_at = models.DateTimeField(db_default=Now(), db_index=True)

    verdict = models.CharField(max_length=12, choices=Verdict, default=Verdict.EXPERIMENT)
    verdict_since = models.DateTimeField(db_default=Now())
    verdict_sentence = models.CharField(max_length=300, default="At the experiment stage: nobody has asked yet.")
    verdict_short = models.CharField(max_length=80, default="not asked yet")
    verdict_due_at = models.DateTimeField(db_default=Now(), null=True, db_index=True)  # when time alone may move it
    verdict_against = ArrayField(models.CharField(max_length=40), default=list, blank=True)  # questions, by evidence

    # What the experiment promised and production does not keep, in the unit of the leading metric, above 0 when worse;
    # None where it is not known, and the sentence says why. Whoever measures it writes it; the share is of the figure.
    reality_gap = models.FloatField(null=True)
    reality_gap_now = models.FloatField(null=True)
    reality_gap_share = models.FloatField(null=True)
    reality_gap_sentence = models.CharField(max_length=300, default="Not known: nobody has compared yet.")
    reality_due_at = models.DateTimeField(db_default=Now(), db_index=True)

    objects = SystemQuerySet.as_manager()

    class Meta:
        ordering = ["slug"]
        constraints = [
            models.UniqueConstraint(Lower("slug"), name="system_slug_once"),
            models.CheckConstraint(condition=Q(tier__range=(1, 4)), name="system_tier_known"),
        ]

    def __str__(self):
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("systems:detail", args=[self.slug])

    @property
    def slugs(self) -> list[str]:
        """Return the slug and those that it had before: under each the audit trail may speak of it."""
        return [self.slug, *self.old_slugs.values_list("slug", flat=True)]

    @property
    def readiness_url(self) -> str:
        """The page of its questions; each question's own page is below it, by key."""
        return reverse("systems:readiness", args=[self.slug])

    def status_history(self, since: datetime | None = None) -> list[StatusSpan]:
        """Return the spans of status that lasted beyond `since`, newest first.

        A status whose time is over ends there, and unknown begins. Needs `status_now` (with_status()).
        """
        spans = list(self.status_spans.since(since) if since else self.status_spans.all())
        if self.status_now != self.status and spans and spans[0].to_at is None:
            spans[0].to_at = over = max(self.status_good_until, spans[0].from_at)
            spans.insert(0, StatusSpan(system=self, status=self.status_now, sentence=NOT_LOOKED, from_at=over))
        return spans

    @property
    def is_portal(self) -> bool:
        """Whether this is the portal itself, which stands in its own registry."""
        return self.slug == PORTAL

    @property
    def scoped(self) -> Scoped:
        """How much of it is scoped; needs with_scope()."""
        return scoped_by(self.scoped_phases)

    def roles(self) -> list[tuple[Role, Holding | None]]:
        """Return the five roles, each with who holds it now, or None."""
        current = self.holdings.current().with_confirm_by().select_related("person", "deputy")
        held = {holding.role: holding for holding in current}
        return [(role, held.get(role)) for role in Role]

    @property
    def purpose_line(self) -> str:
        """The purpose as far as it fits a row."""
        return self.purpose if len(self.purpose) <= LINE else f"{self.purpose[: LINE - 1]}…"

    @property
    def product_owner(self):
        """The Face of the product owner, or None; after with_owners()."""
        return self.owners_shown.get(Role.PRODUCT_OWNER)

    @property
    def model_owner(self):
        """The Face of the model owner, or None; after with_owners()."""
        return self.owners_shown.get(Role.MODEL_OWNER)


def with_owners(systems: Iterable[System]) -> list[System]:
    """Return `systems` as a list, each with its `owners_shown`, a Face by role; one query."""
    systems = list(systems)
    owners: dict[int, dict[str, Face]] = {system.pk: {} for system in systems}
    held = Holding.objects.current().filter(system__in=list(owners), role__in=[Role.PRODUCT_OWNER, Role.MODEL_OWNER])
    for pk, role, *names in held.order_by().values_list("system", "role", "person__username", "person__name"):
        owners[pk][role] = Face(*names)
    for system in systems:
        system.owners_shown = owners[system.pk]
    return systems
