from datetime import datetime, timedelta

from django.core.management.base import CommandError
from django.utils import timezone
from django.utils.dateparse import parse_date

from mlops_portal.engine.commands import PortalCommand
from systems.models import Person, Scope
from systems.tokens import make_token


class Command(PortalCommand):
    help = "Make an access token for USER and print it, and nothing else, on standard output; it is shown only now."

    def add_arguments(self, parser):
        parser.add_argument("user", metavar="USER", help="whose token it is; it can never do more than this person")
        parser.add_argument(
            "--scope",
            action="append",
            metavar="SCOPE",
            help=f"what it is for, may be given again: {', '.join(Scope.values)} (default: read)",
        )
        parser.add_argument("--expires", metavar="WHEN", help="days from now, or the last day as YYYY-MM-DD")
        parser.add_argument("--name", default="", help="what uses it, to know it again in the list")

    def handle(self, *, user, scope, expires, name, **options):
        person = Person.objects.filter(username__iexact=user).first()
        if person is None:
            raise CommandError(f"There is no person {user}: add one with `python3 manage.py person {user}`.")
        if not person.is_active:
            raise CommandError(f"{person.username} may no longer sign in, so no token of theirs would work.")
        scopes = list(dict.fromkeys(scope or [Scope.READ]))
        if unknown := [one for one in scopes if one not in Scope.values]:
            raise CommandError(f"There is no scope {unknown[0]}; the scopes are {', '.join(Scope.values)}.")
        if len(name) > 80:
            raise CommandError("The name has more than 80 characters.")
        _, text = make_token(person=person, scopes=scopes, by=None, name=name, expires_at=_moment(expires))
        self.stdout.write(text)


def _moment(expires: str | None) -> datetime | None:
    """Return when a token with --expires `expires` ends; None for never. Raises CommandError for what is neither."""
    if expires is None:
        return None
    try:
        if expires.isdecimal():
            at = timezone.now() + timedelta(days=int(expires))
        else:
            at = datetime.combine(parse_date(expires), datetime.min.time(), timezone.get_current_timezone())
            at += timedelta(days=1)  # the day that is named is the last one
    except (ValueError, TypeError, OverflowError):
        raise CommandError(f"--expires takes a number of days or a day as YYYY-MM-DD, not {expires}.") from None
    if at <= timezone.now():
        raise CommandError(f"--expires {expires} has passed already.")
    return at
