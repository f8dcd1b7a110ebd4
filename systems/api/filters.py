"""What the lists of people, notices and changes can be asked for; systems have theirs in systems/filters.py."""

from datetime import UTC, datetime, time, timedelta

import django_filters
from django.db.models import Q, TextField
from django.db.models.functions import Cast

from mlops_portal.engine.models import Change
from systems.filters import LONGEST_QUERY
from systems.models import Group, Notice, Person, Team


class PersonFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(method="matching", max_length=200)
    group = django_filters.ChoiceFilter(field_name="groups", lookup_expr="contains", method="in_group", choices=Group)
    team = django_filters.ModelChoiceFilter(queryset=Team.objects.all(), field_name="teams", to_field_name="slug")

    class Meta:
        model = Person
        fields: list[str] = []

    def matching(self, people, name, words):
        return people.filter(Q(username__icontains=words) | Q(name__icontains=words))

    def in_group(self, people, name, group):
        return people.in_group(group)


class NoticeFilter(django_filters.FilterSet):
    read = django_filters.ChoiceFilter(method="by_read", choices=[("true", "Read"), ("false", "Unread")])

    class Meta:
        model = Notice
        fields: list[str] = []

    def by_read(self, notices, name, read):
        return notices.filter(read_at__isnull=read == "false")


class HistoryFilter(django_filters.FilterSet):
    """What the history of one system can be asked for; days are in UTC."""

    q = django_filters.CharFilter(max_length=LONGEST_QUERY, method="matching", label="Text of what was changed")
    by = django_filters.CharFilter(max_length=150, lookup_expr="iexact", label="User name")
    kind = django_filters.CharFilter(max_length=40, label="Kind of thing")
    verb = django_filters.CharFilter(max_length=40, label="What was done")
    door = django_filters.ChoiceFilter(choices=Change.Door, label="Door")
    since = django_filters.DateFilter(method="from_day", label="First day")
    until = django_filters.DateFilter(method="to_day", label="Last day")

    class Meta:
        model = Change
        fields: list[str] = []

    @property
    def qs(self):
        """The rows asked for; none at all when a value of the query string was not understood."""
        return super().qs if self.form.is_valid() or not self.is_bound else self.queryset.none()

    def matching(self, changes, name, words):
        texts = {"old": Cast("before", TextField()), "new": Cast("after", TextField())}
        found = Q(object__icontains=words) | Q(old__icontains=words) | Q(new__icontains=words)
        return changes.alias(**texts).filter(found)

    def from_day(self, changes, name, day):
        return changes.filter(at__gte=datetime.combine(day, time.min, UTC))

    def to_day(self, changes, name, day):
        return changes.filter(at__lt=datetime.combine(day, time.min, UTC) + timedelta(days=1))


class ChangeFilter(HistoryFilter):
    """The same over all systems."""

    system = django_filters.CharFilter(max_length=80, label="Short name of a system")
    object = django_filters.CharFilter(max_length=200, label="Name of the thing")
