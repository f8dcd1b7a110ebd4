import sys

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.db import transaction

from mlops_portal.engine.commands import PortalCommand
from systems.actions.people import LastAdministrator, save_person, set_password, sign_in_link
from systems.models import Group, Person, Team


class Command(PortalCommand):
    help = "Add a person, or bring one up to date; prints a link for signing in, good for one use and one hour."

    def add_arguments(self, parser):
        parser.add_argument("username", metavar="NAME", help="how the person signs in; capitals make no difference")
        parser.add_argument(
            "--group",
            action="append",
            metavar="GROUP",
            help=f"may be given again, replaces the present ones: {', '.join(Group.values)} (default for a new person: "
            "viewer)",
        )
        parser.add_argument("--team", metavar="TEAM", help="the short name of a team to join")
        parser.add_argument("--name", default="", help="the name that others read")
        parser.add_argument("--email", default="", help="where notices go")
        parser.add_argument("--service", action="store_true", help="a program: no password, no link, only tokens")
        parser.add_argument("--password-stdin", action="store_true", help="read the password from standard input")

    @transaction.atomic
    def handle(self, *, username, group, team, password_stdin, **facts):
        standing = Person.objects.filter(username__iexact=username).first()
        _refuse_nonsense(standing, facts["service"], password_stdin)
        groups = _groups(group) if group or standing else [Group.VIEWER]
        kept = {key: facts[key] for key in ("name", "email", "service")}
        try:
            person = save_person(username=username, groups=groups, team=_team(team), by=None, **kept)
            if password_stdin:
                _set_password(person, sys.stdin.readline().rstrip("\r\n"))
        except ValidationError as error:
            raise CommandError(_sentence(error)) from None
        except LastAdministrator as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"{'Updated' if standing else 'Added'} {person.username}.")
        if not person.service and not password_stdin:
            self.stdout.write(f"To sign in, once and within an hour:\n{sign_in_link(person, settings.BASE_URL)}")


def _refuse_nonsense(standing: Person | None, service: bool, password_stdin: bool) -> None:
    if standing and not standing.is_active:
        raise CommandError(f"{standing.username} was deactivated: an administrator lets them in again under Settings.")
    if password_stdin and (service or (standing and standing.service)):
        raise CommandError("A program has no password: give it a token with `python3 manage.py token`.")


def _groups(given: list[str] | None) -> list[str] | None:
    if unknown := [group for group in given or () if group not in Group.values]:
        raise CommandError(f"There is no group {unknown[0]}; the groups are {', '.join(Group.values)}.")
    return given


def _team(slug: str | None) -> Team | None:
    team = Team.objects.filter(slug=slug).first() if slug else None
    if slug and team is None:
        known = ", ".join(Team.objects.values_list("slug", flat=True)) or "none yet"
        raise CommandError(f"There is no team {slug}; the teams are: {known}.")
    return team


def _set_password(person: Person, password: str) -> None:
    validate_password(password, person)
    set_password(person=person, password=password, by=None)


def _sentence(error: ValidationError) -> str:
    """Return what is wrong in one line, with the field where there is one."""
    if not hasattr(error, "error_dict"):
        return " ".join(error.messages)
    return " ".join(f"{field}: {' '.join(texts)}" for field, texts in error.message_dict.items())
