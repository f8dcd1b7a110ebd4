import signal
import threading

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from mlops_portal.demo.calendar import DAYS_OF_PAST
from mlops_portal.demo.places import demo_folder
from mlops_portal.demo.running import run
from mlops_portal.startup.embedded import kept_secret

PASSWORD_FILE = "demo-password"  # noqa: S105  the name of the file


class Command(BaseCommand):
    help = "Fill the portal with a small invented organisation, work through its past, and let it live until Ctrl-C."

    def add_arguments(self, parser):
        parser.add_argument(
            "--days", type=int, default=DAYS_OF_PAST, help="days of past, at the first start (default: %(default)s)"
        )
        parser.add_argument("--once", action="store_true", help="end when the past is done")

    def handle(self, *, days, once, **options):
        path = settings.DATA_DIR / PASSWORD_FILE
        stop = threading.Event()
        if threading.current_thread() is threading.main_thread() and not once:
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, lambda *_: stop.set())
        folder, password = demo_folder(settings.DATA_DIR), kept_secret(path, size=9)
        for line in run(folder, password, days=days, once=once, clock=timezone.now, stop=stop):
            self.stdout.write(line)
            self.stdout.flush()
            if stop.is_set():
                return
        self.stdout.write(f"The password of each is in {path}")
