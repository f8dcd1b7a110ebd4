"""Answers to the questions of a system, what reviewers decided about them, and what was waived instead."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import models
from django.db.models import F, Q

MOST_EVIDENCE = 10
LONGEST_KIND = 60

_address_is_web = URLValidator(schemes=["http", "https"], message="Give a whole web address, such as https://…")


def evidence_is_links(evidence) -> None:
    """Raise ValidationError unless `evidence` is a short list of {kind, url}, each url on the web."""
    if len(evidence) > MOST_EVIDENCE:
        raise ValidationError(f"At most {MOST_EVIDENCE} links.")
    for one in evidence:
        if not one["kind"].strip() or len(one["kind"]) > LONGEST_KIND:
            raise ValidationError(f"Say in at most {LONGEST_KIND} characters what each link is.")
        _address_is_web(one["url"])


class Confidence(models.TextChoices):
    NONE = "none", "Not confident"
    PARTIAL = "partial", "Partly confident"
    CONFIDENT = "confident"


class AnswerQuerySet(models.QuerySet):
    def current(self):
        return self.filter(superseded_at=None)

    def to_review(self):
        """Current answers that wait for a reviewer: whole ones (confident, or not applicable) without a decision."""
        whole = Q(confidence=Confidence.CONFIDENT) | Q(applicable=False)
        return self.current().filter(whole, reviews=None, system__retired_at=None).order_by("at", "pk")


class Answer(models.Model):
    """A claim: a text, a confidence, a named person, a date. Never edited; a newer one takes its place.

    Where the question does not apply, the text is the reason why.
    """

    system = models.ForeignKey("System", models.CASCADE, related_name="answers")
    question_key = models.CharField(max_length=40)
    n = models.PositiveIntegerField()
    text = models.TextField(max_length=4000)
    confidence = models.CharField(max_length=10, choices=Confidence)
    applicable = models.BooleanField(default=True)
    evidence = models.JSONField(default=list, blank=True, validators=[evidence_is_links])
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="answers")
    at = models.DateTimeField()
    expires_at = models.DateTimeField()
    superseded_at = models.DateTimeField(null=True)

    objects = AnswerQuerySet.as_manager()

    class Meta:
        ordering = ["system", "question_key", "-n"]
        constraints = [
            models.UniqueConstraint(fields=["system", "question_key", "n"], name="answer_once"),
            models.UniqueConstraint(
                fields=["system", "question_key"], condition=Q(superseded_at=None), name="answer_one_current"
            ),
        ]

    def __str__(self):
        return f"{self.question_key} of {self.system}, answer {self.n}"

    @property
    def is_whole(self) -> bool:
        """Whether it says that the question is settled, and so asks for a review."""
        return self.confidence == Confidence.CONFIDENT or not self.applicable

    @property
    def review(self):
        """The latest decision about it, or None."""
        return max(self.reviews.all(), key=lambda review: review.pk, default=None)


class Decision(models.TextChoices):
    APPROVED = "approved"
    CHANGES_REQUESTED = "changes_requested", "Sent back"


class Review(models.Model):
    """What somebody else than the author decided about one answer; `rests_on` is what held at that moment."""

    answer = models.ForeignKey(Answer, models.CASCADE, related_name="reviews")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+"
    )  # the answer's, for the check
    decision = models.CharField(max_length=20, choices=Decision)
    comment = models.TextField(blank=True, max_length=2000)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="reviews")
    at = models.DateTimeField()
    rests_on = models.JSONField(default=dict)
    lapsed_at = models.DateTimeField(null=True)
    lapsed_because = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["answer", "pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(by=F("author")), name="review_by_somebody_else"),
            models.UniqueConstraint(
                fields=["answer"], condition=Q(decision=Decision.APPROVED), name="review_one_approval"
            ),
        ]

    def __str__(self):
        return f"{self.decision}: {self.answer}"


class WaiverQuerySet(models.QuerySet):
    def asked(self):
        """Requests that nobody has decided about yet."""
        return self.filter(state=Waiver.State.ASKED, system__retired_at=None).order_by("asked_at", "pk")

    def standing(self, at):
        """Those in force at the moment `at`, and the requests that nobody has decided about yet."""
        asked = Q(state=Waiver.State.ASKED, system__retired_at=None)
        return self.filter(asked | Q(state=Waiver.State.GRANTED, until__gt=at))


class Waiver(models.Model):
    """Leave to do without a confident answer for a while: why, what is done instead, until when."""

    class State(models.TextChoices):
        ASKED = "asked"
        GRANTED = "granted"
        REFUSED = "refused"

    system = models.ForeignKey("System", models.CASCADE, related_name="waivers")
    question_key = models.CharField(max_length=40)
    reason = models.TextField(max_length=2000)
    control = models.TextField(max_length=2000)
    until = models.DateTimeField()
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State, default=State.ASKED)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    comment = models.TextField(blank=True, max_length=2000)

    objects = WaiverQuerySet.as_manager()

    class Meta:
        ordering = ["system", "question_key", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["system", "question_key"], condition=Q(state="asked"), name="waiver_one_asked"
            ),
            models.CheckConstraint(
                condition=Q(state="asked", decided_by=None, decided_at=None)
                | Q(~Q(state="asked"), decided_by__isnull=False, decided_at__isnull=False),
                name="waiver_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("asked_by")), name="waiver_by_somebody_else"
            ),
        ]

    def __str__(self):
        return f"{self.state} waiver of {self.question_key} of {self.system}"
