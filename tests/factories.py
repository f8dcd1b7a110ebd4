"""Rows for tests: each factory fills only what is required."""

import factory
from django.utils import timezone

from incidents.models import Incident
from monitoring.models import Metric, Series, Source
from systems.models import Holding, Person, Role, System, Team

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
    kind = "pages"
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
