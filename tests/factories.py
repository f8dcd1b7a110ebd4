"""Rows for tests: each factory fills only what is required."""

from datetime import timedelta

import factory
from django.utils import timezone

from incidents.models import Incident
from monitoring.models import Metric, Series, Source
from systems.models import Answer, Feed, Holding, Person, Review, Role, System, Team, Waiver
from systems.questions import LAUNCH_QUESTIONS

PASSWORD = "a-long-test-password"


class TeamFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Team

    slug = factory.Sequence("team-{}".format)
    name = factory.Sequence("Team {}".format)


class PersonFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Person
        skip_postgeneration_save = True

    username = factory.Sequence("person-{}".format)
    email = factory.LazyAttribute(lambda person: f"{person.username}@portal.test")

    @factory.post_generation
    def team(self, create, team, **kwargs):
        if team:
            self.teams.add(team)


class SystemFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = System

    slug = factory.Sequence("system-{}".format)
    name = factory.Sequence("System {}".format)
    purpose = "Says which customer leaves."
    team = factory.SubFactory(TeamFactory)


class HoldingFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Holding

    system = factory.SubFactory(SystemFactory)
    role = Role.MODEL_OWNER
    person = factory.SubFactory(PersonFactory)
    from_at = factory.LazyFunction(timezone.now)
    confirmed_at = factory.LazyFunction(timezone.now)


class IncidentFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Incident
        skip_postgeneration_save = True

    number = factory.Sequence(lambda n: n + 1)
    title = factory.Sequence("Incident {}".format)
    severity = "sev3"
    noticed_how = "other"
    noticed_at = factory.LazyFunction(timezone.now)

    @factory.post_generation
    def systems(self, create, systems, **kwargs):
        for system in systems or ():
            self.systems.add(system)


class SourceFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Source

    system = factory.SubFactory(SystemFactory)
    name = factory.Sequence("Source {}".format)
    kind = "prediction_log"
    settings = factory.LazyFunction(lambda: {"url": "https://model.example/metrics"})


class MetricFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Metric

    system = factory.SubFactory(SystemFactory)
    key = factory.Sequence("metric_{}".format)


class SeriesFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Series

    metric = factory.SubFactory(MetricFactory)


class AnswerFactory(factory.django.DjangoModelFactory):
    """A confident answer that nobody has reviewed yet."""

    class Meta:
        model = Answer

    system = factory.SubFactory(SystemFactory)
    question_key = "feed_unavailable"
    n = 1
    text = "The last known value is used for a day."
    confidence = "confident"
    author = factory.SubFactory(PersonFactory)
    at = factory.LazyFunction(timezone.now)
    expires_at = factory.LazyAttribute(lambda answer: answer.at + timedelta(days=180))


class ReviewFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Review

    answer = factory.SubFactory(AnswerFactory)
    author = factory.SelfAttribute("answer.author")
    decision = "approved"
    by = factory.SubFactory(PersonFactory)
    at = factory.SelfAttribute("answer.at")


class WaiverFactory(factory.django.DjangoModelFactory):
    """A request that nobody has decided about yet."""

    class Meta:
        model = Waiver

    system = factory.SubFactory(SystemFactory)
    question_key = "feed_unavailable"
    reason = "The rate is not known yet."
    control = "Requests are counted and cut off."
    until = factory.LazyFunction(lambda: timezone.now() + timedelta(days=30))
    asked_by = factory.SubFactory(PersonFactory)
    asked_at = factory.LazyFunction(timezone.now)


def answer_all(system, *, but=(), **facts) -> None:
    """Give `system` an approved, confident answer to each of its questions, but for the keys of `but`."""
    for question in LAUNCH_QUESTIONS:
        if question.question_key not in but:
            ReviewFactory(answer=AnswerFactory(system=system, question_key=question.question_key, **facts))


class FeedFactory(factory.django.DjangoModelFactory):
    """A feed that lacks nothing but a contract."""

    class Meta:
        model = Feed

    slug = factory.Sequence("feed-{}".format)
    name = factory.Sequence("Feed {}".format)
    owner = factory.SubFactory(PersonFactory)
    arrival = "schedule"
    freshness_s = 93_600
    fallback = "The last known rows are used for a day."
    added_at = factory.LazyFunction(timezone.now)
