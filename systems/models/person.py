"""People: who signs in, and which groups say what they may do."""

from datetime import datetime

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.validators import ASCIIUsernameValidator
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from systems.models.face import initials_of


class Group(models.TextChoices):
    """What a person may do (systems/access.py holds the rules). Everybody signed in may read."""

    VIEWER = "viewer"
    DATA_SCIENTIST = "data_scientist"
    ON_CALL = "on_call"
    MANAGER = "manager"
    ADMINISTRATOR = "administrator"


class PersonQuerySet(models.QuerySet):
    def active(self):
        return self.filter(is_active=True)

    def may_answer(self, at: datetime):
        """Those who can hold a role at the moment: people, not programs, who may sign in and have not left."""
        return self.active().filter(Q(until=None) | Q(until__gt=at), service=False)

    def in_group(self, group: str):
        return self.filter(groups__contains=[group])


class PersonManager(BaseUserManager.from_queryset(PersonQuerySet)):
    def get_by_natural_key(self, username):
        return self.get(username__iexact=username)


class Person(AbstractBaseUser):
    """Somebody, or with `service` some program, that signs in and can be named as responsible."""

    username = models.CharField(max_length=60, validators=[ASCIIUsernameValidator()])
    name = models.CharField(max_length=120, blank=True)
    email = models.EmailField(blank=True)
    groups = ArrayField(models.CharField(max_length=20, choices=Group), default=list, blank=True)
    service = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    until = models.DateTimeField(null=True, blank=True)  # when they leave, where that is known
    time_zone = models.CharField(max_length=60, default="UTC")
    joined_at = models.DateTimeField(auto_now_add=True)
    version = models.PositiveIntegerField(default=1)

    objects = PersonManager()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["email"]

    class Meta:
        ordering = ["username"]
        constraints = [
            models.UniqueConstraint(Lower("username"), name="person_username_once"),
            models.CheckConstraint(condition=Q(groups__contained_by=Group.values), name="person_groups_known"),
        ]

    def __str__(self):
        return self.name or self.username

    @property
    def sees_every_system(self) -> bool:
        """Whether no system is hidden from the person, however restricted."""
        return self.is_in(Group.MANAGER)

    def is_in(self, *groups: str) -> bool:
        """Whether the person is in any of the groups."""
        return not set(groups).isdisjoint(self.groups)

    def may_answer(self, at: datetime) -> bool:
        """Whether the person can hold a role at the moment; PersonQuerySet.may_answer() for one."""
        return self.is_active and not self.service and (self.until is None or self.until > at)

    @property
    def group_words(self) -> str:
        """The person's groups as read by people; whoever has none may read."""
        return ", ".join(Group(group).label.lower() for group in self.groups) or "read only"

    @property
    def initials(self) -> str:
        return initials_of(str(self))
