from django.core.management.base import BaseCommand, CommandError

from mlops_portal.startup.embedded import data_folder
from mlops_portal.startup.portal import Portal
from mlops_portal.startup.postgres import DatabaseNotStarted
from mlops_portal.startup.preparation import CannotStart


class Command(BaseCommand):
    help = "Start the whole portal on this machine, and keep it running until Ctrl-C."
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
        parser.add_argument("--port", type=int, default=8000, help="port to listen on (default: %(default)s)")
        parser.add_argument("--no-demo", action="store_true", help="start empty, without the demo world")

    def handle(self, *, host, port, no_demo, **options):
        try:
            Portal(host, port, not no_demo, data_folder()).run()
        except (CannotStart, DatabaseNotStarted) as reason:
            raise CommandError(str(reason)) from None
        except OSError as error:
            raise CommandError(f"Cannot start: {error}") from None
