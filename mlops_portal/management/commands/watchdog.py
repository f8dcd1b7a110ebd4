import signal
import threading

from django.core.management.base import BaseCommand

from mlops_portal.watchdog import watch


class Command(BaseCommand):
    help = "Watch the portal's own duties from outside Celery; open an incident and tell people when they are late."

    def handle(self, **options):
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        watch(stop)
