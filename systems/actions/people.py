"""People, teams, and the first administrator."""

from collections.abc import Sequence
from datetime import datetime

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone

from mlops_portal.engine.audit import differences, record
from mlops_portal.engine.versions import locked
from systems.actions.holdings import recheck_held_by
from systems.actions.ownership import assign_role
from systems.models import Group, Holding, Membership, Person, Role, System, Team

PORTAL_ROLES = (Role.PRODUCT_OWNER, Role.SERVICE_OWNER, Role.OPERATIONS_OWNER)
ADMINISTRATORS = "administrators"  # the team that owns the system `portal`


@transaction.atomic
def save_person(
    *,
    username: str,
    by,
    groups: Sequence[str] | None = None,
    name="",
    email="",
    team: Team | None = None,
    service=False,
) -> Person:
    """Make the person, or bring an existing one up to date, and return it; it has no usable password when new.

    Raises ValidationError, or LastAdministrator when no administrator would be left.
    """
    person = Person.objects.filter(username__iexact=username).first()
    verb = "edited" if person else "added"
    person = person or Person(username=username)
    before = _facts(person)
    person.name, person.email = name or person.name, email or person.email
    person.service = service or person.service
    person.groups = sorted(set(groups)) if groups is not None else person.groups
    if not person.pk:
        person.set_unusable_password()
    person.full_clean(exclude=["password"])
    person.save()
    _refuse_without_administrator(before, person)
    if team:
        Membership.objects.get_or_create(person=person, team=team)
    _keep_administrators_team(person)
    record(by=by, verb=verb, kind="person", object=person.username, after=_facts(person))
    return person


class LastAdministrator(Exception):
    """Nobody would be left who can let people in."""


@transaction.atomic
def add_person(*, username: str, by, team: Team | None = None, **facts) -> Person:
    """Make a person without a password and return it. Raises IntegrityError when the username is taken."""
    person = Person(username=username, **facts)
    person.groups = sorted(set(person.groups))
    person.set_unusable_password()
    person.save()
    if team:
        Membership.objects.create(person=person, team=team)
    _keep_administrators_team(person)
    record(by=by, verb="added", kind="person", object=person.username, after=_facts(person))
    return person


@transaction.atomic
def edit_person(
    *,
    person: Person,
    by,
    at: datetime | None = None,
    seen: int | None = None,
    is_active: bool | None = None,
    **facts,
) -> Person:
    """Change `facts` (name, email, groups, until), let the person in or out by `is_active`; return the person.

    It is done at the moment `at` (None: now).
    Raises Stale when `seen` is not the person's version, LastAdministrator when no administrator would be left,
    ValidationError when `until`, the day on which they leave, has passed.
    """
    person = locked(person, seen)
    before = _facts(person)
    _refuse_past_end(person, facts.get("until"))
    for field, value in facts.items():
        setattr(person, field, sorted(set(value)) if field == "groups" else value)
    was_active, person.is_active = person.is_active, person.is_active if is_active is None else is_active
    old, new = differences(before, _facts(person))
    if not new:
        return person
    person.version += 1
    person.save()
    _refuse_without_administrator(before, person)
    _keep_administrators_team(person)
    record(by=by, verb="edited", kind="person", object=person.username, before=old, after=new)
    if was_active and not person.is_active:
        deactivate_person(person=person, by=by, at=at)
    elif "until" in new or "active" in new:
        recheck_held_by(person, at=at or timezone.now())
    return person


def _refuse_past_end(person: Person, until: datetime | None) -> None:
    if until and until != person.until and until <= timezone.now():
        raise ValidationError({"until": ["This day has passed: deactivate the person, or give a day to come."]})


def _refuse_without_administrator(before: dict, person: Person) -> None:
    """Two administrators who leave at once wait for each other here, and the second one stays."""
    list(Person.objects.in_group(Group.ADMINISTRATOR).select_for_update().order_by("pk"))
    was_one = Group.ADMINISTRATOR in before["groups"] and before["active"]
    if was_one and not Person.objects.active().in_group(Group.ADMINISTRATOR).exists():
        raise LastAdministrator(f"{person.username} is the last administrator: name another one first.")


def _facts(person: Person) -> dict:
    facts = {"name": person.name, "email": person.email, "groups": person.groups}
    return facts | {
        "service": person.service,
        "active": person.is_active,
        "time_zone": person.time_zone,
        "until": person.until and person.until.isoformat(),
    }


def _keep_administrators_team(person: Person) -> None:
    team, _ = Team.objects.get_or_create(slug=ADMINISTRATORS, defaults={"name": "Portal administrators"})
    if person.is_in(Group.ADMINISTRATOR):
        Membership.objects.get_or_create(person=person, team=team)
        _answer_for_the_portal(person)
    else:
        Membership.objects.filter(person=person, team=team).delete()


def _answer_for_the_portal(person: Person) -> None:
    """The first administrator answers for the portal itself until somebody else is named."""
    portal = System.objects.filter(slug="portal").first()
    for role in PORTAL_ROLES:
        if portal and not Holding.objects.current().filter(system=portal, role=role).exists():
            assign_role(system=portal, role=role, person=person, by=None, at=timezone.now())


@transaction.atomic
def deactivate_person(*, person: Person, by, at: datetime | None = None) -> None:
    """End the person's access at once: sign-in, sessions and tokens; what they hold is a gap from `at` on."""
    Person.objects.filter(pk=person.pk).update(is_active=False)
    person.tokens.filter(revoked_at=None).update(revoked_at=Now())
    _end_sessions(person)
    record(by=by, verb="deactivated", kind="person", object=person.username)
    recheck_held_by(person, at=at or timezone.now())


def _end_sessions(person: Person) -> None:
    for session in Session.objects.iterator():
        if session.get_decoded().get("_auth_user_id") == str(person.pk):
            session.delete()


@transaction.atomic
def set_password(*, person: Person, password: str, by) -> None:
    """Give the person a password, which has been validated; it ends all sessions of theirs."""
    person.set_password(password)
    person.save(update_fields=["password"])
    record(by=by, verb="set_the_password_of", kind="person", object=person.username)


def sign_in_link(person: Person, base_url: str) -> str:
    """Return a link by which the person sets a password; good for one use and one hour."""
    key = default_token_generator.make_token(person)
    path = reverse("account_reset_password_from_key", kwargs={"uidb36": user_pk_to_url_str(person), "key": key})
    return base_url.rstrip("/") + path


def first_administrator_link(base_url: str) -> str | None:
    """Return a sign-in link for the first administrator, or None when one has already signed in.

    The account `admin` is made when there is no administrator yet; it has no password until the link is used.
    """
    administrators = Person.objects.active().in_group(Group.ADMINISTRATOR)
    if any(person.has_usable_password() for person in administrators):
        return None
    groups = [Group.ADMINISTRATOR, Group.MANAGER, Group.DATA_SCIENTIST, Group.ON_CALL]
    admin = administrators.first() or save_person(username="admin", name="Administrator", by=None, groups=groups)
    return sign_in_link(admin, base_url)
