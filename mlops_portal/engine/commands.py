"""What every command of the portal has in common."""

from django.core.management.base import BaseCommand, CommandError
from django.db import InterfaceError, OperationalError, ProgrammingError

NOT_THERE = "The database does not answer: start `python3 manage.py up` first, and leave it running."
NO_TABLES = "The database has no tables yet: start `python3 manage.py up` first, or run `python3 manage.py migrate`."


class PortalCommand(BaseCommand):
    """A command that needs the database, and says in one sentence when that is not there."""

    def execute(self, *args, **options):
        try:
            return super().execute(*args, **options)
        except (OperationalError, InterfaceError):
            raise CommandError(NOT_THERE) from None
        except ProgrammingError as error:
            if getattr(error.__cause__, "sqlstate", None) == "42P01":  # no such table
                raise CommandError(NO_TABLES) from None
            raise
