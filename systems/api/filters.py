"""What the lists of people, notices and changes can be asked for; systems have theirs in systems/filters.py."""

import django_filters
from django.db.models import Q

from mlops_portal.engine.models import Change
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


class ChangeFilter(django_filters.FilterSet):
    by = django_filters.CharFilter(max_length=150)
    system = django_filters.CharFilter(max_length=80)
    kind = django_filters.CharFilter(max_length=40)
    object = django_filters.CharFilter(max_length=200)
    verb = django_filters.CharFilter(max_length=40)
    door = django_filters.ChoiceFilter(choices=Change.Door)

    class Meta:
        model = Change
        fields: list[str] = []
